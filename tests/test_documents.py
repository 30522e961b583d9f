"""What the documents name is there, and what they say is so: files, links, options, examples."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest

import further
from contributing import BLOCKS
from further.cli import cluster, data

ROOT = Path(__file__).parent.parent
PAGES = sorted(path for path in ROOT.glob("docs/**/*.md") if "_build" not in path.parts)
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES]
READING, ROAD = ROOT / "docs/reading.md", ROOT / "docs/guide/road.md"
LADDER = ROOT / "docs/guide/ladder.md"
#: Options of commands that read data which decide nothing about how it is read.
OTHER_OPTIONS = {
    "--distance", "--json", "--k", "--k-max", "--method", "--no-training-examples", "--out",
    "--quiet", "--seed", "--sheet", "--training-examples",
}  # fmt: skip


def missing_files(text: str, there: list[str]) -> list[str]:
    """Return the names of modules and scripts in a text that no file in the code ends with."""
    named = re.findall(r"`([a-z][a-z_/]*\.(?:py|js))`", text)
    return sorted({name for name in named if not any(f"/{f}".endswith(f"/{name}") for f in there)})


def test_the_map_names_files_that_there_are() -> None:
    there = [str(file.relative_to(ROOT)) for file in (ROOT / "src").rglob("*.*s*")]
    there += [str(file.relative_to(ROOT)) for file in (ROOT / "src").rglob("*.py")]
    assert missing_files((ROOT / "docs/architecture.md").read_text(), there) == []


def test_a_file_that_is_gone_is_found() -> None:
    assert missing_files("`loop.py`, `train/gone.py`", ["train/loop.py"]) == ["train/gone.py"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = {
        re.split(r"[<>=!~\[ ]", line)[0].replace("-", "_").lower()
        for line in [*project["dependencies"], *(line for extra in extras for line in extra)]
    }
    rows = (ROOT / "docs/dependencies.md").read_text().split("## Considered")[0].splitlines()
    cells = ",".join(row.split("|")[1] for row in rows if row.startswith("|"))
    reasons = {name.strip().replace("-", "_").lower() for name in cells.split(",")}
    assert wanted - reasons == set()
    assert reasons - wanted - {"package", ""} - {"___", "_"} == set()


def test_the_examples_of_how_a_file_is_read_say_what_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```pycon\n(.*?)```", READING.read_text(), re.DOTALL)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "reading.md", None, 0)
    wrong: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    assert runner.run(examples, out=wrong.append).attempted > 20
    assert wrong == []


@pytest.mark.parametrize(("page", "least"), [(ROAD, 10), (LADDER, 8)], ids=["road", "ladder"])
def test_the_examples_of_the_road_and_the_ladder_say_what_stands_there(
    page: Path, least: int
) -> None:
    blocks = re.findall(r"```pycon\n(.*?)```", page.read_text(), re.DOTALL)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page.name, None, 0)
    wrong: list[str] = []
    assert doctest.DocTestRunner().run(examples, out=wrong.append).attempted > least
    assert wrong == []


def test_how_a_file_is_read_names_every_option_that_overrules_a_decision() -> None:
    options = {
        name
        for command in (data.command, cluster.command)
        for option in command.params
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts)
    }
    named = set(re.findall(r"`(--[a-z-]+)", READING.read_text()))
    assert named == options - OTHER_OPTIONS


def test_every_equation_of_the_code_stands_in_the_guide() -> None:
    guide = "\n".join(path.read_text() for path in ROOT.glob("docs/guide/*.md"))
    patterns = re.findall(r"^ +(further\.[\w.*]+)$", guide, re.MULTILINE)
    tasks = re.findall(r"models:: (\w+)", guide)
    patterns += [line.module for task in tasks for line in further.registry.models_for(task)]
    modules = [found.name for found in pkgutil.walk_packages(further.__path__, "further.")]
    with_equations = {
        name for name in modules if ".. math::" in (importlib.import_module(name).__doc__ or "")
    }
    assert {n for n in with_equations if not any(fnmatch(n, p) for p in patterns)} == set()


def test_the_example_that_adds_a_model_is_that_for_contributors() -> None:
    example = (ROOT / "docs/examples/6_add_a_model.py").read_text()
    blocks = dict(reversed(BLOCKS))
    model = blocks["newcomer/independent_normal.py"]
    assert model[model.index("class Normals") :].strip() in example
    assert f"line = {blocks['a line of MODELS in registry.py']}" in example
