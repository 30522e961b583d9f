"""Overfitting and underfitting: the validation loss rises again, or both losses stay high."""

from __future__ import annotations

import numpy as np

from further.trust.doctor.features import Curve, Features
from further.trust.doctor.finding import Condition, Sign, per_cent, shown
from further.trust.doctor.history import Series
from further.trust.doctor.thresholds import (
    HARDLY_EXPLAINED,
    LEAST_ROWS,
    MANY_ROWS,
    NO_GAP,
    RISE_OF_BASELINE,
    RISE_OF_MANY_ROWS,
    SURE,
    UNDERFITTED,
    WORTH,
)


def _overfits(features: Features) -> Sign | None:
    curve = features.validation
    if features.history.generator is not None:
        return None
    if curve is None:
        return _metric_falls(features)
    if len(curve) < LEAST_ROWS:
        return None
    rise = curve.last - curve.lowest
    share = curve.share(rise)
    strength = min(share / WORTH, rise / (SURE * curve.error))
    few = features.telling_rows
    least = RISE_OF_BASELINE if few is None or few < MANY_ROWS else RISE_OF_MANY_ROWS
    if strength < 1 or features.of_reference(rise) < least:
        return None
    unit = features.history.unit
    evidence = [
        f"The validation loss was lowest, {shown(curve.lowest)}, at {unit} "
        f"{shown(curve.lowest_at)} and is {shown(curve.last)} at the end; {per_cent(share)} of "
        "that came since."
    ]
    values = {"lowest": curve.lowest, "last": curve.last, "share": share}
    own = features.own
    if own is not None:
        then = float(np.interp(curve.lowest_at, own.at, own.smoothed))
        if own.last > then + SURE * own.error and own.last > 1.02 * then:
            return None  # both rise: the steps are too large
        evidence.append(
            f"Meanwhile the training loss went from {shown(then)} to {shown(own.last)}."
        )
        values |= {"train_then": then, "train_last": own.last}
    causes: tuple[str, ...] = ()
    kept = features.history.kept
    at_kept = np.inf if kept is None else np.interp(kept, curve.at, curve.smoothed)
    is_problem = bool(at_kept > curve.lowest + max(WORTH * abs(curve.lowest), curve.error))
    if not is_problem:
        evidence.append(
            f"The weights that were kept are those of {unit} {shown(float(kept or 0))}: what came "
            "later cost time and nothing else."
        )
    if features.of_reference(features.reference - curve.lowest) < WORTH and own is not None:
        evidence.append(
            "The validation loss was never clearly below that of a constant predictor "
            f"({shown(features.reference)}): what is learnt holds for the training rows only."
        )
        causes = ("labels that have nothing to do with the inputs", "a split of unlike parts")
    return Sign(
        strength, curve.lowest_at,
        f"since {unit} {shown(curve.lowest_at)} the validation loss rose from "
        f"{shown(curve.lowest)} to {shown(curve.last)}"
        + ("" if is_problem else ", and earlier weights were kept"),
        tuple(evidence), values, causes=causes, is_problem=is_problem,
    )  # fmt: skip


def _metric_falls(features: Features) -> Sign | None:
    """Return what a validation metric shows where there is no validation loss."""
    held_out = [m for m in features.history.metrics if m.part in ("validation", "test")]
    if not held_out or features.learnt is None:
        return None
    series = held_out[0]
    curve = Curve.of(_as_loss(series))
    if curve is None or len(curve) < LEAST_ROWS or features.learnt.last > features.learnt.first:
        return None
    rise = curve.last - curve.lowest
    strength = min(curve.share(rise) / WORTH, rise / (SURE * curve.error))
    if strength < 1:
        return None
    unit, sign = features.history.unit, -1 if series.better == "higher" else 1
    top = 1 if series.better == "higher" and np.nanmax(series.values) <= 1 else 0
    best, last = (top + sign * level for level in (curve.lowest, curve.last))
    return Sign(
        strength, curve.lowest_at,
        f"since {unit} {shown(curve.lowest_at)} {series.name} went from {shown(best)} to "
        f"{shown(last)}",
        (f"{series.name} was best, {shown(best)}, at {unit} {shown(curve.lowest_at)} and is "
         f"{shown(last)} at the end, while the training loss fell.",),
        {"best": best, "last": last}, 0.85,
    )  # fmt: skip


def _as_loss(series: Series) -> Series:
    """Return a metric as a loss: what is missing to 1, or its negative."""
    if series.better != "higher":
        return series
    top = 1.0 if np.nanmax(series.values, initial=-np.inf) <= 1 else 0.0
    return Series(series.name, series.at, top - series.values)


def _underfits(features: Features) -> Sign | None:
    curve, pair = features.own, features.pair
    if curve is None or pair is None or len(curve) < LEAST_ROWS or not features.knows_baseline:
        return None
    if features.history.generator is not None or not curve.is_positive:
        return None
    left = features.of_reference(curve.last)
    gap = float(np.median((pair[2] - pair[1])[-max(3, len(pair[0]) // 5) :])) / abs(curve.last)
    if left < UNDERFITTED or gap > NO_GAP:
        return None
    is_flat = curve.share(curve.gain_to_come) < WORTH
    return Sign(
        left / UNDERFITTED, float(curve.at[-1]),
        f"both losses {'have settled' if is_flat else 'are'} at {per_cent(left)} of the constant "
        "predictor's",
        (f"The training loss ends at {shown(curve.last)}; the constant predictor has "
         f"{shown(features.reference)}.",
         f"The validation loss differs by {per_cent(gap)}: nothing was learnt by heart.",
         "Curves cannot tell a model that is too small from data that hold no more." if is_flat
         else "It still falls, so that longer training comes first."),
        {"of_baseline": left, "gap": gap}, 0.7, is_problem=left >= HARDLY_EXPLAINED,
    )  # fmt: skip


OVERFITTING = Condition(
    "overfitting",
    _overfits,
    causes=(
        "more epochs than the data bear",
        "a model that is large for the number of rows, without regularisation",
        "labels with errors, learnt by heart",
    ),
    next_steps=(
        "Keep the weights of the best validation epoch (early stopping, or a checkpoint).",
        "Add rows or augmentation first, then weight decay or dropout, then take a smaller model.",
        "If accuracy still improves while the loss rises, only the confidence is wrong: calibrate "
        "(temperature scaling).",
    ),
    references=(
        "Prechelt 1998, Early Stopping: But When?",
        "Li et al. 2024, OverfitGuard, IEEE Access",
        "Guo et al. 2017, On Calibration of Modern Neural Networks, ICML",
    ),
    unless=("diverged", "non_finite"),
)
UNDERFITTING = Condition(
    "underfitting",
    _underfits,
    causes=(
        "a model that is too small or too strongly regularised",
        "features that hold no more about the target",
        "a learning rate that is too high to settle lower",
    ),
    next_steps=(
        "If the losses still fall, train longer first.",
        "Take twice the width or depth; if the training loss stays, the data hold no more.",
        "Lower weight decay and dropout.",
        "Compare with gradient boosting on the same rows: what it gains is there to be learnt.",
    ),
    references=("Goodfellow, Bengio and Courville 2016, Deep Learning, section 5.2",),
    unless=("diverged", "non_finite", "not_learning"),
)
