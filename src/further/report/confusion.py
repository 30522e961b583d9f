"""A confusion matrix whose counts open what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from further.report.chart import scrolling
from further.report.markup import Markup, tag
from further.report.rows import opens


class Behind(NamedTuple):
    """What a count opens.

    Places in the store of the page, what they have in common, and of how many they are some.
    """

    rows: Sequence[int]
    title: str
    of: int | None = None


def confusion_table(
    names: Sequence[str],
    counts: NDArray[np.integer[Any]],
    behind: Callable[[int, int], Behind],
    *,
    label: str,
    background: bool = False,
    write: Callable[[int, float], str] = lambda count, share: f"{count:,}",
) -> Markup:
    """Write a confusion matrix; each count opens its rows.

    Parameters
    ----------
    names : sequence of str
        Of rows and columns.
    counts : array of shape (k, k)
        Rows of the true class, columns of the predicted one.
    behind : callable
        What the count of a row and a column opens.
    label : str
        What the table is called for whoever cannot see it.
    background : bool, default=False
        Whether the last row and column are no class: it has no recall, and classes have a
        precision besides.
    write : callable, optional
        How a count and its share of the row are written; default: the count.

    Returns
    -------
    Markup
        A table in a box that scrolls.
    """
    head = tag(
        "tr", tag("th", "true ↓ predicted →", scope="col"),
        *(tag("th", name, scope="col") for name in names), tag("th", "recall", scope="col"),
    )  # fmt: skip
    n_classes = len(names) - background
    body = []
    for i, name in enumerate(names):
        total = int(counts[i].sum())
        cells = []
        for j in range(len(names)):
            share = counts[i, j] / total if total else 0.0
            rows, title, count = behind(i, j)
            written = write(int(counts[i, j]), share)
            # Of the background it is not known how often nothing was found in it.
            empty = background and i == j == n_classes
            cells.append(
                tag(
                    "td",
                    "" if empty else opens(written, rows, title, count=count),
                    class_="right" if i == j and not empty else "wrong",
                    style=f"--share: {share:.3f}",
                )
            )
        recall = f"{counts[i, i] / total:.1%}" if total and i < n_classes else ""
        body.append(tag("tr", tag("th", name, scope="row"), *cells, tag("td", recall)))
    if background:
        said = counts.sum(axis=0)
        shares = [f"{counts[j, j] / said[j]:.1%}" if said[j] else "" for j in range(n_classes)]
        cells = [tag("td", share) for share in (*shares, "", "")]
        body.append(tag("tr", tag("th", "precision", scope="row"), *cells))
    table = tag("table", tag("thead", head), tag("tbody", *body), class_="confusion")
    return scrolling(table, label)
