"""What transparency costs here: the most transparent model that is not significantly worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from further.compare.apart import apart_from, signed
from further.evaluate.estimate import Score
from further.evaluate.metrics import METRICS
from further.evaluate.prediction.record import LadderRecord, PredictorRecord
from further.evaluate.record import Apart, Measured

#: What decides, by task: a proper score, and the distance in units of the target.
DECIDING = {"classification": "log_loss", "regression": "rmse"}
#: What stands beside it in the sentence.
BESIDE = {"classification": "auc", "regression": "r2"}
#: From this accuracy of a constant on, it is said first.
EMBARRASSING = 0.8
#: Ends of labels that need an article; the others are names of methods.
_COUNTED = ("tree", "machine", "forest", "model", "perceptron", "network")


def advise(
    task: str,
    models: Sequence[PredictorRecord],
    scores: Mapping[str, Mapping[str, Score]],
    negligible: float,
) -> LadderRecord | None:
    """Return the answer of a ladder.

    Parameters
    ----------
    task : str
        "classification" or "regression".
    models : sequence of PredictorRecord
        Those that were fitted, from transparent to opaque, controls among them.
    scores : mapping of mapping of Score
        By model and metric, with the draws that pair them.
    negligible : float
        What does not matter, as a share of what a constant scores.

    Returns
    -------
    LadderRecord or None
        None where fewer than two models were fitted.
    """
    metric = METRICS[DECIDING[task]]
    rungs = [model for model in models if model.role == "model"]
    constant = next((model for model in models if model.role == "control"), None)
    if len(rungs) < 2 or constant is None:
        return None
    values = {model.name: scores[model.name][metric.name].value for model in models}
    best = min(rungs, key=lambda model: values[model.name])
    margin = negligible * values[constant.name]
    apart = [apart_from(best.name, model.name, scores, metric.name, margin) for model in models]
    tied = {one.model for one in apart if one.tied}
    chosen = next(model for model in rungs if model.name in tied)
    told = (
        f"a {metric.plain} of {margin:.3g}, {negligible:g} of what the constant scores "
        f"({values[constant.name]:.3g})"
    )
    by_name = {one.model: one for one in apart}
    sentence = _sentence(task, chosen, best, constant, by_name)
    return LadderRecord(sentence, metric.name, best.name, chosen.name, margin, told, tuple(apart))


def _sentence(
    task: str,
    chosen: PredictorRecord,
    best: PredictorRecord,
    constant: PredictorRecord,
    apart: Mapping[str, Apart],
) -> str:
    metric = METRICS[DECIDING[task]]
    if apart[constant.name].tied:
        return (
            "No model is significantly better than a constant: these columns do not tell the "
            f"target, as far as {_figure(best, metric.name).n:,} held-out rows show."
        )
    figures = f"{_told(chosen, DECIDING[task])}, {_told(chosen, BESIDE[task])}"
    if chosen.name == best.name:
        return (
            f"{chosen.label} is the best model here ({figures}): none that is more opaque is "
            "better, and every one that is more transparent is significantly worse."
        )
    one = apart[chosen.name]
    gain = one.difference
    interval = (
        "" if gain.low is None else f" (95 % interval {signed(gain.low)} to {signed(gain.high)})"
    )
    probabilities = (
        ""
        if one.best_better is None or one.negligible is None
        else f"; P(better) = {one.best_better:.2f}, P(negligible difference) = {one.negligible:.2f}"
    )
    return (
        f"The most transparent model that is not significantly worse than the best is "
        f"{_inside(chosen)} ({figures}): what {_inside(best)} would gain is "
        f"{signed(gain.value)} of {metric.plain}{interval}{probabilities}."
    )


def _figure(model: PredictorRecord, name: str) -> Measured:
    return model.metrics[name]


def _told(model: PredictorRecord, name: str) -> str:
    value = _figure(model, name).value
    metric = METRICS[name]
    written = "undefined" if value is None else f"{value:.3g}"
    return f"{metric.term or metric.plain} {written}"


def _inside(model: PredictorRecord) -> str:
    """Return a model's label as it stands inside a sentence."""
    label = model.label
    label = label if label[1:2].isupper() else f"{label[0].lower()}{label[1:]}"
    return f"the {label}" if label.endswith(_COUNTED) else label


def embarrassing(constant: PredictorRecord | None) -> str:
    """Say what a constant scores, where that is high already.

    Parameters
    ----------
    constant : PredictorRecord or None
        The control.

    Returns
    -------
    str
        Empty where there is nothing to say.
    """
    figure = None if constant is None else constant.metrics.get("accuracy")
    if figure is None or figure.value is None or figure.value < EMBARRASSING:
        return ""
    share = f"{figure.value:.1%}".replace("%", " %")
    return (
        f"A constant that always says the most frequent class is right for {share} of the "
        "rows: accuracy says little here, so look at balanced accuracy, AUC and average "
        "precision."
    )
