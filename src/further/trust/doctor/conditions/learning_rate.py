"""Steps that are too large or too small, as far as the training loss shows them."""

from __future__ import annotations

import numpy as np

from further.trust.doctor.features import Curve, Features
from further.trust.doctor.finding import Condition, Sign, per_cent, shown
from further.trust.doctor.thresholds import (
    AS_MUCH_AGAIN,
    COME_DOWN,
    FORETOLD_SLOW,
    HARDLY_MOVED,
    LEAST_ROWS,
    LEAST_ROWS_SLOW,
    MONOTONE,
    SLOW_HALF,
    SURE,
    TINY_VALIDATION,
    TRAIN_NOISE,
    TRAIN_NOISE_OF_BASELINE,
    TRAIN_RISE,
    TRAIN_RISE_OF_BASELINE,
    WEIGHTS_NOISE,
    WEIGHTS_NOISE_OF_BASELINE,
)

_REFERENCES = (
    "Smith 2017, Cyclical Learning Rates (the range test), WACV",
    "Schneider et al. 2021, Cockpit, NeurIPS",
)


def _too_high(features: Features) -> Sign | None:
    curve = features.learnt
    if curve is None or curve is features.validation or len(curve) < LEAST_ROWS:
        return None
    if features.history.generator is not None:
        return None
    looked = (_rises(features, curve), _jumps(features, curve), _weights_jump(features))
    found = [sign for sign in looked if sign is not None]
    return max(found, key=lambda sign: sign.strength, default=None)


def _rises(features: Features, curve: Curve) -> Sign | None:
    """Return what is seen of a training loss that rises: no overfitting raises it."""
    rise = curve.last - curve.lowest
    strength = min(
        curve.share(rise) / TRAIN_RISE if curve.is_positive else np.inf,
        features.of_reference(rise) / TRAIN_RISE_OF_BASELINE,
        rise / (SURE * curve.error),
    )
    if strength < 1:
        return None
    unit = features.history.unit
    return Sign(
        strength, curve.lowest_at,
        f"the training loss itself rises after {unit} {shown(curve.lowest_at)}",
        (f"The training loss was {shown(curve.lowest)} at {unit} {shown(curve.lowest_at)} and is "
         f"{shown(curve.last)} at the end; more training on the same rows should not raise it.",),
        {"lowest": curve.lowest, "last": curve.last}, 0.85,
    )  # fmt: skip


def _jumps(features: Features, curve: Curve) -> Sign | None:
    """Return what is seen of a training loss that jumps from row to row to its end."""
    strength = min(
        curve.noise / max(abs(curve.last), 1e-12) / TRAIN_NOISE,
        features.of_reference(curve.noise) / TRAIN_NOISE_OF_BASELINE,
    )
    is_of_epochs = features.history.unit == "epoch" and float(np.median(np.diff(curve.at))) >= 1
    if strength < 1 or not is_of_epochs or not curve.is_positive:
        return None  # single steps, or a part of an epoch, are noisy with any learning rate
    if _comes_down(features):
        return None  # the schedule has let the loss jump, and has brought it to rest
    later = curve.values[len(curve) // 2 :]
    return Sign(
        strength, float(curve.at[len(curve) // 2]),
        f"the training loss jumps by {per_cent(curve.noise / abs(curve.last))} from epoch to epoch",
        (f"In the second half the training loss lies between {shown(float(later.min()))} and "
         f"{shown(float(later.max()))}; its noise is {shown(curve.noise)} at a level of "
         f"{shown(curve.last)}.",),
        {"noise": curve.noise, "last": curve.last}, 0.8,
    )  # fmt: skip


def _weights_jump(features: Features) -> Sign | None:
    """Return what is seen of losses in evaluation mode that jump from row to row, all of them."""
    fit, validation = features.fit, features.validation
    if fit is None or validation is None or fit is features.train or _comes_down(features):
        return None
    if not (fit.is_positive and validation.is_positive) or len(validation) < 2 * LEAST_ROWS:
        return None
    rows, is_known = features.validation_rows
    if is_known and rows <= TINY_VALIDATION:
        return None
    noise = min(fit.noise / max(fit.last, 1e-12), validation.noise / max(validation.last, 1e-12))
    of_baseline = features.of_reference(min(fit.noise, validation.noise))
    strength = min(noise / WEIGHTS_NOISE, of_baseline / WEIGHTS_NOISE_OF_BASELINE)
    if strength < 1:
        return None
    return Sign(
        strength, float(validation.at[len(validation) // 2]),
        f"losses in evaluation mode jump by {per_cent(noise)} from row to row",
        (f"In the second half the loss of training rows in evaluation mode jumps by "
         f"{shown(fit.noise)} around {shown(fit.last)}, that of validation rows by "
         f"{shown(validation.noise)} around {shown(validation.last)}: the weights do.",),
        {"noise": noise, "last": validation.last}, 0.8,
    )  # fmt: skip


def _too_low(features: Features) -> Sign | None:
    curve = features.learnt
    if curve is None or len(curve) < LEAST_ROWS_SLOW or features.history.generator is not None:
        return None
    curves = [c for c in (curve, features.fit, features.validation) if c is not None]
    # Means over random batches are noisy; small steps show on rows that are always the same.
    monotone = max(c.monotone for c in curves if len(c) >= LEAST_ROWS_SLOW / 2)
    half = curve.half_time(features.reference)
    # What training rows would gain and others would not is no reason for larger steps.
    judge = features.validation or curve
    gain = judge.share(features.gain_to_come)
    # Of a loss that has hardly moved yet a large part is no part of it.
    has_moved = features.of_reference(features.start_of(curve) - curve.last) > HARDLY_MOVED
    again = features.gain_to_come / max(judge.first - judge.last, 1e-12) / AS_MUCH_AGAIN
    again *= not has_moved
    least = float(np.interp(len(curve), [*FORETOLD_SLOW], [*FORETOLD_SLOW.values()]))
    more = max(gain / least, again)
    if monotone < MONOTONE or more < 1 or half < SLOW_HALF:
        return None
    if features.history.learning_rate is not None and _warms_up(features):
        return None
    unit = features.history.unit
    return Sign(
        min(half / SLOW_HALF, more), float(curve.at[0]),
        f"the loss creeps: half of its gain took {per_cent(half)} of the training",
        (f"The loss fell in {per_cent(monotone)} of the rows, from "
         f"{shown(curve.first)} to {shown(curve.last)}, without noise.",
         f"It was half-way down after {per_cent(half)} of the training and is still falling at "
         f"{unit} {shown(float(curve.at[-1]))}.",),
        {"half_time": half, "gain_to_come": gain, "monotone": monotone}, 0.8,
    )  # fmt: skip


def _comes_down(features: Features) -> bool:
    """Whether the learning rate ends at a small part of what it was."""
    rate = features.history.learning_rate
    values = rate.values[rate.is_finite] if rate is not None else np.zeros(0)
    return len(values) > 3 and values[-1] <= COME_DOWN * values.max()


def _warms_up(features: Features) -> bool:
    """Whether the learning rate still rises after half of the training."""
    rate = features.history.learning_rate
    values = rate.values[rate.is_finite] if rate is not None else np.zeros(0)
    return (
        len(values) > 3 and int(np.argmax(values)) > len(values) // 2 and values.max() > values[0]
    )


LEARNING_RATE_TOO_HIGH = Condition(
    "learning_rate_too_high",
    _too_high,
    causes=(
        "a learning rate that is too high for the end of the training, or for all of it",
        "batches that are very small",
        "a loss whose terms are weighted anew during the training (a warmed-up penalty)",
    ),
    next_steps=(
        "Take a third of the learning rate.",
        "Let the learning rate fall to 0 over the training (a cosine), or average the weights.",
        "Clip gradients to norm 1.",
    ),
    references=_REFERENCES,
    unless=("diverged", "non_finite", "not_learning"),
)
LEARNING_RATE_TOO_LOW = Condition(
    "learning_rate_too_low",
    _too_low,
    causes=("a learning rate that is too low", "a schedule that warms up for too long",
            "inputs that are not scaled"),
    next_steps=(
        "Take ten times the learning rate; go on as long as the loss falls faster.",
        "Run a range test: raise the rate in each step and take a third of where the loss turns.",
        "Use Adam instead of plain gradient descent.",
    ),
    references=_REFERENCES,
    unless=("diverged", "non_finite", "not_learning", "learning_rate_too_high",
            "leakage_suspected"),
)  # fmt: skip
