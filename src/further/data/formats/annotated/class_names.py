"""Names of classes in files beside pictures: data.yaml, classes.txt."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

_YAML_NAMES = re.compile(
    r"^names:[ \t]*(\[[^]]*\]|\{[^}]*\}|(?:[ \t]*(?:#[^\n]*)?\n[ \t]*(?:-|\d+:)[^\n]*)+)",
    re.MULTILINE,
)
_ENTRY = re.compile(
    r"""\s*(?:(?P<number>\d+)\s*:\s)?\s*
    (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\n,]*?)\s*(?:\#[^\n]*)?$""",
    re.VERBOSE,
)
_IN_BRACKETS = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,"'])+""")


def yaml_names(file: Path) -> list[str]:
    """Return the classes of a data.yaml: a list in brackets, a line each, or numbered.

    Parameters
    ----------
    file : Path
        Of text.

    Returns
    -------
    list of str
        By number; a number without a name is its own name. Empty where there are none.
    """
    text = file.read_text(encoding="utf-8", errors="replace")
    match = _YAML_NAMES.search(text)
    if match is None:
        return []
    block = match[1].strip()
    if block[:1] in ("[", "{"):
        entries = _IN_BRACKETS.findall(block[1:-1])
    else:
        lines = [line.strip() for line in block.split("\n")]
        entries = [re.sub(r"^-\s*", "", line) for line in lines if not line.startswith("#")]
    named: dict[int, str] = {}
    for entry in entries:
        found = _ENTRY.match(entry)
        if found and (name := _plain(found["text"])):
            named[int(found["number"]) if found["number"] else len(named)] = name
    if max(named, default=0) > 100_000:
        return []
    return [named.get(i, str(i)) for i in range(max(named, default=-1) + 1)]


def _plain(text: str) -> str:
    """Return a scalar of YAML without its quotes."""
    if text[:1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text.strip('"')
    return text[1:-1].replace("''", "'") if text[:1] == "'" else text.strip()


def yaml_of(names: Sequence[str]) -> str:
    """Return the lines of a data.yaml that name classes.

    Parameters
    ----------
    names : sequence of str
        In the order of their numbers.

    Returns
    -------
    str
        Quoted, so that any name comes back.

    Examples
    --------
    >>> print(yaml_of(["cat", "dog: big"]))
    nc: 2
    names:
      0: "cat"
      1: "dog: big"
    """
    lines = [f"  {i}: {json.dumps(name, ensure_ascii=False)}" for i, name in enumerate(names)]
    return "\n".join([f"nc: {len(names)}", "names:", *lines])


def text_names(file: Path) -> list[str]:
    """Return the lines of a classes.txt, a class each."""
    text = file.read_text(encoding="utf-8", errors="replace")
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


def names_beside(folder: Path, files: Sequence[Path]) -> tuple[list[str], Path | None]:
    """Return the names of the classes of a folder, and the file that has them.

    Parameters
    ----------
    folder, files
        The folder, and all files below it.

    Returns
    -------
    names, file
        Of the first data.yaml that has some, else of a classes.txt; otherwise none.
    """
    ordered = sorted(files, key=lambda file: (len(file.parts), file))
    for file in ordered:
        if file.suffix in (".yaml", ".yml") and (names := yaml_names(file)):
            return names, file
    for file in ordered:
        if file.name.lower() == "classes.txt" and (names := text_names(file)):
            return names, file
    return [], None
