"""Pictures of clusters: rows in the plane, on a map, and by how deep they are in their cluster."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from further.evaluate.clustering.choice import Initialisations
from further.evaluate.clustering.description import ProjectionRecord
from further.report.chart import chart, columns
from further.report.clustering.marks import cluster_name, legend
from further.report.clustering.run import ClusterRun
from further.report.estimates import method_of, write_estimate
from further.report.markup import Markup, join, tag
from further.report.numbers import as_number, fixed, share, significant
from further.report.run_folder import mapping
from further.report.shell import WITHHELD, withheld

_MOST_POINTS = 3000
_MOST_LISTED = 400
_MOST_SILHOUETTES = 60
# An outline of fewer points than this shows where the points themselves are.
_LEAST_OUTLINED = 10
_METHODS = {"pca": "principal components", "umap": "UMAP", "tsne": "t-SNE"}
_DATA = "Data of this chart"
_LEFT_OUT = " The rows are left out on request, so that this page can be shared; drawn instead "


class _Point(NamedTuple):
    x: float
    y: float
    cluster: int | None
    row: int
    changing: float | None


class _Centre(NamedTuple):
    """The mean of a cluster in a picture, with the ellipse of two standard deviations."""

    cluster: int
    x: float
    y: float
    long: float
    wide: float
    angle: float
    n: int


def _points(run: ClusterRun, key: str, x: str, y: str) -> list[_Point]:
    """Read points that have both coordinates, at most as many as a page can hold."""
    found = mapping(run.evaluation.get(key))
    read = (found.get(name) for name in (x, y, "cluster", "row", "changing"))
    sides = [[as_number(one) for one in side] if isinstance(side, list) else [] for side in read]
    n = min(len(side) for side in sides[:2])
    every: list[_Point] = []
    for place in range(n):
        a, b, cluster, row, changing = (
            side[place] if place < len(side) else None for side in sides
        )
        if a is not None and b is not None:
            number = None if cluster is None else round(cluster)
            place_or_row = len(every) if row is None else round(row)
            every.append(_Point(a, b, number, place_or_row, changing))
    return every[:: -(-len(every) // _MOST_POINTS)] if every else []


def _clusters(points: Sequence[_Point]) -> list[int]:
    """List the clusters of points in order, noise last."""
    numbered = {point.cluster for point in points if point.cluster is not None}
    return sorted(numbered, key=lambda number: (number < 0, number))


def _coordinates(points: Sequence[_Point]) -> dict[str, list[Any]]:
    return columns(
        ("x", "y", "cluster", "row"),
        [(float(f"{p.x:.5g}"), float(f"{p.y:.5g}"), p.cluster, p.row) for p in points],
    )


def _centres(points: Sequence[_Point], clusters: list[int]) -> list[_Centre]:
    found = []
    for number in clusters:
        own = [point for point in points if point.cluster == number]
        mean_x, mean_y = fmean(p.x for p in own), fmean(p.y for p in own)
        xx = fmean((p.x - mean_x) ** 2 for p in own)
        yy = fmean((p.y - mean_y) ** 2 for p in own)
        xy = fmean((p.x - mean_x) * (p.y - mean_y) for p in own)
        # The axes of the ellipse: eigenvalues and direction of a symmetric 2 x 2 matrix.
        middle, swing = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
        long, wide = (2 * math.sqrt(max(0.0, middle + sign * swing)) for sign in (1, -1))
        angle = math.atan2(2 * xy, xx - yy) / 2
        found.append(_Centre(number, mean_x, mean_y, long, wide, angle, len(own)))
    return found


def _names(centres: Sequence[_Centre]) -> dict[str, list[Any]]:
    """Say where the number of each cluster stands; noise has none."""
    return columns(
        ("cluster", "x", "y"), [(c.cluster, c.x, c.y) for c in centres if c.cluster >= 0]
    )


def _listed(
    points: Sequence[_Point],
    centres: Sequence[_Centre],
    shown: bool,
    write: Callable[[float, float], tuple[str, str]],
) -> dict[str, Any]:
    """List what is drawn, as a chart takes it: rows, or the means of clusters in their place."""
    if not shown:
        means = [("mean", *write(c.x, c.y), cluster_name(c.cluster)) for c in centres]
        return {"rows": means, "summary": _DATA}
    rows = [(p.row, *write(p.x, p.y), cluster_name(p.cluster)) for p in points[:_MOST_LISTED]]
    is_cut = len(rows) < len(points)
    more = f", the first {len(rows):,} rows of {len(points):,}" if is_cut else ""
    return {"rows": rows, "summary": _DATA + more}


def projection(run: ClusterRun) -> Markup | None:
    """Draw the rows in the plane, a colour and a shape for each cluster.

    Where rows are not to be shown, only where each cluster lies is drawn.
    """
    found = run.found.projection or ProjectionRecord()
    points, shown = _points(run, "projection", "x", "y"), run.training_examples
    if not points:
        return None
    clusters = _clusters(points)
    centres = _centres(points, clusters)
    outlined = [centre for centre in centres if centre.n >= _LEAST_OUTLINED]
    axes = found.axes[:2]
    spec = {
        "mark": "clusters",
        "data": _coordinates(points if shown else []),
        "clusters": clusters,
        "axes": axes,
        "centres": _names(outlined),
    }
    method = _METHODS.get(found.method, found.method) or "two dimensions"
    caption = _caption(found, len(points), method)
    if not shown:
        spec["outlines"] = columns(("cluster", "x", "y", "long", "wide", "angle"), outlined)
        caption += (
            f"{_LEFT_OUT}are their means, with ellipses of two standard deviations, for clusters "
            f"of at least {_LEAST_OUTLINED} rows."
        )
    figure = chart(
        spec,
        title=caption,
        description=f"{len(points)} rows in the plane by {method}, marked by cluster: "
        + ", ".join(f"{cluster_name(centre.cluster)} {centre.n}" for centre in centres),
        head=("Row", *(axes if len(axes) == 2 else ("x", "y")), "Cluster"),
        **_listed(points, outlined, shown, lambda x, y: (significant(x), significant(y))),
    )
    return join((legend(clusters), figure))


def _caption(found: ProjectionRecord, n: int, method: str) -> str:
    told = f"By {method}"
    explained = [part for part in found.explained[:2] if part is not None]
    if explained:
        told += (
            f": this plane shows {share(sum(explained))} of the variance, so rows that lie apart "
            "in the rest may overlap here"
            if sum(explained) < 0.995
            else ": this plane shows all of the variance"
        )
    told += "."
    if found.n > n:
        told += f" {n:,} of {found.n:,} rows are drawn."
    return f"{told} {found.note.strip()}" if found.note else told


def changing(run: ClusterRun) -> Markup | None:
    """Draw the rows that other initialisations put elsewhere, the larger the more often."""
    moved = (run.found.initialisations or Initialisations()).changing
    by_row = dict(zip(moved.rows, moved.values, strict=False))
    points = [
        p._replace(changing=(by_row.get(p.row) if p.changing is None else p.changing) or 0.0)
        for p in _points(run, "projection", "x", "y")
    ]
    ordered = sorted((p for p in points if p.changing), key=lambda p: -(p.changing or 0.0))
    if not ordered:
        return None
    if not run.training_examples:
        return withheld(f"Where they lie: {WITHHELD[0].lower()}{WITHHELD[1:]}")
    spec = {
        "mark": "clusters",
        "data": _coordinates(points) | {"size": [round(p.changing or 0.0, 4) for p in points]},
        "clusters": _clusters(points),
        "axes": (run.found.projection or ProjectionRecord()).axes[:2],
        "centres": _names(()),
    }
    return chart(
        spec,
        title=f"Which rows change cluster: {len(ordered):,} of the {len(points):,} drawn here. The "
        "larger and darker, the more initialisations put the row into another cluster than the "
        "best does.",
        description=f"The same rows in the plane; {len(ordered)} of them change cluster between "
        f"initialisations, most of all row {ordered[0].row} in "
        f"{share(ordered[0].changing)} of them.",
        head=("Row", "Cluster", "Share of initialisations that put it elsewhere"),
        rows=[(p.row, cluster_name(p.cluster), share(p.changing)) for p in ordered[:_MOST_LISTED]],
    )


def world(run: ClusterRun) -> Markup | None:
    """Draw coordinates on a grid of degrees that is true to shape at its middle latitude.

    Where rows are not to be shown, only where each cluster lies is drawn.
    """
    points, shown = _points(run, "map", "longitude", "latitude"), run.training_examples
    points = [point for point in points if abs(point.y) <= 90 and abs(point.x) <= 360]
    if not points:
        return None
    west = _western_edge([point.x for point in points])
    # Rounding must not send the westernmost place once round the world.
    points = [p._replace(x=west + (p.x - west + 1e-9) % 360) for p in points]
    clusters = _clusters(points)
    middle = (min(p.y for p in points) + max(p.y for p in points)) / 2
    centres = [item for item in _centres(points, clusters) if item.n >= _LEAST_OUTLINED]
    told = (
        "Equirectangular projection: a grid of degrees, true to shape at "
        f"{fixed(abs(middle), 0)}° {'south' if middle < 0 else 'north'}. There are no coastlines, "
        "since the page fetches nothing."
    )
    if not shown:
        told += f"{_LEFT_OUT}is the mean of each cluster of at least {_LEAST_OUTLINED} rows."
    decimals = 4 if shown else 2

    def write(x: float, y: float) -> tuple[str, str]:
        return fixed(y, decimals), fixed((x + 180) % 360 - 180, decimals)

    figure = chart(
        {
            "mark": "degrees",
            "data": _coordinates(points if shown else []),
            "clusters": clusters,
            "ratio": round(math.cos(math.radians(middle)), 5),
            "centres": _names(centres),
        },
        title=told,
        description=f"{len(points)} places on a grid of longitude and latitude, marked by cluster.",
        head=("Row", "Latitude", "Longitude", "Cluster"),
        **_listed(points, centres, shown, write),
    )
    return join((legend(clusters), figure))


def _western_edge(longitudes: list[float]) -> float:
    """Find the longitude that the map begins at: east of the widest gap on the circle.

    Examples
    --------
    >>> _western_edge([-175.0, 179.0, 150.0])
    150.0
    """
    ordered = sorted({longitude % 360 for longitude in longitudes})
    gaps = [(b - a, b) for a, b in zip(ordered, [*ordered[1:], ordered[0] + 360], strict=True)]
    west = max(gaps)[1] % 360
    return west - 360 if west > 180 else west


def silhouettes(run: ClusterRun) -> Markup | None:
    """Draw the silhouette of every row, sorted within its cluster."""
    found = run.found.silhouette
    if found is None:
        return None
    every = [
        (item, values)
        for item in found.clusters
        if (values := [value for value in item.values if value is not None])
    ]
    if not every:
        return None
    shown = every[:_MOST_SILHOUETTES]
    told = ["Each row's bar: 1 deep in its cluster, 0 between two, below 0 nearer to another"]
    is_known = found.value is not None
    if is_known:
        told.append(f"the mean is {write_estimate(found)}")
    if found.sampled and is_known and found.n:
        told.append(f"measured on a sample of {found.n:,} rows")
    if len(every) > len(shown):
        told.append(f"the first {len(shown)} of {len(every)} clusters are drawn")
    spec = {
        "mark": "silhouettes",
        "clusters": [
            {
                "cluster": item.cluster,
                "n": item.n or len(values),
                "values": [round(value, 3) for value in values],
            }
            for item, values in shown
        ],
        "mean": found.value,
    }
    return chart(
        spec,
        title=tag("span", "; ".join(told) + ".", title=method_of(found) if is_known else None),
        description="Silhouettes by cluster: "
        + ", ".join(
            f"{cluster_name(item.cluster)} {fixed(item.mean, 2)} on average" for item, _ in shown
        ),
        head=("Cluster", "Rows", "Mean", "Below 0", "Lowest", "Highest"),
        rows=[
            (
                cluster_name(item.cluster),
                f"{item.n or len(values):,}",
                fixed(item.mean, 3),
                share(item.negative_share),
                fixed(min(values), 2),
                fixed(max(values), 2),
            )
            for item, values in shown
        ],
    )
