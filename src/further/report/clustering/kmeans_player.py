r"""k-means to be played in the page, one half-step at a time, on a sample of the rows.

Each row :math:`x_i` takes the nearest centroid, :math:`a_i = \arg\min_j \lVert x_i - c_j
\rVert^2`, then each centroid moves to the mean of its rows; neither can raise the inertia
:math:`\sum_i \lVert x_i - c_{a_i} \rVert^2`, so it ends. ``kmeans.js`` computes it, with every
principal component that the run recorded; ``kmeans_player.js`` draws the first two, and
``kmeans_hand.js`` lets a hand move the centroids and paint rows.
"""

from __future__ import annotations

from further.evaluate.clustering.record import Steps
from further.report.chart import folded_table
from further.report.clustering.run import ClusterRun
from further.report.markup import Markup, join, json_script, tag
from further.report.numbers import significant
from further.report.shell import withheld

_MOST_ROWS = 400
_MOST_K = 10
# Where there is no structure to show, three centroids show that k-means cuts all the same.
_WITHOUT_STRUCTURE = 3


def player(run: ClusterRun) -> Markup | None:
    """Put the player in the page; it plays on rows, so a page to be shared is without it."""
    found = run.found.steps or Steps()
    scores = [row for row in found.scores[:_MOST_ROWS] if None not in row]
    width = min((len(row) for row in scores), default=0)
    if len(scores) < 2 or not width:
        return None
    if not run.training_examples:
        return withheld()
    spec = {
        "scores": [row[:width] for row in scores],
        "k": min(found.k if found.k > 1 else _WITHOUT_STRUCTURE, _MOST_K, len(scores)),
        "most": min(_MOST_K, len(scores)),
        "axes": found.axes[:2],
    }
    measured = f" Distances are measured in all {width}, and drawn in the first two."
    lead = tag(
        "p",
        "Every row takes the nearest centroid; every centroid moves to the mean of its rows; and "
        "so on, until no row changes cluster. Another initialisation can end elsewhere: try "
        "several, and compare the inertia. ",
        found.note + measured * (width > 2),
        class_="lead",
    )
    head = ("Row", *(f"Component {place + 1}" for place in range(width)))
    body = [(place, *map(significant, row[:width])) for place, row in enumerate(scores)]
    without = tag("p", "Playing needs JavaScript.", class_="note")
    figure = tag(
        "figure",
        tag("div", without, class_="player", data_kmeans=True),
        json_script(spec),
        folded_table("The rows that are shown", head, body),
        class_="kmeans",
    )
    return join((lead, figure))
