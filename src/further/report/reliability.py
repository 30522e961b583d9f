"""How often predictions of about the same confidence were right, drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from further.evaluate.record import ReliabilityBin
from further.report.chart import chart, columns
from further.report.markup import Markup


def reliability_chart(
    bins: Sequence[ReliabilityBin],
    *,
    title: str,
    label: str,
    unit: str = "Rows",
    behind: Sequence[Sequence[int]] | None = None,
) -> Markup | None:
    """Draw how often predictions of about the same confidence were right.

    Parameters
    ----------
    bins : sequence of ReliabilityBin
        By confidence.
    title : str
        The question that it answers.
    label : str
        The model.
    unit : str, default="Rows"
        What is counted.
    behind : sequence of sequence of int, optional
        Places in the store of the page of what is in each bin.

    Returns
    -------
    Markup or None
        A chart; None where there are fewer than two bins.
    """
    opened = [()] * len(bins) if behind is None else behind
    known = [
        (one, rows)
        for one, rows in zip(bins, opened, strict=True)
        if one.accuracy.value is not None
    ]
    if len(known) < 2:
        return None
    points = [
        (one.confidence, one.accuracy.value, one.accuracy.low, one.accuracy.high, list(rows),
         f"confidence {one.confidence:.2f}, right {one.accuracy.value:.2f}")
        for one, rows in known
    ]  # fmt: skip
    least = min(min(x, low or 0.0) for x, _, low, *_ in points)
    return chart(
        {
            "mark": "reliability",
            "data": columns(("x", "y", "low", "high", "rows", "tip"), points),
            "domain": [max(0.0, np.floor(least * 10) / 10), 1.0],
        },
        title=title,
        description=f"Reliability of {label}: " + "; ".join(tip for *_, tip in points),
        head=("Confidence", "Share right", "95 % interval (Wilson)", unit),
        rows=[
            (
                f"{one.confidence:.3f}",
                f"{one.accuracy.value:.3f}",
                f"{one.accuracy.low:.3f} to {one.accuracy.high:.3f}",
                f"{one.rows:,}",
            )
            for one, _ in known
        ],
    )
