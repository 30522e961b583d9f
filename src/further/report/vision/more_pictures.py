"""How many more pictures? What was reached with fewer of them, and what to expect of twice."""

from __future__ import annotations

from further.evaluate.metrics import find_metric
from further.evaluate.record import Measured
from further.report.chart import chart, columns
from further.report.estimates import write_estimate
from further.report.markup import Markup, join, tag
from further.report.vision.view import VisionView


def more_pictures(view: VisionView) -> Markup | None:
    """Draw the learning curve of each model that has one, with its extrapolation."""
    parts: list[Markup | None] = []
    for model in view.found.models:
        curve = model.learning_curve
        if curve is None or not curve.points:
            continue
        metric = find_metric(curve.metric)
        name = metric.term or metric.plain
        points = [_point(p.pictures, p.figure, "measured") for p in curve.points]
        if curve.expected is not None:
            points.append(_point(curve.expected.pictures, curve.expected.figure, "expected"))
        several = len(view.found.models) > 1
        parts += [
            tag("h3", model.label) if several else None,
            tag("p", curve.sentence) if curve.sentence else None,
            chart(
                {
                    "mark": "more_pictures",
                    "data": columns(("x", "y", "low", "high", "kind"), points),
                    "y": name,
                },
                title=f"{name} on the held-out pictures by number of training pictures",
                description=f"{name} of {model.label}: "
                + ", ".join(f"{y:.3f} with {x:,} pictures ({kind})" for x, y, _, _, kind in points),
                head=("Training pictures", name, ""),
                rows=[
                    (f"{x:,}", write_estimate(Measured(y, low, high), 3), kind)
                    for x, y, low, high, kind in points
                ],
            ),
        ]
    return join(parts) if parts else None


def _point(
    pictures: int, figure: Measured, kind: str
) -> tuple[int, float, float | None, float | None, str]:
    return pictures, figure.value or 0.0, figure.low, figure.high, kind
