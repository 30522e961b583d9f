"""How the code is kept: no copies, no circles of imports, no file or folder that is too large."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import grimp
import pytest

import further

SOURCE = Path(further.__file__).parent
PROJECT = Path(__file__).parents[1]
FILES = sorted(SOURCE.rglob("*.py"))
EQUAL_LINES, LINES_OF_A_FILE, FILES_OF_A_FOLDER = 15, 450, 25


def statements(text: str) -> list[tuple[int, str]]:
    """Return the numbered lines of a file, but for blank ones and those that import."""
    nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import | ast.ImportFrom)]
    left_out = {line for node in nodes for line in range(node.lineno, node.end_lineno + 1)}
    lines = [(i, line.strip()) for i, line in enumerate(text.splitlines(), 1)]
    return [(i, line) for i, line in lines if line and i not in left_out]


def copies(texts: dict[str, str]) -> list[list[tuple[str, int]]]:
    """Return where runs of equal lines begin that stand in two places."""
    places = defaultdict(list)
    for name, text in texts.items():
        lines = statements(text)
        for first in range(len(lines) - EQUAL_LINES + 1):
            run = tuple(line for _, line in lines[first : first + EQUAL_LINES])
            places[run].append((name, lines[first][0]))
    return [found for found in places.values() if len(found) > 1]


def circles(imports: dict[str, set[str]]) -> list[set[str]]:
    """Return the sets of modules that import each other, by way of others too."""
    reached = {}
    for module in imports:
        found, ahead = set(), [module]
        while ahead:
            new = imports[ahead.pop()] - found
            found |= new
            ahead += new
        reached[module] = found
    rings = {
        frozenset(other for other in reached[module] if module in reached[other])
        for module in imports
        if module in reached[module]
    }
    return [set(ring) for ring in rings]


def test_no_run_of_equal_lines_stands_in_two_places() -> None:
    assert copies({str(file.relative_to(SOURCE)): file.read_text() for file in FILES}) == []


def test_a_copy_is_found() -> None:
    text = "\n\n".join(f"line_{i}" for i in range(EQUAL_LINES))
    assert copies({"a": text, "b": f"import a\n{text}"}) == [[("a", 1), ("b", 2)]]
    assert copies({"a": text, "b": text.replace("line_3", "other")}) == []


def test_no_modules_import_each_other_not_even_late() -> None:
    # What is imported for types only is not imported when the code runs.
    graph = grimp.build_graph("further", cache_dir=None, exclude_type_checking_imports=True)
    imports = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    assert circles(imports) == []


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [{"b", "c"}]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_file_is_too_long() -> None:
    lengths = {file.name: len(file.read_text().splitlines()) for file in FILES}
    assert {name: n for name, n in lengths.items() if n > LINES_OF_A_FILE} == {}


def test_no_folder_has_too_many_files() -> None:
    folders = {file.parent for file in FILES}
    found = {f.name: sum(p.suffix in (".py", ".pyi") for p in f.iterdir()) for f in folders}
    assert {name: n for name, n in found.items() if n > FILES_OF_A_FOLDER} == {}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_files_that_are_named_exist(page: str) -> None:
    text = (PROJECT / page).read_text(encoding="utf-8")
    named = set(
        re.findall(r"`([\w./]+\.(?:py|js|md|json))`", re.sub("```.*?```", "", text, flags=re.S))
    )
    there = [f"/{path.relative_to(PROJECT)}" for path in PROJECT.glob("[!.]*/**/*.*")]
    of_a_run = {"run.json", "model.json", "evaluation.json", "preparation.json"}
    missing = {name for name in named - of_a_run if not any(p.endswith(f"/{name}") for p in there)}
    assert missing == set()


def imported(text: str) -> set[str]:
    """Return the full names of what a file imports, late imports included."""
    nodes = list(ast.walk(ast.parse(text)))
    plain = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return plain | {
        f"{node.module}.{name.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


def test_private_names_of_scikit_learn_stand_in_one_file() -> None:
    found = {
        file.name
        for file in FILES
        for name in imported(file.read_text())
        if name.startswith("sklearn.") and "._" in name
    }
    assert found == {"_sklearn.py"}
