"""A chart in the page: a caption, a specification that charts.js draws, and its data as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from further.report.markup import Markup, join, json_script, tag


def chart(
    spec: Mapping[str, Any],
    *,
    description: str,
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    title: object = None,
    class_: str = "chart",
    summary: str = "Data of this chart",
) -> Markup:
    """Put one chart in the page.

    Parameters
    ----------
    spec : mapping
        What charts.js draws: ``mark`` or ``marks``, ``data`` as columns, scales, size.
    description : str
        The chart in words, for whoever cannot see it.
    head, rows : sequence
        The same data as a table, which stands folded below the chart.
    title : object, default=None
        The caption above the chart.
    class_ : str, default="chart"
        Class of the figure.
    summary : str, default="Data of this chart"
        What the folded table is called.

    Returns
    -------
    Markup
        A ``figure`` element.
    """
    return tag(
        "figure",
        tag("figcaption", title) if title is not None else None,
        tag("div", class_="plot", role="img", aria_label=description, data_chart=True),
        json_script(spec),
        folded_table(summary, head, rows),
        class_=class_,
    )


def folded_table(summary: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """Put a table behind a line that opens it.

    Parameters
    ----------
    summary : str
        The line that opens it.
    head : sequence of str
        Headings of the columns.
    rows : iterable of sequence
        The cells.

    Returns
    -------
    Markup
        A ``details`` element.
    """
    return tag("details", tag("summary", summary), data_table(head, rows), class_="data")


def data_table(
    head: Sequence[object],
    rows: Iterable[Sequence[object]],
    class_: str = "",
    label: str = "Table",
) -> Markup:
    """Put a table in the page, in a box that scrolls on its own when it is too wide.

    Parameters
    ----------
    head : sequence
        Headings of the columns.
    rows : iterable of sequence
        The cells of each row, or the row as `Markup`.
    class_ : str, default=""
        Class of the table.
    label : str, default="Table"
        What it is called for whoever cannot see it.

    Returns
    -------
    Markup
        The box.
    """
    header = tag("tr", *(tag("th", name, scope="col") for name in head))
    body = join(
        row if isinstance(row, Markup) else tag("tr", *(tag("td", cell) for cell in row))
        for row in rows
    )
    table = tag("table", tag("thead", header), tag("tbody", body), class_=class_ or None)
    return scrolling(table, label)


def scrolling(table: Markup, label: str) -> Markup:
    """Put a table in a box that scrolls on its own, by keys too, when it is too wide.

    Parameters
    ----------
    table : Markup
        The table.
    label : str
        What the box is called for whoever cannot see it.

    Returns
    -------
    Markup
        The box.
    """
    return tag("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)


def legend(**signs: str) -> Markup:
    """Explain the signs of a chart: class names, spaces as underscores, with their words."""
    explained = (
        tag("span", tag("span", class_=f"key {sign.replace('_', ' ')}"), words)
        for sign, words in signs.items()
    )
    return tag("p", join(explained, " "), class_="legend")


def columns(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> dict[str, list[Any]]:
    """Hold rows by column, which is half the size of rows that repeat their names.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    rows : iterable of sequence
        An item a column each.

    Returns
    -------
    dict
        As ``rows`` of charts.js reads it.
    """
    every = list(rows)
    return {name: [row[place] for row in every] for place, name in enumerate(names)}
