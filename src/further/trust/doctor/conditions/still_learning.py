"""Still learning: twice as many epochs would lower the loss by what is worth having."""

from __future__ import annotations

import numpy as np

from further.trust.doctor.features import Features
from further.trust.doctor.finding import Condition, Sign, per_cent, shown
from further.trust.doctor.thresholds import (
    FORETOLD,
    LEAST_ROWS,
    MONOTONE,
    SURE,
    UNFINISHED,
    WARM_UP,
    WARMED_UP,
    WORTH,
)


def _look(features: Features) -> Sign | None:
    curve = features.validation or features.learnt
    if curve is None or len(curve) < LEAST_ROWS or features.history.generator is not None:
        return None
    gain = features.gain_to_come
    seen = curve.smoothed[int(0.75 * (len(curve) - 1))] - curve.smoothed[-1]
    stopped = _stopped_early(features)
    strength = min(curve.share(gain) / WORTH, seen / (SURE * curve.error))
    is_problem = curve.share(gain) >= FORETOLD and len(curve) >= 2 * LEAST_ROWS
    if strength < 1 or features.of_reference(gain) < WORTH * WORTH or (stopped and not is_problem):
        return stopped
    unit = features.history.unit
    what = "validation" if features.validation is not None else "training"
    return Sign(
        strength, float(curve.at[-1]),
        f"the {what} loss still falls; twice the training would lower it by about "
        f"{per_cent(min(curve.share(gain), 1))}",
        (f"The {what} loss fell by {shown(float(seen))} in the last quarter, to "
         f"{shown(curve.last)} at {unit} {shown(float(curve.at[-1]))}.",
         f"Its trend foretells {shown(curve.last - gain)} after twice as many."),
        {"gain_to_come": gain, "last": curve.last},
        0.95 if features.validation is not None else 0.6, is_problem=is_problem,
    )  # fmt: skip


def _stopped_early(features: Features) -> Sign | None:
    """Return what is seen of a learning rate whose schedule was made for a longer training.

    A cosine or a straight line falls ever faster until half of the way, or evenly; what falls by a
    factor a row, or in steps, has no end to reach.
    """
    rate = features.history.learning_rate
    values = rate.values[rate.is_finite] if rate is not None else np.zeros(0)
    if rate is None or len(values) < LEAST_ROWS or values.max() <= 0:
        return None
    top = int(np.argmax(values))
    if top >= WARM_UP * (len(values) - 1) and values[0] < WARMED_UP * values[-1]:
        return Sign(
            top / (len(values) - 1) / WARM_UP, float(rate.at[-1]),
            "the training ended as its learning rate had hardly warmed up",
            (f"The learning rate rose from {shown(float(values[0]))} to "
             f"{shown(float(values[top]))} until {features.history.unit} "
             f"{shown(float(rate.at[top]))} of {shown(float(rate.at[-1]))}: its schedule was made "
             "for a longer training.",),
            {"rate_at_end": float(values[-1] / values[top])}, 0.85,
        )  # fmt: skip
    values = values[top:]
    if len(values) < LEAST_ROWS or values[0] <= 0:
        return None
    drops, third = -np.diff(values), max(2, len(values) // 3)
    share = float(values[-1] / values[0])
    falls = (drops > 0).mean() >= MONOTONE and drops[-third:].mean() >= 0.99 * drops[:third].mean()
    if share < UNFINISHED or not falls:
        return None
    return Sign(
        share / UNFINISHED, float(rate.at[-1]),
        f"the training ended while the learning rate was at {per_cent(share)} of its height",
        (f"The learning rate falls row by row, and no slower at the end, to {per_cent(share)} of "
         f"{shown(float(values[0]))}: its schedule was made for a longer training.",),
        {"rate_at_end": share}, 0.85,
    )  # fmt: skip


STILL_LEARNING = Condition(
    "still_learning",
    _look,
    causes=("too few epochs", "early stopping with too little patience", "a low learning rate"),
    next_steps=(
        "Train twice as long, with the schedule of the learning rate stretched as much.",
        "If time is short, raise the learning rate by a factor of three.",
    ),
    references=("Domhan, Springenberg and Hutter 2015, Extrapolation of Learning Curves, IJCAI",),
    # A validation loss that leaks falls for as long as the training loss does.
    unless=(
        "diverged", "non_finite", "overfitting", "leakage_suspected",
    ),
)  # fmt: skip
