"""Non-finite and diverged: the loss is no number any more, or worse than without training."""

from __future__ import annotations

import numpy as np

from further.trust.doctor.features import Curve, Features
from further.trust.doctor.finding import Condition, Sign, shown
from further.trust.doctor.thresholds import BAD_START, LEAST_ROWS, SURE, UNTRAINED
from further.trust.doctor.thresholds import DIVERGED as FACTOR

_BUTTERFLY = ("Goodfellow, Bengio and Courville 2016, Deep Learning, sections 8.2.4 and 10.11.1",)


def _non_finite(features: Features) -> Sign | None:
    history, unit = features.history, features.history.unit
    candidates = [*history.losses, *([history.gradient_norm] if history.gradient_norm else [])]
    broken = [series for series in candidates if not series.is_finite.all()]
    if not broken:
        return None
    series = min(broken, key=lambda found: float(found.at[~found.is_finite][0]))
    lost = ~series.is_finite
    first = int(np.flatnonzero(lost)[0])
    at, value = float(series.at[first]), shown(float(series.values[first]))
    stays = bool(lost[first:].all())
    evidence = [f"{series.name} is {value} at {unit} {shown(at)}."]
    if first:
        last, level = float(series.at[first - 1]), float(series.values[first - 1])
        evidence.append(f"At {unit} {shown(last)} it was still {shown(level)}.")
    if not stays:
        evidence.append("It is a number again later: some batches are broken, not the weights.")
    norm = history.gradient_norm
    if norm is not None and norm is not series and norm.is_finite.any():
        largest = float(norm.values[norm.is_finite].max())
        evidence.append(f"The largest finite gradient norm is {shown(largest)}.")
    return Sign(
        10.0, at, f"the loss is {value} {'from' if stays else 'at'} {unit} {shown(at)}"
        + (" on" if stays else ""),
        tuple(evidence), {"first": at, "rows": float(lost.sum())}, 1.0,
        () if stays else ("a few rows with missing or huge values",),
    )  # fmt: skip


def _diverged(features: Features) -> Sign | None:
    curve = features.learnt
    if curve is None or len(curve) < 2 or features.history.generator is not None:
        return None
    if features.train is None and features.fit is None:
        return None  # a rising validation loss alone is overfitting as often as not
    if features.fit is not None and features.fit.last < features.reference:
        return _returned(features, curve)  # what lifts the training loss above it is dropout
    start = features.reference
    worse = features.of_reference(curve.last - start)
    rises = curve.last - curve.lowest
    lost = features.history.train is not None and not features.history.train.is_finite.all()
    if lost and len(curve) < LEAST_ROWS:
        # It went away within a few rows; what it was before it did is all there is.
        return (
            _sign(features, curve, float(curve.values.max()))
            if curve.values.max() > 2 * curve.first
            else None
        )
    if worse < FACTOR - 1 or rises < (FACTOR - 1) * abs(curve.lowest):
        return _returned(features, curve)
    if rises < SURE * curve.error and curve.last < 2 * start:
        return None
    return _sign(features, curve, curve.last)


def _returned(features: Features, curve: Curve) -> Sign | None:
    """Return what is seen of a loss that left for far above the constant predictor's and returned.

    Sound weights start close to it. What comes back from there has learnt the training rows from
    huge weights, which is of little use for others.
    """
    start = features.reference
    if not features.knows_baseline or features.history.first_is_untrained or start <= 0:
        return None
    row = int(np.argmax(curve.values))
    highest = float(curve.values[row])
    if highest < BAD_START * max(start, UNTRAINED):
        return None
    if features.fit is not None and features.fit.values.max() < BAD_START * start / 2:
        return None  # dropout that is strong lifts the training loss alone
    at, ratio = shown(float(curve.at[row])), shown(highest / start)
    return Sign(
        highest / start / BAD_START,
        float(curve.at[row]),
        f"at {features.history.unit} {at} the training loss was {ratio} times that of a constant "
        "predictor",
        (f"The training loss was as high as {shown(highest)}, {ratio} times that of a constant "
         f"predictor, {shown(start)}, and came down to {shown(curve.last)}.",),
        {"highest": highest, "reference": start, "last": curve.last}, 0.8,
        ("first weights that are too large", "a learning rate that is too high"),
    )  # fmt: skip


def _sign(features: Features, curve: Curve, level: float) -> Sign:
    unit = features.history.unit
    start = features.reference
    above = np.flatnonzero(curve.values > start * (1 if start > 0 else 0))
    at = float(curve.at[above[0]]) if len(above) else float(curve.at[-1])
    what = "that of a constant predictor" if features.knows_baseline else "what it began with"
    ratio = level / start if start > 0 else float("inf")
    return Sign(
        max(1.0, features.of_reference(level - start) / (FACTOR - 1)),
        at,
        f"the training loss ended at {shown(level)}, above {what}, {shown(start)}",
        (
            f"The training loss was lowest, {shown(curve.lowest)}, at {unit} "
            f"{shown(curve.lowest_at)} and ended at {shown(level)}, {shown(ratio)} times {what}.",
        ),
        {"last": level, "reference": start, "lowest": curve.lowest},
    )


NON_FINITE = Condition(
    "non_finite",
    _non_finite,
    causes=(
        "a learning rate that is too high",
        "log or division of 0, or the square root of 0 in the loss",
        "overflow in half precision",
        "missing values in the data",
    ),
    next_steps=(
        "Take a tenth of the learning rate and clip gradients to norm 1.",
        "Check inputs and targets for missing and infinite values.",
        "Take losses from logits, and train in float32 or bfloat16 to see whether it goes away.",
        "Log the norm of the gradient: it grows for some steps before the loss does.",
    ),
    references=_BUTTERFLY,
)
DIVERGED = Condition(
    "diverged",
    _diverged,
    causes=(
        "a learning rate that is too high",
        "inputs or targets that are not scaled",
        "gradients that explode in a deep or recurrent network",
    ),
    next_steps=(
        "Take a tenth of the learning rate, and a third until the loss falls.",
        "Scale inputs, and targets of a regression, to unit variance.",
        "Clip gradients to norm 1 and warm the learning rate up.",
    ),
    references=_BUTTERFLY,
)
