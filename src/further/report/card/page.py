"""The page of a model card: what the model must not be used for first, then the nine fields."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from further.report.chart import data_table
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, significant
from further.report.shell import Page, Section, heading, warning_box
from further.trust.card.fields import CardField, CardFigure
from further.trust.card.model_card import ModelCard

_HEAD = ("Figure", "Value", "95 % interval", "Control", "n")


def write_page(card: ModelCard, path: str | Path | None = None) -> Path:
    """Write the page of a card as one HTML file.

    Parameters
    ----------
    card : ModelCard
        What it says.
    path : path, optional
        The file; default: ``card.html`` in the run.

    Returns
    -------
    Path
        The file, written whole or not at all.
    """
    from further.train.files import write_text

    return write_text(Path(card.run) / "card.html" if path is None else path, page(card).html())


def page(card: ModelCard) -> Page:
    """Describe the page of a card.

    Parameters
    ----------
    card : ModelCard
        What it says.

    Returns
    -------
    Page
        Ready to be written.
    """
    said = card.said
    return Page(
        title=card.title,
        kind=("model card", f"{card.model} on {card.data}"),
        headline=heading(card.title),
        facts=[
            ("Accountable", said.accountable or "nobody"),
            ("Contact", said.contact or MISSING),
            ("Task", card.task or MISSING),
            ("Not measured", f"{len(card.not_measured)}"),
        ],
        warnings=None if said.accountable else warning_box([card.accountable]),
        sections=[
            Section(
                "must-not", "It must not be used for", _list(card.forbidden),
                "From the measurements, by rules that stand at the end of this page.",
            ),
            Section("not-measured", "Not measured", _list(card.not_measured)),
            *(Section(_anchor(field), field.title, _field(field)) for field in card.fields),
            Section("rules", "When a rule speaks", _rules(card)),
        ],
        footer=Markup("Made by further. This page fetches nothing."),
        scripts=(),
    )  # fmt: skip


def _list(lines: Iterable[str]) -> Markup | None:
    items = [tag("li", line) for line in lines]
    return tag("ul", *items) if items else None


def _field(field: CardField) -> Markup:
    table = (
        data_table(_HEAD, map(_row, field.figures), label=field.title) if field.figures else None
    )
    return join((_list(field.lines), table))


def _row(figure: CardFigure) -> tuple[object, ...]:
    ends = (significant(end) for end in (figure.low, figure.high))
    known = figure.low is not None and figure.high is not None
    return (
        figure.label, significant(figure.value), " to ".join(ends) if known else MISSING,
        significant(figure.control), f"{figure.n:,}" if figure.n else MISSING,
    )  # fmt: skip


def _rules(card: ModelCard) -> Markup | None:
    told = dict.fromkeys((one.rule.replace("_", " "), one.threshold) for one in card.must_not)
    rows = [(name, threshold) for name, threshold in told]
    return data_table(("Rule", "It speaks where"), rows, label="Rules") if rows else None


def _anchor(field: CardField) -> str:
    return field.name.replace("_", "-")
