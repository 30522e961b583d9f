"""What every page shares: its head and policy, the answer first, sections, contents and footer.

A page of one task says what stands in it (`Page`); how that becomes one file that fetches nothing
and runs no script but its own is said here once.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template
from typing import Annotated, NamedTuple

from further.report.markup import Markup, join, tag
from further.report.run_folder import RunFolder, mapping

LIBRARIES = ("vendor/d3.min.js", "vendor/plot.min.js", "charts.js")
STYLES = ("style.css",)
WITHHELD = "Left out on request, so that this page can be shared."
# A heading that is longer than this is split where its reasons begin.
_LONG = 120


class Section(NamedTuple):
    """A part of a page; one without content is left out.

    What links name it by, its title, what it shows, and a sentence below the title.
    """

    anchor: str
    title: str
    content: Markup | None
    lead: object = None

    def html(self) -> Markup:
        """Write it below its title."""
        lead = tag("p", self.lead, class_="lead") if self.lead else None
        return tag("section", tag("h2", self.title), lead, self.content, id=self.anchor)


@dataclass(frozen=True)
class Page:
    """A page as a task describes it."""

    title: Annotated[str, "What the browser's tab is called."]
    kind: Annotated[tuple[str, str], "What kind of report this is, and of what."]
    headline: Annotated[Markup, "The answer."]
    facts: Annotated[Sequence[tuple[str, object]], "The key facts below it, by name."]
    warnings: Annotated[Markup | None, "What limits every figure below."]
    sections: Annotated[Sequence[Section], "In the order in which they are read."]
    footer: Annotated[Markup, "Who made the page."]
    scripts: Annotated[tuple[str, ...], "Files of ``assets`` that are inlined."] = LIBRARIES
    styles: Annotated[tuple[str, ...], "Likewise."] = STYLES

    def html(self) -> str:
        """Write the page as one file."""
        shown = [part for part in self.sections if part.content]
        scripts = [_asset(name).strip() for name in self.scripts]
        # Only the scripts written here may run: even markup smuggled in by data would stay dead.
        hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts)
        links = (tag("a", part.title, href=f"#{part.anchor}") for part in shown)
        contents = tag("nav", *links, aria_label="Contents", class_="contents")
        return Template(_asset("template.html")).substitute(
            title=tag("title", self.title),
            policy="script-src " + " ".join(f"'sha256-{digest}'" for digest in hashes),
            style="".join(_asset(name) for name in self.styles),
            kind=join((tag("b", "further"), *self.kind), " · "),
            headline=self.headline,
            facts=_facts(self.facts),
            warnings=self.warnings or "",
            contents=contents if len(shown) > 3 else "",
            sections=join(part.html() for part in shown),
            footer=self.footer,
            scripts=join(tag("script", Markup(script)) for script in scripts),
        )


@cache
def _asset(name: str) -> str:
    """Read a file of this folder that a page inlines."""
    return files("further.report").joinpath("assets", name).read_text(encoding="utf-8")


def heading(sentence: str) -> Markup:
    """Write the answer, the choice apart from its reasons where it is long."""
    choice, colon, because = sentence.partition(": ")
    if len(sentence) <= _LONG or not because:
        return tag("h1", sentence)
    # What to use is read first; why, in smaller type, after it.
    return tag("h1", f"{choice}{colon}", tag("span", because))


def warning_box(told: Iterable[object]) -> Markup | None:
    """Put warnings in a box; None where there is none."""
    paragraphs = [tag("p", sentence) for sentence in told]
    return tag("aside", *paragraphs, class_="warnings") if paragraphs else None


def withheld(told: str = WITHHELD) -> Markup:
    """Say that something was left out on request."""
    return tag("p", told, class_="withheld")


def unfinished(run: RunFolder) -> list[str]:
    """Warn of a run that was interrupted or failed."""
    status = run.run.get("status")
    is_whole = status not in ("interrupted", "failed")
    return [] if is_whole else [f"This run was {status}; resume it with further resume."]


def data_name(run: RunFolder) -> str:
    """Name the data of a run, or the run where they have no name."""
    return str(run.data.get("name") or run.path.name)


def footer(run: RunFolder) -> Markup:
    """Say who made the page."""
    version = run.evaluation.get("further") or mapping(run.run.get("versions")).get("further-ml")
    made = f"Made by further {version}. " if version else "Made by further. "
    return join((made, "Charts: Observable Plot and D3 (ISC licence). This page fetches nothing."))


def _facts(facts: Sequence[tuple[str, object]]) -> Markup:
    pairs = (tag("div", tag("dt", name), tag("dd", value)) for name, value in facts)
    return tag("dl", *pairs, class_="key-facts")
