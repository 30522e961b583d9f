"""Which model to use: the best one, and those that held-out pictures cannot tell from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from further.compare.apart import apart_from, signed
from further.evaluate.estimate import Score
from further.evaluate.metrics import METRICS
from further.evaluate.record import Apart
from further.evaluate.vision.record import VisionRecommendation, VisionRecord

#: What decides, by task, and what stands beside it in the sentence.
DECIDING = {"detection": "ap", "instances": "ap", "segmentation": "mean_iou"}
BESIDE = {"detection": "ap50", "instances": "ap50", "segmentation": "dice"}


def advise(
    task: str, models: Sequence[VisionRecord], scores: Mapping[str, Mapping[str, Score]]
) -> VisionRecommendation | None:
    """Return the answer of a comparison.

    Parameters
    ----------
    task : str
        That of the models.
    models : sequence of VisionRecord
        Those that were trained, controls among them.
    scores : mapping of mapping of Score
        By model and metric, with the draws that pair them.

    Returns
    -------
    VisionRecommendation or None
        None where there is nothing to choose from.
    """
    metric = DECIDING[task]
    known = [model for model in models if metric in scores[model.name]]
    able = [model for model in known if model.role == "model"]
    if not able or len(known) < 2:
        return None
    best = max(able, key=lambda model: scores[model.name][metric].value)
    apart = tuple(apart_from(best.name, model.name, scores, metric) for model in known)
    by_name = {one.model: one for one in apart}
    tied = tuple(m.name for m in able if m is not best and by_name[m.name].tied)
    sentence = _sentence(task, best, known, by_name)
    return VisionRecommendation(sentence, metric, best.name, tied, apart)


def _sentence(
    task: str, best: VisionRecord, known: Sequence[VisionRecord], apart: Mapping[str, Apart]
) -> str:
    metric = METRICS[DECIDING[task]]
    n = best.metrics[metric.name].n
    figures = ", ".join(_told(best, name) for name in (DECIDING[task], BESIDE[task]))
    controls = [model for model in known if model.role == "control" and apart[model.name].tied]
    if controls:
        return (
            f"No model is significantly better than a control ({_inside(controls[0])}): {n:,} "
            f"held-out pictures show nothing that was learnt ({best.label}: {figures})."
        )
    others = [model for model in known if model.role == "model" and model is not best]
    if not others:
        return f"{best.label} finds what is there better than the controls ({figures})."
    tied = [model for model in others if apart[model.name].tied]
    if not tied:
        nearest = max(others, key=lambda model: model.metrics[metric.name].value or 0.0)
        told = _difference(apart[nearest.name])
        return (
            f"{best.label} is the best model here ({figures}): {nearest.label}, the next one, "
            f"differs by {told} of {metric.term}."
        )
    names = ", ".join(f"{model.label} ({_difference(apart[model.name])})" for model in tied)
    fastest = min([best, *tied], key=lambda model: model.seconds_per_picture or float("inf"))
    quick = ""
    if fastest.seconds_per_picture is not None:
        milliseconds = 1000 * fastest.seconds_per_picture
        quick = f" The fastest of them is {fastest.label}, with {milliseconds:.3g} ms a picture."
    return (
        f"{best.label} has the highest {metric.term} ({figures}), but {n:,} held-out pictures "
        f"cannot distinguish it from {names}.{quick}"
    )


def _difference(one: Apart) -> str:
    found = one.difference
    if found.low is None:
        return signed(found.value)
    return f"{signed(found.value)} (95 % interval {signed(found.low)} to {signed(found.high)})"


def _told(model: VisionRecord, name: str) -> str:
    value = model.metrics[name].value
    return f"{METRICS[name].term} {'undefined' if value is None else f'{value:.3g}'}"


def _inside(model: VisionRecord) -> str:
    """Return a label as it stands inside a sentence."""
    label = model.label
    return label if label[1:2].isupper() else f"{label[0].lower()}{label[1:]}"
