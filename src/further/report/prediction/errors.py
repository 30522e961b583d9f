"""Where models err: who is taken for whom, how true confidence is, how far off numbers are."""

from __future__ import annotations

import numpy as np

from further.evaluate.prediction.record import PredictorRecord
from further.report.chart import chart, columns
from further.report.confusion import Behind, confusion_table
from further.report.markup import Markup, join, tag
from further.report.numbers import significant
from further.report.prediction.ladder_run import LadderView
from further.report.reliability import reliability_chart
from further.report.rows import opens

#: A confusion matrix of more classes is left to the file.
MOST_CLASSES = 20


def where_it_errs(view: LadderView) -> Markup | None:
    """Show the confusion and the calibration of classes, or the residuals of numbers."""
    parts: list[Markup | None] = []
    for model in view.shown:
        drawn = _of_classes(view, model) if view.is_classes else [_residuals(view, model)]
        if any(drawn):
            parts += [tag("h3", model.label), *drawn]
    return join(parts) if any(parts) else None


def _of_classes(view: LadderView, model: PredictorRecord) -> list[Markup | None]:
    drawn = reliability_chart(
        model.reliability,
        title="Calibration: is it right as often as it is sure?",
        label=model.label,
    )
    return [_confusion(view, model), drawn]


def _confusion(view: LadderView, model: PredictorRecord) -> Markup | None:
    """Write the confusion matrix; each count opens its rows."""
    if model.confusion is None:
        return None
    names = view.found.data.classes
    counts = np.array(model.confusion.counts)
    if len(names) > MOST_CLASSES:
        return tag("p", f"{len(names)} classes: the counts stand in evaluation.json.")
    frame = view.predictions(model)
    shown = view.rows is not None and not frame.empty
    held = frame.iloc[view.places] if shown else frame

    def behind(i: int, j: int) -> Behind:
        title = f"{names[i]} taken for {names[j]}" if i != j else f"{names[i]} recognised"
        if not shown:
            return Behind((), title)
        said = (held["target"] == names[i]) & (held["prediction"] == names[j])
        return Behind(np.flatnonzero(said).tolist(), title)

    table = confusion_table(names, counts, behind, label=f"Confusion matrix of {model.label}")
    sampled = len(view.places) < len(frame)
    note = (
        f"A click on a count shows its rows; the page holds {len(view.places):,} of "
        f"{len(frame):,}, drawn at random."
        if sampled
        else "A click on a count shows its rows."
    )
    return join((
        table,
        tag("p", note, class_="note") if shown else None,
    ))  # fmt: skip


def _residuals(view: LadderView, model: PredictorRecord) -> Markup | None:
    """Draw the residuals against the predictions; each point opens its row."""
    frame = view.predictions(model)
    if frame.empty:
        return None
    held = frame.iloc[view.places]
    error = (held["target"] - held["prediction"]).to_numpy(dtype=float)
    predicted = held["prediction"].to_numpy(dtype=float)
    target = str(view.found.data.target or "target")
    points = [
        (float(x), float(e), place, f"Row {row}: predicted {x:.4g}, true {x + e:.4g}")
        for place, (x, e, row) in enumerate(zip(predicted, error, held["identifier"], strict=True))
    ]
    worst = np.argsort(-np.abs(error))[:10]
    shown = view.rows is not None
    return join((
        chart(
            {
                "mark": "residuals",
                "data": columns(("x", "y", "row", "tip"), points),
                "y": f"{target}: true less predicted",
            },
            title="Residuals: true less predicted" + " (a click shows the row)" * shown,
            description=f"Residuals of {model.label} on {len(points):,} held-out rows; median "
            f"size {significant(float(np.median(np.abs(error))), 2)}",
            head=("Row", "Predicted", "True", "Residual"),
            rows=[
                (
                    opens(held["identifier"].iloc[i], [i], f"Row {held['identifier'].iloc[i]}",
                          shown=shown),
                    significant(predicted[i], 4),
                    significant(predicted[i] + error[i], 4),
                    significant(error[i], 3),
                )
                for i in worst
            ],
            summary="The ten largest",
        ),
    ))  # fmt: skip
