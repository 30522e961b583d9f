"""Reads a page as a browser would: what its elements are, and that they nest."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from further.report import render

VOID = {"meta", "img", "br", "hr", "input", "link", "col"}


class Page(HTMLParser):
    """Checks that elements nest and remembers what they are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("script", "style"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def page_of(run: Path, **options: bool) -> Page:
    """Render the page of a run and read it."""
    page = Page(render(run, **options).read_text(encoding="utf-8"))
    assert not page.open
    return page


def read(run: Path) -> dict[str, Any]:
    """Return the evaluation of a run."""
    return json.loads((run / "evaluation.json").read_text(encoding="utf-8"))


def specs_of(run: Path) -> list[dict[str, Any]]:
    """Return the specifications of the charts in the page that was last rendered of a run."""
    source = (run / "report.html").read_text(encoding="utf-8")
    specs = re.findall(r'<script type="application/json">(.*?)</script>', source, flags=re.S)
    # The store of rows, which has a head, is no chart.
    return [found for spec in specs if "head" not in (found := json.loads(spec))]
