"""Still learning: twice as many epochs would lower the loss by what is worth having."""

from __future__ import annotations

from further.trust.doctor.features import Features
from further.trust.doctor.finding import Condition, Sign, per_cent, shown
from further.trust.doctor.thresholds import LEAST_ROWS, SURE, WORTH


def _look(features: Features) -> Sign | None:
    curve = features.validation or features.learnt
    if curve is None or len(curve) < LEAST_ROWS or features.history.generator is not None:
        return None
    gain = curve.gain_to_come
    seen = curve.smoothed[int(0.75 * (len(curve) - 1))] - curve.smoothed[-1]
    strength = min(curve.share(gain) / WORTH, seen / (SURE * curve.error))
    if strength < 1 or features.of_reference(gain) < WORTH * WORTH:
        return None
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
        0.95 if features.validation is not None else 0.6,
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
        "diverged", "non_finite", "not_learning", "overfitting", "learning_rate_too_high",
        "leakage_suspected",
    ),
)  # fmt: skip
