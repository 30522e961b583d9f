"""Pictures of clusters: rows in the plane, on a map, and by how deep they are in their cluster."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from further.report.chart import chart, columns
from further.report.clustering.marks import cluster_name, legend
from further.report.estimates import method_of, read_estimate, write_estimate
from further.report.markup import Markup, join, tag
from further.report.numbers import as_number, fixed, share, significant
from further.report.run_folder import RunFolder, mapping, numbers, objects, sentences, whole
from further.report.shell import WITHHELD

_MOST_POINTS = 3000
_MOST_LISTED = 400
_MOST_SILHOUETTES = 60
# An outline of fewer points than this shows where the points themselves are.
_LEAST_OUTLINED = 10
METHODS = {"pca": "principal components", "umap": "UMAP", "tsne": "t-SNE"}


def _points(found: Mapping[str, Any], x: str, y: str) -> list[dict[str, Any]]:
    """Read points that have both coordinates, at most as many as a page can hold."""
    xs, ys = numbers(found.get(x)), numbers(found.get(y))
    beside = {key: found.get(key) or [] for key in ("cluster", "row", "changing")}
    every = [
        {"x": a, "y": b}
        | {key: items[place] if place < len(items) else None for key, items in beside.items()}
        for place, (a, b) in enumerate(zip(xs, ys, strict=False))
        if a is not None and b is not None
    ]
    for place, point in enumerate(every):
        point["cluster"] = whole(point["cluster"])
        row = whole(point["row"])
        point["row"] = place if row is None else row
    return every[:: -(-len(every) // _MOST_POINTS)] if every else []


def _clusters(points: Sequence[Mapping[str, Any]]) -> list[int]:
    """List the clusters of points in order, noise last."""
    numbered = {point["cluster"] for point in points if point["cluster"] is not None}
    return sorted(numbered, key=lambda number: (number < 0, number))


def _coordinates(points: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return columns(
        x=[float(f"{point['x']:.5g}") for point in points],
        y=[float(f"{point['y']:.5g}") for point in points],
        cluster=[point["cluster"] for point in points],
        row=[point["row"] for point in points],
    )


def _centres(points: Sequence[Mapping[str, Any]], clusters: list[int]) -> list[tuple[Any, ...]]:
    """Give each cluster's mean in the picture, with the ellipse of two standard deviations."""
    found = []
    for number in clusters:
        own = [point for point in points if point["cluster"] == number]
        mean_x, mean_y = fmean(p["x"] for p in own), fmean(p["y"] for p in own)
        xx = fmean((p["x"] - mean_x) ** 2 for p in own)
        yy = fmean((p["y"] - mean_y) ** 2 for p in own)
        xy = fmean((p["x"] - mean_x) * (p["y"] - mean_y) for p in own)
        # The axes of the ellipse: eigenvalues and direction of a symmetric 2 x 2 matrix.
        middle, swing = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
        long, wide = (2 * math.sqrt(max(0.0, middle + sign * swing)) for sign in (1, -1))
        angle = math.atan2(2 * xy, xx - yy) / 2
        found.append((number, mean_x, mean_y, long, wide, angle, len(own)))
    return found


def projection(run: RunFolder, training_examples: bool) -> Markup | None:
    """Draw the rows in the plane, a colour and a shape for each cluster.

    Parameters
    ----------
    run : RunFolder
        The run.
    training_examples : bool
        Whether each row may be drawn; if not, only where each cluster lies.

    Returns
    -------
    Markup or None
        None where the run has no projection.
    """
    found = mapping(run.evaluation.get("projection"))
    points = _points(found, "x", "y")
    if not points:
        return None
    clusters = _clusters(points)
    centres = _centres(points, clusters)
    outlined = [item for item in centres if item[-1] >= _LEAST_OUTLINED]
    axes = [str(axis) for axis in sentences(found.get("axes"))[:2]]
    spec = {
        "mark": "clusters",
        "data": _coordinates(points if training_examples else []),
        "clusters": clusters,
        "axes": axes,
        "centres": columns(
            cluster=[item[0] for item in outlined if item[0] >= 0],
            x=[item[1] for item in outlined if item[0] >= 0],
            y=[item[2] for item in outlined if item[0] >= 0],
        ),
    }
    if not training_examples:
        spec["outlines"] = columns(
            cluster=[item[0] for item in outlined],
            x=[item[1] for item in outlined],
            y=[item[2] for item in outlined],
            long=[item[3] for item in outlined],
            wide=[item[4] for item in outlined],
            angle=[item[5] for item in outlined],
        )
    method = str(found.get("method") or "two dimensions")
    method = METHODS.get(method, method)
    caption = _caption(found, points, method)
    if not training_examples:
        caption += (
            " The rows are left out on request, so that this page can be shared; drawn instead are "
            "their means, with ellipses of two standard deviations, for clusters of at least "
            f"{_LEAST_OUTLINED} rows."
        )
    listed = points[:_MOST_LISTED] if training_examples else []
    rows: list[Sequence[object]] = [
        (point["row"], significant(point["x"]), significant(point["y"]), _name(point))
        for point in listed
    ]
    if not training_examples:
        rows = [
            ("mean", significant(item[1]), significant(item[2]), cluster_name(item[0]))
            for item in outlined
        ]
    cut = len(points) - len(listed)
    figure = chart(
        spec,
        title=caption,
        description=f"{len(points)} rows in the plane by {method}, marked by cluster: "
        + ", ".join(f"{cluster_name(item[0])} {item[-1]}" for item in centres),
        head=("Row", *(axes if len(axes) == 2 else ("x", "y")), "Cluster"),
        rows=rows,
        summary=f"Data of this chart, the first {len(listed):,} rows of {len(points):,}"
        if training_examples and cut
        else "Data of this chart",
    )
    return join((legend(clusters) if len(clusters) > 1 else None, figure))


def _name(point: Mapping[str, Any]) -> str:
    return cluster_name(point["cluster"])


def _caption(found: Mapping[str, Any], points: Sequence[object], method: str) -> str:
    told = f"By {method}"
    explained = [part for part in numbers(found.get("explained"))[:2] if part is not None]
    if explained:
        told += (
            f": this plane shows {share(sum(explained))} of the variance, so rows that lie apart "
            "in the rest may overlap here"
            if sum(explained) < 0.995
            else ": this plane shows all of the variance"
        )
    told += "."
    n = whole(found.get("n"))
    if n is not None and n > len(points):
        told += f" {len(points):,} of {n:,} rows are drawn."
    if found.get("note"):
        told += f" {str(found['note']).strip()}"
    return told


def changing(run: RunFolder, training_examples: bool) -> Markup | None:
    """Draw the rows that other initialisations put elsewhere, the larger the more often.

    Parameters
    ----------
    run : RunFolder
        The run.
    training_examples : bool
        Whether rows of the training set may be drawn.

    Returns
    -------
    Markup or None
        None where no row changes cluster.
    """
    found = mapping(run.evaluation.get("projection"))
    points = _points(found, "x", "y")
    moved = mapping(mapping(run.evaluation.get("initialisations")).get("changing"))
    by_row = dict(zip(moved.get("rows") or [], numbers(moved.get("values")), strict=False))
    for point in points:
        own = as_number(point["changing"])
        point["changing"] = by_row.get(point["row"], 0.0) if own is None else own
    moving = sum((point["changing"] or 0) > 0 for point in points)
    if not moving:
        return None
    if not training_examples:
        return tag("p", f"Where they lie: {WITHHELD[0].lower()}{WITHHELD[1:]}", class_="withheld")
    ordered = sorted(points, key=lambda point: -(point["changing"] or 0))
    spec = {
        "mark": "clusters",
        "data": _coordinates(points)
        | {"size": [round(point["changing"] or 0.0, 4) for point in points]},
        "clusters": _clusters(points),
        "axes": [str(axis) for axis in sentences(found.get("axes"))[:2]],
        "centres": columns(cluster=[], x=[], y=[]),
    }
    return chart(
        spec,
        title=f"Which rows change cluster: {moving:,} of the {len(points):,} drawn here. The "
        "larger and darker, the more initialisations put the row into another cluster than the "
        "best does.",
        description=f"The same rows in the plane; {moving} of them change cluster between "
        f"initialisations, most of all row {ordered[0]['row']} in "
        f"{share(ordered[0]['changing'])} of them.",
        head=("Row", "Cluster", "Share of initialisations that put it elsewhere"),
        rows=[
            (point["row"], _name(point), share(point["changing"]))
            for point in ordered[:_MOST_LISTED]
            if point["changing"]
        ],
    )


def world(run: RunFolder, training_examples: bool) -> Markup | None:
    """Draw coordinates on a grid of degrees that is true to shape at its middle latitude.

    Parameters
    ----------
    run : RunFolder
        The run.
    training_examples : bool
        Whether each row may be drawn; if not, only where each cluster lies.

    Returns
    -------
    Markup or None
        None where the run has no coordinates.
    """
    found = mapping(run.evaluation.get("map"))
    points = [
        point
        for point in _points(found, "longitude", "latitude")
        if abs(point["y"]) <= 90 and abs(point["x"]) <= 360
    ]
    if not points:
        return None
    west = _western_edge([point["x"] for point in points])
    for point in points:
        # Rounding must not send the westernmost place once round the world.
        point["x"] = west + (point["x"] - west + 1e-9) % 360
    clusters = _clusters(points)
    middle = (min(p["y"] for p in points) + max(p["y"] for p in points)) / 2
    centres = [item for item in _centres(points, clusters) if item[-1] >= _LEAST_OUTLINED]
    shown = points if training_examples else []
    told = (
        "Equirectangular projection: a grid of degrees, true to shape at "
        f"{fixed(abs(middle), 0)}° {'south' if middle < 0 else 'north'}. There are no coastlines, "
        "since the page fetches nothing."
    )
    if not training_examples:
        told += (
            " The rows are left out on request, so that this page can be shared; drawn instead is "
            f"the mean of each cluster of at least {_LEAST_OUTLINED} rows."
        )
    rows: list[Sequence[object]] = [
        (p["row"], fixed(p["y"], 4), fixed((p["x"] + 180) % 360 - 180, 4), _name(p))
        for p in shown[:_MOST_LISTED]
    ]
    if not training_examples:
        rows = [
            (
                "mean",
                fixed(item[2], 2),
                fixed((item[1] + 180) % 360 - 180, 2),
                cluster_name(item[0]),
            )
            for item in centres
        ]
    figure = chart(
        {
            "mark": "degrees",
            "data": _coordinates(shown),
            "clusters": clusters,
            "ratio": round(math.cos(math.radians(middle)), 5),
            "centres": columns(
                cluster=[item[0] for item in centres if item[0] >= 0],
                x=[item[1] for item in centres if item[0] >= 0],
                y=[item[2] for item in centres if item[0] >= 0],
            ),
        },
        title=told,
        description=f"{len(points)} places on a grid of longitude and latitude, marked by cluster.",
        head=("Row", "Latitude", "Longitude", "Cluster"),
        rows=rows,
        summary=f"Data of this chart, the first {len(rows):,} rows of {len(points):,}"
        if training_examples and len(rows) < len(points)
        else "Data of this chart",
    )
    return join((legend(clusters) if len(clusters) > 1 else None, figure))


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


def silhouettes(run: RunFolder) -> Markup | None:
    """Draw the silhouette of every row, sorted within its cluster."""
    found = mapping(run.evaluation.get("silhouette"))
    bars = [
        item | {"values": [value for value in numbers(item.get("values")) if value is not None]}
        for item in (dict(entry) for entry in objects(found.get("clusters")))
    ]
    bars = [item for item in bars if item["values"]]
    if not bars:
        return None
    mean = read_estimate(found)
    shown = bars[:_MOST_SILHOUETTES]
    told = ["Each row's bar: 1 deep in its cluster, 0 between two, below 0 nearer to another"]
    if mean is not None:
        told.append(f"the mean is {write_estimate(mean)}")
    if found.get("sampled") and mean is not None and mean.n:
        told.append(f"measured on a sample of {mean.n:,} rows")
    if len(bars) > len(shown):
        told.append(f"the first {len(shown)} of {len(bars)} clusters are drawn")
    spec = {
        "mark": "silhouettes",
        "clusters": [
            {
                "cluster": whole(item.get("cluster")),
                "n": whole(item.get("n")) or len(item["values"]),
                "values": [round(value, 3) for value in item["values"]],
            }
            for item in shown
        ],
        "mean": None if mean is None else mean.value,
    }
    means = [as_number(item.get("mean")) for item in shown]
    return chart(
        spec,
        title=tag("span", "; ".join(told) + ".", title=method_of(mean) if mean else None),
        description="Silhouettes by cluster: "
        + ", ".join(
            f"{cluster_name(item.get('cluster'))} {fixed(value, 2)} on average"
            for item, value in zip(shown, means, strict=True)
        ),
        head=("Cluster", "Rows", "Mean", "Below 0", "Lowest", "Highest"),
        rows=[
            (
                cluster_name(item.get("cluster")),
                f"{whole(item.get('n')) or len(item['values']):,}",
                fixed(value, 3),
                share(as_number(item.get("negative_share"))),
                fixed(min(item["values"]), 2),
                fixed(max(item["values"]), 2),
            )
            for item, value in zip(shown, means, strict=True)
        ],
    )
