"""A model card: one page on what a model must not be used for, and who is accountable.

The nine fields are those of Mitchell et al. 2019; what stands first is not among them: what the
measurements forbid (:mod:`further.trust.card.rules`), and what was not measured at all.

References
----------
Mitchell, Wu, Zaldivar, Barnes, Vasserman, Hutchinson, Spitzer, Raji and Gebru 2019, "Model cards
for model reporting".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from further.evaluate.typed_json import from_json, to_json
from further.train.files import write_text
from further.train.run import Run
from further.trust.card.fields import CardField, CardFigure, fields_of, not_measured
from further.trust.card.measurements import read_measurements
from further.trust.card.rules import MustNot, must_not

NOBODY = "Nobody has been named as accountable for this model."


@dataclass(frozen=True)
class Said:
    """What a user says of a model; nothing of it can be measured."""

    intended_use: Annotated[str, "What it is meant for."] = ""
    out_of_scope: Annotated[str, "What it is not meant for."] = ""
    accountable: Annotated[str, "Who answers for it."] = ""
    contact: Annotated[str, "How to reach them."] = ""


@dataclass(frozen=True)
class ModelCard:
    """One page on a model."""

    run: Annotated[str, "The folder of the run."]
    model: Annotated[str, "What the model is called."]
    data: Annotated[str, "What the data are called."]
    task: Annotated[str, "What it is for."]
    said: Annotated[Said, "What the user says."]
    must_not: Annotated[tuple[MustNot, ...], "What the measurements forbid."]
    not_measured: Annotated[tuple[str, ...], "What nobody has measured, and what would."]
    fields: Annotated[tuple[CardField, ...], "The nine fields."]

    @property
    def title(self) -> str:
        """What the page is called."""
        return f"What {self.model} on {self.data} must not be used for"

    @property
    def accountable(self) -> str:
        """Who is accountable, in a sentence."""
        if not self.said.accountable:
            return NOBODY
        contact = f" ({self.said.contact})" if self.said.contact else ""
        return f"{self.said.accountable}{contact} is accountable for this model."

    @property
    def forbidden(self) -> tuple[str, ...]:
        """All that it must not be used for: what the user excludes, and what was measured."""
        own = (f"{self.said.out_of_scope} (out of scope)",) if self.said.out_of_scope else ()
        return (*own, *(one.sentence for one in self.must_not))

    def field(self, name: str) -> CardField:
        """Return one of the nine fields by its key."""
        return next(field for field in self.fields if field.name == name)

    def to_json(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        return {"title": self.title, "accountable": self.accountable, **to_json(self)}

    def to_markdown(self) -> str:
        """Write the card as Markdown, to be kept beside the model."""
        lines = [f"# {_plain(self.title)}", "", f"**{_plain(self.accountable)}**", ""]
        lines += [f"- {_plain(sentence)}" for sentence in self.forbidden] or [
            "- Nothing was found."
        ]
        lines += ["", "## Not measured", ""]
        lines += [f"- {_plain(what)}" for what in self.not_measured] or ["- Nothing is missing."]
        for field in self.fields:
            lines += ["", f"## {field.title}", "", *(f"- {_plain(line)}" for line in field.lines)]
            if field.figures:
                lines += ["", *_table(field.figures)]
        rules = dict.fromkeys(f"{one.rule}: {one.threshold}" for one in self.must_not)
        lines += ["", "## When a rule speaks", "", *(f"- {_plain(rule)}" for rule in rules)]
        return "\n".join([*lines, ""])

    def keep(self) -> Path:
        """Write ``card.md`` into the run and what the user says into ``run.json``.

        Returns
        -------
        Path
            The file.
        """
        run = Run(self.run)
        with run.working():
            run.update(card=to_json(self.said))
            return write_text(run.path / "card.md", self.to_markdown())


def card(
    run: str | Path,
    *,
    model: str | None = None,
    intended_use: str | None = None,
    out_of_scope: str | None = None,
    accountable: str | None = None,
    contact: str | None = None,
) -> ModelCard:
    """Return the card of a model: what it must not be used for, and who is accountable.

    When to use: before anybody else gets the model. When it fails: it knows what was measured, and
    lists what was not; what nobody thought of is on neither list, and no rule knows what a mistake
    costs whom.

    Parameters
    ----------
    run : path
        The folder of a finished run.
    model : str, optional
        Of several; default: the one that the run recommends.
    intended_use, out_of_scope : str, optional
        What the model is meant for, and what it is not; what an earlier card said stays.
    accountable, contact : str, optional
        Who answers for it, and how to reach them.

    Returns
    -------
    ModelCard
        ``to_markdown()`` writes it, ``keep()`` writes it into the run.

    Raises
    ------
    RunError
        If the folder is no run, or the run has not finished.
    InputError
        If there is no such model.
    """
    m = read_measurements(run, model)
    earlier = from_json(Said, m.run.get("card"))
    now = {
        "intended_use": intended_use, "out_of_scope": out_of_scope, "accountable": accountable,
        "contact": contact,
    }  # fmt: skip
    said = Said(
        **{name: getattr(earlier, name) if v is None else v.strip() for name, v in now.items()}
    )
    return ModelCard(
        str(m.path), m.label, m.data_name, m.task, said, must_not(m), not_measured(m),
        fields_of(m, said),
    )  # fmt: skip


def _table(figures: Iterable[CardFigure]) -> list[str]:
    rows = ["| figure | value | 95 % interval | control | n |", "|---|---|---|---|---|"]
    for f in figures:
        ends = "–" if f.low is None or f.high is None else f"{f.low:.3g} to {f.high:.3g}"
        cells = [
            _plain(f.label),
            number(f.value),
            ends,
            number(f.control),
            f"{f.n:,}" if f.n else "–",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def number(value: float | None) -> str:
    """Write a figure of a card; a dash where there is none."""
    return "–" if value is None else f"{value:.3g}"


def _plain(text: str) -> str:
    """Write a text so that nothing in it is Markdown or HTML."""
    found = " ".join(str(text).split())
    for character in "\\`*[]<>|#&":
        found = found.replace(character, f"\\{character}")
    return found
