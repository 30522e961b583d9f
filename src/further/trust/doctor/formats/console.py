r"""What trainings print: ``loss=0.3``, ``val_loss: 0.4``, ``step 250: train loss 1.2``.

A line is split where a progress bar overwrote itself (``\r``), and only its last state counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, number
from further.trust.doctor.names import meaning

_NUMBER = r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|inf(?:inity)?)"
_EPOCH = re.compile(r"\bepochs?\b\W{0,3}(\d+(?:\.\d+)?)", re.IGNORECASE)
_STEP = re.compile(r"\b(?:global[_ ]step|step|iter(?:ation)?)\b\W{0,3}(\d+)", re.IGNORECASE)
#: A name of words, then "=", ":" or a blank, then a number; also in quotes, as dicts are printed.
_VALUE = re.compile(
    rf"""(?<![\w/.\-])['"]?(?P<name>[A-Za-z][\w/.\-]*(?:[ ](?!=)[A-Za-z][\w/.\-]*){{0,3}})['"]?
    (?:\s*[=:]\s*|\s+)(?P<value>{_NUMBER})(?![\w.]*[\w])(?:(?P<per_cent>\s?%)|\s*/\s*(?P<of>\d+))?""",
    re.VERBOSE | re.IGNORECASE,
)
#: What says of which rows a whole line is, as in "Test set: Average loss: 0.05".
_PART = re.compile(
    r"^\W*(test|val(?:id(?:ation)?)?|eval(?:uation)?)\b(?: set| epoch)?\s*[:|\]]", re.IGNORECASE
)
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_SHOWN = ("loss", "named loss", "metric", "learning rate", "gradient norm", "generator",
          "discriminator", "diversity")  # fmt: skip
_MOST_LINES = 500_000


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Give each state of each line, with the number of the line."""
    for i, line in enumerate(_COLOURS.sub("", text).split("\n")[:_MOST_LINES]):
        for state in line.replace("\b", "\r").split("\r"):
            yield i, state


def _values(line: str) -> dict[str, float]:
    """Return what a line says of losses and metrics, by name."""
    found = {}
    part = _PART.match(line)
    for match in _VALUE.finditer(line):
        name = _plain(match["name"])
        said = meaning(name)
        value = number(match["value"])
        if said.kind not in _SHOWN or value is None:
            continue
        if part is not None and not said.part:
            name = f"{part[1].lower()}_{name}"
        most = 100.0 if match["per_cent"] else float(match["of"] or 1)
        found[name] = value / most if most else value
    return found


def _plain(name: str) -> str:
    """Return a name without the words before it that are no part of it."""
    words = name.replace("-", " ").split()
    kept: list[str] = []
    for word in reversed(words):
        said = meaning(word)
        if kept and not (said.kind or said.part or word.lower() in ("learning", "grad", "cross")):
            break
        kept.insert(0, word)
    return "_".join(kept).lower()


def read_lines(text: str) -> list[dict[str, float]]:
    """Return the rows that a training printed.

    Parameters
    ----------
    text : str
        All that it printed.

    Returns
    -------
    list of dict of float
        A row for each epoch or step of which a loss was printed, the last state of each.

    Examples
    --------
    >>> read_lines("step 250: train loss 1.2, val loss 1.3")
    [{'step': 250.0, 'train_loss': 1.2, 'val_loss': 1.3}]
    """
    rows: list[dict[str, float]] = []
    epoch: float | None = None
    line_of_last = -1
    for number_of_line, line in _lines(text):
        place: dict[str, float] = {}
        if (found := _EPOCH.search(line)) is not None:
            epoch = float(found[1])
        if epoch is not None:
            place["epoch"] = epoch
        if (found := _STEP.search(line)) is not None:
            place["step"] = float(found[1])
        values = _values(line)
        if not values:
            continue
        last = rows[-1] if rows else {}
        is_same = bool(place) and all(last.get(key) == at for key, at in place.items())
        # A bar overwrites itself; what the same epoch prints on another line is new, or one more.
        if is_same and (number_of_line == line_of_last or not set(values) & set(last)):
            last.update(values)
        else:
            rows.append({**place, **values})
        line_of_last = number_of_line
    return rows


def _is_log(source: Source) -> bool:
    return any(
        meaning(name).kind in ("loss", "named loss", "generator")
        for row in read_lines(source.text[:200_000])
        for name in row
    )


def _read(source: Source) -> Logged:
    rows = read_lines(source.text)
    return Logged("a console log", rows, ("Names and epochs are read from printed lines.",))


LAYOUTS = (Layout("a console log", _is_log, _read),)
