"""Every number opens the rows that it is made of: one mechanism for all pages.

A page holds the rows once (:func:`row_store`); whatever is counted or drawn names those behind it
by their places (:func:`opens`, or ``row`` and ``rows`` of a mark in a chart). A click, or Enter on
it, shows them in a dialog that Escape closes. A row may be of pictures: tiles of a sheet that the
page holds. In a page that is made to be shared there are no rows, and a number is a number.
"""

from __future__ import annotations

from collections.abc import Sequence

from further.report.chart import columns
from further.report.markup import Markup, json_script, tag

#: Rows behind one number that are named in the page at most.
MOST_NAMED = 200


def row_store(
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    told: str,
    sheet: Markup | None = None,
) -> Markup:
    """Put the rows in the page that its numbers are made of.

    Parameters
    ----------
    head : sequence of str
        Headings of the columns; where the first is "pictures", the second is "what".
    rows : sequence of sequence
        The cells of each row, texts and numbers; "pictures" holds a list of pairs, the name of a
        sheet and the number of a tile.
    told : str
        What the rows are, in a sentence.
    sheet : Markup, optional
        A sheet of pictures that the page shows nowhere else.

    Returns
    -------
    Markup
        A dialog that is closed, with the rows beside it.
    """
    return tag(
        "div",
        tag(
            "dialog",
            tag(
                "form",
                tag("h2", "Rows", class_="title"),
                tag("button", "Close", value="close"),
                method="dialog",
            ),
            tag("p", told, class_="note"),
            tag("div", class_="scroll", tabindex="0", role="region", aria_label="Rows"),
            aria_label="Rows behind a number",
        ),
        json_script({"head": list(head), "data": columns(head, rows)}),
        tag("div", sheet, hidden=True) if sheet else None,
        class_="row-store",
    )


def opens(
    text: object,
    rows: Sequence[int],
    title: str,
    *,
    shown: bool = True,
    count: int | None = None,
    spoken: str = "",
) -> Markup:
    """Write a number that opens its rows.

    Parameters
    ----------
    text : object
        The number as it is written.
    rows : sequence of int
        Places in the store.
    title : str
        What the rows have in common.
    shown : bool, default=True
        Whether the page has a store.
    count : int, optional
        How many there are, where the page holds only some of them.
    spoken : str, optional
        The number for whoever cannot see it, where it is written as more than a text.

    Returns
    -------
    Markup
        A button, or the text alone where there is nothing to open.
    """
    if not shown or not len(rows):
        return tag("span", text)
    named = ",".join(str(int(row)) for row in list(rows)[:MOST_NAMED])
    return tag(
        "button", text, class_="opens", type="button", data_rows=named,
        data_count=len(rows) if count is None else count, data_title=title,
        aria_label=f"{spoken or text}: show {title}",
    )  # fmt: skip


def opens_bar(text: object, bar: int) -> Markup:
    """Write a number that opens what a mark of the chart above it does.

    Parameters
    ----------
    text : object
        The number as it is written.
    bar : int
        Which mark, from 0 on.

    Returns
    -------
    Markup
        A button.
    """
    return tag("button", text, class_="opens", type="button", data_bar=bar)
