"""Not learning: the training loss stays where a constant predictor has it."""

from __future__ import annotations

import numpy as np

from further.trust.doctor.features import Features
from further.trust.doctor.finding import Condition, Sign, shown
from further.trust.doctor.thresholds import BY_HEART, LEAST_ROWS, NOT_MOVING, SURE
from further.trust.doctor.thresholds import NOT_LEARNING as LEAST_PROGRESS

#: Numbers of classes whose logarithms are further apart than the losses of two trainings.
_CLASSES = range(2, 21)
_NEAR = 0.002


def _look(features: Features) -> Sign | None:
    curve = features.learnt
    if curve is None or len(curve) < LEAST_ROWS or features.history.generator is not None:
        return None
    level = curve.last
    # With dropout the training loss may stay where it is while the network learns. Evaluation mode
    # shows that, and best of training rows: on others a constant may do better by chance.
    seen = features.fit or features.validation
    curves = [c for c in (curve, seen) if c is not None]
    starts = [features.start_of(c) for c in curves]
    progress, best = (
        max(features.of_reference(a - b) for a, b in zip(starts, levels, strict=True))
        for levels in ([c.last for c in curves], [c.lowest for c in curves])
    )
    start = features.reference
    classes = None if features.knows_baseline else _classes(curve.first, level)
    is_flat = abs(curve.last - curve.first) <= max(3 * curve.noise, LEAST_PROGRESS * abs(start))
    if progress >= LEAST_PROGRESS and not (classes and is_flat):
        return _by_heart(features)
    if not features.knows_baseline and best >= 0.1 and classes is None:
        return None  # it had learnt something: that is instability, not blindness
    known = features.knows_baseline or classes is not None or features.history.first_is_untrained
    if not features.knows_baseline and (_is_good(features) or _was_learnt_at_once(features)):
        return None
    if not known and progress > max(NOT_MOVING, SURE * features.of_reference(curve.error)):
        return None  # a model that was trained before begins low and gains little
    evidence = [
        f"The training loss went from {shown(curve.first)} to {shown(level)} in {len(curve)} rows"
        + (f"; the constant predictor has {shown(start)}." if features.knows_baseline else "."),
    ]
    strength = 1 + 2 * (LEAST_PROGRESS - progress) / LEAST_PROGRESS
    if classes is not None:
        evidence.append(f"That is log({classes}), the loss of guessing among {classes} classes.")
        strength += 2
    for metric in features.history.metrics:
        if _is_chance(metric.values[np.isfinite(metric.values)]):
            evidence.append(f"{metric.name} does not move from {shown(float(metric.values[-1]))}.")
            strength += 1
            break
    return Sign(
        strength, float(curve.at[0]),
        f"the training loss is {shown(level)} after {len(curve)} rows and was {shown(curve.first)}",
        tuple(evidence),
        {"progress": progress, "best_progress": best, "last": level, "reference": start},
        0.95 if known else 0.7,
    )  # fmt: skip


def _by_heart(features: Features) -> Sign | None:
    """Return what is seen of a training loss that falls while the validation loss never does."""
    curve, own = features.validation, features.own
    learnt, start = features.holds_elsewhere, features.validation_reference
    if curve is None or own is None or learnt is None or len(curve) < LEAST_ROWS:
        return None
    if learnt >= LEAST_PROGRESS or features.of_reference(own.last) < BY_HEART:
        return None  # of a network that knows its rows by heart the rise says more: overfitting
    if features.learns_at_once:
        return None  # there is something to be learnt, and these rows do not have it
    return Sign(
        1 + 2 * (LEAST_PROGRESS - learnt) / LEAST_PROGRESS, float(curve.at[0]),
        f"the validation loss was never below {shown(curve.lowest)}, and a constant predictor's "
        f"is {shown(start)}",
        (f"The training loss fell to {shown(own.last)}; the validation loss was lowest, "
         f"{shown(curve.lowest)}, at {features.history.unit} {shown(curve.lowest_at)}, and a "
         f"constant predictor has {shown(start)} on those rows: what was learnt holds for the "
         "training rows alone.",),
        {"progress": learnt, "lowest": curve.lowest, "reference": start}, 0.9,
        ("targets that have nothing to do with the inputs: shuffled labels, a wrong column",),
    )  # fmt: skip


def _classes(first: float, level: float) -> int | None:
    """Return the number of classes among which a loss is that of guessing, from first to last."""
    near = [
        n
        for n in _CLASSES
        if abs(level - np.log(n)) < _NEAR * np.log(n) and abs(first - np.log(n)) < 0.1 * np.log(n)
    ]
    return near[0] if near else None


def _is_good(features: Features) -> bool:
    """Whether a metric of which higher is better and 1 is perfect says that something is learnt.

    One that never moves does not: 0.9 is what a constant has where 90 % of the rows are alike.
    """
    found = [m.values[m.is_finite] for m in features.history.metrics if m.better == "higher"]
    return any(
        len(v) > 0 and v.max() <= 1 and np.median(v[-3:]) > 0.75 and np.ptp(v) > 1e-6 for v in found
    )


def _was_learnt_at_once(features: Features) -> bool:
    """Whether a first row of validation is far above the rest: the first epoch did it all."""
    validation = features.validation
    return validation is not None and validation.first > 1.2 * validation.last


def _is_chance(values: np.ndarray) -> bool:
    return (
        len(values) >= LEAST_ROWS
        and float(values.max() - values.min()) < 0.02
        and values[-1] < 0.75
    )


NOT_LEARNING = Condition(
    "not_learning",
    _look,
    causes=(
        "a learning rate that is far too low, or so high that all units died",
        "a network that does not get its gradient: frozen weights, a detached loss, dead ReLUs",
        "targets that have nothing to do with the inputs: shuffled labels, a wrong column",
        "inputs that are not scaled",
    ),
    next_steps=(
        "Let it learn twenty rows by heart: if it cannot, the network, the loss or the optimiser "
        "is broken; if it can, look at data and learning rate.",
        "Try a learning rate ten times lower and one ten times higher.",
        "Look at some inputs beside their targets, after shuffling and augmentation.",
        "Log the norm of the gradient for each layer.",
    ),
    references=(
        "Zhang et al. 2021, AUTOTRAINER (ICSE): dying ReLU, vanishing gradient",
        "Wardat et al. 2022, DeepDiagnosis (ICSE)",
    ),
    unless=("diverged", "non_finite"),
)  # fmt: skip
