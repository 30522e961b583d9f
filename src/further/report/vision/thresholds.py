"""From which score on to believe a prediction: precision and recall by class, and calibration."""

from __future__ import annotations

import numpy as np

from further.evaluate.reliability import equal_bins
from further.evaluate.vision.detection import AT_50
from further.evaluate.vision.record import PrecisionRecallRecord, VisionRecord
from further.report.chart import chart, columns
from further.report.markup import Markup, join, tag
from further.report.numbers import fixed
from further.report.reliability import reliability_chart
from further.report.vision.objects import FoundObjects
from further.report.vision.view import VisionView

#: Points of a curve that open predictions, and how many each opens at most.
MOST_POINTS, MOST_OPENED = 24, 8
#: Predictions of a bin of the calibration that are opened.
MOST_OF_BIN = 16
#: What rounding may take from the score of a point.
ROUNDED = 1e-4
#: Curves in one chart.
MOST_CURVES = 8


def thresholds(view: VisionView) -> Markup | None:
    """Draw precision against recall, and how often a score is right, model by model."""
    parts: list[Markup | None] = []
    for model in view.shown:
        drawn = [_precision_recall(view, model), _calibration(view, model)]
        if any(drawn):
            title = tag("h3", model.label) if len(view.shown) > 1 else None
            parts += [title, tag("div", *drawn, class_="two")]
    return join(parts) if any(parts) else None


def _precision_recall(view: VisionView, model: VisionRecord) -> Markup | None:
    curves = [curve for curve in model.curves if len(curve.recall)]
    if not curves:
        return None
    # Of many classes those are drawn that are found worst.
    of_class = model.by_class.get("ap50", {})
    worst = sorted(curves, key=lambda c: of_class[c.name].value or 0.0 if c.name in of_class else 0)
    drawn = [c for c in curves if c in worst[:MOST_CURVES]]
    objects = view.objects(model)
    lines, points = [], []
    for curve in drawn:
        lines.append((0.0, 1.0 if curve.precision[0] else 0.0, curve.name))
        lines += [(r, p, curve.name) for r, p in zip(curve.recall, curve.precision, strict=True)]
        points += _points(objects, curve)
    best = [(*_at(curve, curve.best_score), curve.name) for curve in drawn if curve.best_score]
    title = "Precision and recall at every score" + " (a click shows predictions)" * bool(objects)
    if len(drawn) < len(curves):
        title += f"; the {len(drawn)} of {len(curves)} classes that are found worst"
    return chart(
        {
            "mark": "precision_recall",
            "lines": columns(("x", "y", "series"), lines),
            "data": columns(("x", "y", "series", "rows", "count", "tip"), points),
            "best": columns(("x", "y", "series"), best),
            "series": [curve.name for curve in drawn],
        },
        title=title,
        description=f"Precision and recall of {model.label} by class: "
        + "; ".join(_in_words(curve) for curve in drawn),
        head=("Class", "Objects", "Best score", "F1 there", "Precision", "Recall"),
        rows=[
            (
                curve.name,
                f"{curve.objects:,}",
                fixed(curve.best_score, 2),
                fixed(curve.best_f1, 3),
                *(fixed(value, 3) for value in reversed(_at(curve, curve.best_score))),
            )
            for curve in curves
        ],
        summary="The best threshold of each class",
    )


def _in_words(curve: PrecisionRecallRecord) -> str:
    recall, precision = _at(curve, curve.best_score)
    return (
        f"{curve.name} from a score of {fixed(curve.best_score, 2)} on has a precision of "
        f"{fixed(precision, 2)} and a recall of {fixed(recall, 2)}"
    )


def _at(curve: PrecisionRecallRecord, score: float | None) -> tuple[float | None, float | None]:
    """Return recall and precision of the point of a curve that is nearest to a score."""
    if score is None or not curve.score:
        return None, None
    place = int(np.abs(np.array(curve.score) - score).argmin())
    return curve.recall[place], curve.precision[place]


def _points(
    objects: FoundObjects | None, curve: PrecisionRecallRecord
) -> list[tuple[float, float, str, list[int], int, str]]:
    """Return points of a curve, each with the predictions that come in since the one before."""
    places = np.unique(np.linspace(0, len(curve.score) - 1, MOST_POINTS).astype(int))
    points, above = [], np.inf
    for place in places:
        score = curve.score[place]
        rows: list[int] = []
        count = 0
        if objects is not None:
            p = objects.p
            of_class = p.predicted.codes == p.truth.names.index(curve.name)
            of_class &= p.matches.counted[0, AT_50]
            entering = np.flatnonzero(
                of_class & (objects.scores >= score - ROUNDED) & (objects.scores < above - ROUNDED)
            )
            count = len(entering)
            rows = objects.open_predictions(entering, MOST_OPENED)
        upper = "" if np.isinf(above) else f" to {above:.2f}"
        tip = (
            f"{curve.name}, scores of {score:.2f}{upper or ' and more'}: down to there precision "
            f"{curve.precision[place]:.2f}, recall {curve.recall[place]:.2f}"
        )
        points.append(
            (curve.recall[place], curve.precision[place], curve.name, rows, count, tip)
        )  # fmt: skip
        above = score
    return points


def _calibration(view: VisionView, model: VisionRecord) -> Markup | None:
    return reliability_chart(
        model.reliability,
        title="Calibration: is a prediction right as often as its score says?",
        label=model.label,
        unit="Predictions",
        behind=_of_bins(view.objects(model), len(model.reliability)),
    )


def _of_bins(objects: FoundObjects | None, n_bins: int) -> list[list[int]] | None:
    """Return the rows of predictions in each bin of the calibration, some drawn at random."""
    if objects is None:
        return None
    which = np.flatnonzero(objects.p.matches.counted[0, AT_50])
    bins = equal_bins(objects.scores[which]) if len(which) else which
    if not n_bins or bins.max(initial=-1) + 1 != n_bins:
        return None
    rng = np.random.default_rng(0)
    found = []
    for number in range(n_bins):
        within = rng.permutation(objects.openable(which[bins == number]))
        found.append(objects.open_predictions(within[:MOST_OF_BIN], MOST_OF_BIN))
    return found
