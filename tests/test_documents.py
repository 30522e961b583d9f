"""What the documents name is there: files of the code, links, reasons of dependencies."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]


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
