r"""k-means to be played in the page, one half-step at a time, on a sample of the rows.

Each row :math:`x_i` takes the nearest centroid, :math:`a_i = \arg\min_j \lVert x_i - c_j
\rVert^2`, then each centroid moves to the mean of its rows; neither can raise the inertia
:math:`\sum_i \lVert x_i - c_{a_i} \rVert^2`, so it ends. ``kmeans.js`` computes it, with every
principal component that the run recorded; ``kmeans_player.js`` draws the first two.
"""

from __future__ import annotations

from further.report.chart import folded_table
from further.report.clustering.choice import chosen_k
from further.report.markup import Markup, join, json_script, tag
from further.report.numbers import as_number, share, significant
from further.report.run_folder import RunFolder, mapping, numbers, sentences, whole
from further.report.shell import withheld

_MOST_ROWS = 400
_MOST_K = 10
# Where there is no structure to show, three centroids show that k-means cuts all the same.
_WITHOUT_STRUCTURE = 3


def player(run: RunFolder, training_examples: bool) -> Markup | None:
    """Put the player in the page; it plays on rows, so a page to be shared is without it.

    Parameters
    ----------
    run : RunFolder
        The run.
    training_examples : bool
        Whether rows of the training set may be drawn.

    Returns
    -------
    Markup or None
        None where the run has no rows to play on.
    """
    found = mapping(run.evaluation.get("steps"))
    scores = [
        row
        for item in (found.get("scores") or [])[:_MOST_ROWS]
        if (row := numbers(item)) and None not in row
    ]
    width = min((len(row) for row in scores), default=0)
    if len(scores) < 2 or not width:
        return None
    if not training_examples:
        return withheld()
    k = whole(found.get("k")) or chosen_k(run) or _WITHOUT_STRUCTURE
    k = k if k > 1 else _WITHOUT_STRUCTURE
    axes = [str(axis) for axis in sentences(found.get("axes"))][:2]
    spec = {
        "scores": [row[:width] for row in scores],
        "k": max(1, min(k, _MOST_K, len(scores))),
        "most": min(_MOST_K, len(scores)),
        "axes": axes,
    }
    lead = tag(
        "p",
        "Every row takes the nearest centroid; every centroid moves to the mean of its rows; and "
        "so on, until no row changes cluster. Another initialisation can end elsewhere: try "
        "several, and compare the inertia. ",
        _told(found, len(scores), width),
        class_="lead",
    )
    head = ("Row", *(f"Component {place + 1}" for place in range(width)))
    body = [(place, *(significant(x) for x in row[:width])) for place, row in enumerate(scores)]
    return join(
        (
            lead,
            tag(
                "figure",
                tag(
                    "div",
                    tag("p", "Playing needs JavaScript.", class_="note"),
                    class_="player",
                    data_kmeans=True,
                ),
                json_script(spec),
                folded_table("The rows that are shown", head, body),
                class_="kmeans",
            ),
        )
    )


def _told(found: object, n: int, width: int) -> str:
    """Say which rows are played on, and how distances between them are measured."""
    steps = mapping(found)
    note = str(steps.get("note") or "").strip()
    kept = as_number(steps.get("share"))
    if not note:
        kept_share = f", which keep {share(kept)} of the variance" if kept is not None else ""
        components = "component" if width == 1 else "components"
        note = f"{n:,} rows in {width} principal {components}{kept_share}."
    if width > 2:
        note += f" Distances are measured in all {width}, and drawn in the first two."
    return note
