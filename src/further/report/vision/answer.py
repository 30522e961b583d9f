"""The answer in a sentence: what a model finds, how sure that is, and what a control scores."""

from __future__ import annotations

from further.evaluate.metrics import Metric, find_metric
from further.evaluate.record import Figure
from further.evaluate.vision.record import VisionEvaluation, VisionRecord
from further.report.figures import write_value
from further.report.numbers import MISSING, share

#: The figure of the sentence, by task; what decides is as a rule stricter.
TOLD = {"detection": "ap50", "instances": "ap50", "segmentation": "mean_iou"}


def answer(found: VisionEvaluation, best: VisionRecord | None, control: VisionRecord | None) -> str:
    """Say what the best model is worth.

    Parameters
    ----------
    found : VisionEvaluation
        The evaluation.
    best, control : VisionRecord or None
        The best model, and the control that is hardest to beat.

    Returns
    -------
    str
        One sentence; of a comparison its recommendation.
    """
    data = found.data.name
    if found.recommendation is not None and found.recommendation.sentence:
        return found.recommendation.sentence
    if best is None:
        return f"{data}: no model was fitted."
    deciding = TOLD[found.task]
    metric = find_metric(deciding)
    n = found.held_out.rows
    pictures = f"{n:,} held-out picture{'' if n == 1 else 's'}"
    figure = in_words(metric, best.metrics.get(deciding))
    told = f"{metric.term or metric.plain} {figure} on {pictures}"
    beaten = None if control is None else control.value(deciding)
    if control is not None and beaten is not None:
        told += f", where the {control.label.lower()} scores {write_value(metric, beaten)}"
    does = _does(best)
    return f"{best.label} {does}: {told}." if does else f"{best.label} on {data}: {told}."


def _does(model: VisionRecord) -> str:
    """Say how much is found and how much of that is right, or how many pixels of a class."""
    confusion = model.confusion
    if confusion is None or not confusion.counts:
        return ""
    counts = confusion.counts
    if confusion.unit == "pixels":
        # Of all pixels the share would be that of the commonest classes.
        found = [row[k] / sum(row) for k, row in enumerate(counts) if sum(row)]
        if not found:
            return ""
        return f"finds {share(sum(found) / len(found))} of the pixels of a class on average"
    right = sum(counts[k][k] for k in range(len(counts)))
    objects = sum(sum(row) for row in counts[:-1])
    said = sum(sum(row[:-1]) for row in counts)
    if not objects or not said:
        return ""
    return (
        f"finds {share(right / objects)} of the objects, and {share(right / said)} of what it "
        "finds is right"
    )


def in_words(metric: Metric, figure: Figure | None) -> str:
    """Write a figure with its interval, as it stands inside a sentence.

    Parameters
    ----------
    metric : Metric
        Says how.
    figure : Figure or None
        The figure.

    Returns
    -------
    str
        A dash where there is none.
    """
    if figure is None or figure.value is None:
        return MISSING
    value, low, high = (write_value(metric, v) for v in (figure.value, figure.low, figure.high))
    return value if figure.low is None or figure.high is None else f"{value} ({low} to {high})"
