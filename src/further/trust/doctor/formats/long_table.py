"""Tables with a row a value: Aim, Neptune, MLflow and TensorBoard export their metrics so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from further.errors import InputError
from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, by_step, number
from further.trust.doctor.names import meaning

#: Headings, squashed, of the columns of such tables; the first that is there is taken.
_NAMES = ("metricname", "attributepath", "metric", "name", "key", "tag", "attribute")
_VALUES = ("metricvalue", "floatvalue", "value", "values", "lastvalue")
_STEPS = ("metricstep", "step", "steps", "x", "iteration", "epoch")
_RUNS = ("runhash", "runid", "runname", "run", "runuuid", "experiment")
_CONTEXTS = ("metriccontext", "context", "subset", "contextsubset", "metriccontextsubset")


@dataclass(frozen=True)
class _Places:
    value: int
    step: int
    name: int | None
    run: int | None
    context: int | None


def _places(header: list[str]) -> _Places | None:
    squashed = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in header]

    def place(wanted: tuple[str, ...]) -> int | None:
        return next((squashed.index(name) for name in wanted if name in squashed), None)

    value, step, name = place(_VALUES), place(_STEPS), place(_NAMES)
    if value is None or step is None:
        return None
    is_single = name is None and set(squashed) <= {
        *_VALUES, *_STEPS, "walltime", "timestamp", "time", "date", "",
    }  # fmt: skip
    if name is None and not is_single:
        return None
    return _Places(value, step, name, place(_RUNS), place(_CONTEXTS))


def _is_long(source: Source) -> bool:
    return _places(source.header()) is not None


def _read(source: Source) -> Logged:
    places = _places(source.header())
    if places is None:
        raise InputError(f'"{source.path}" has no columns of steps and values.')
    cells = [row for row in source.read_table.cells if len(row) == len(source.header())]
    notes = []
    if places.run is not None:
        runs = list(dict.fromkeys(row[places.run] for row in cells))
        if len(runs) > 1:
            notes.append(f'Of {len(runs)} runs the first is read, "{runs[0]}".')
            cells = [row for row in cells if row[places.run] == runs[0]]
    # A single metric has its name in that of its file.
    alone = source.path.stem
    if places.name is None and meaning(alone).kind == "":
        notes.append(f'The one curve in "{source.path.name}" is taken for the training loss.')
        alone = "loss"
    points = []
    for row in cells:
        step, value = number(row[places.step]), number(row[places.value])
        if step is None or value is None:
            continue
        name = alone if places.name is None else row[places.name].strip()
        context = "" if places.context is None else row[places.context]
        points.append((step, with_context(name, context), value))
    return Logged("a table with a row a value", by_step(points), tuple(notes))


def with_context(name: str, context: str) -> str:
    """Return a metric's name with what its context says, such as ``{"subset": "val"}``.

    Parameters
    ----------
    name, context : str
        As the table has them.

    Returns
    -------
    str
        The name of the column.

    Examples
    --------
    >>> with_context("loss", "{'subset': 'val'}")
    'val_loss'
    """
    words = re.findall(r"[A-Za-z0-9]+", context)
    words = [word for word in words if word.lower() not in ("subset", "none", "nan", "default")]
    return "_".join([*words, name])


LAYOUTS = (Layout("a table with a row a value", _is_long, _read),)
