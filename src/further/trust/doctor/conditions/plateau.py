"""Plateau, then drop: nothing is learnt for long, and then much at once."""

from __future__ import annotations

import numpy as np

from further.trust.doctor.features import Curve, Features
from further.trust.doctor.finding import Condition, Sign, shown
from further.trust.doctor.thresholds import (
    LEAST_PLATEAU,
    PLATEAU,
    PLATEAU_CHANGE,
    PLATEAU_DROP,
    RATE_DROP,
    SURE,
)


def find_plateau(curve: Curve) -> tuple[int, int, float] | None:
    """Return first and last row of a plateau and how far the loss drops after it, or None.

    Parameters
    ----------
    curve : Curve
        Of a loss.

    Returns
    -------
    tuple or None
        The longest plateau with a drop behind it.
    """
    n = len(curve)
    least = max(LEAST_PLATEAU, int(PLATEAU * n))
    if n < 2 * LEAST_PLATEAU:
        return None
    values = np.concatenate([curve.values[:1], np.median(
        np.stack([curve.values[:-2], curve.values[1:-1], curve.values[2:]]), axis=0,
    ), curve.values[-1:]])  # fmt: skip
    reach = float(values.max() - values.min())
    if reach <= 0:
        return None
    found: tuple[int, int, float] | None = None
    start = 0
    while start <= n - least - 2:
        end = start
        low = high = values[start]
        while end + 1 < n:
            low, high = min(low, values[end + 1]), max(high, values[end + 1])
            if high - low > PLATEAU_CHANGE * reach:
                break
            end += 1
        if end - start + 1 >= least and end < n - 2:
            after = values[end + 1 : min(n, end + 1 + max(2, n // 10))]
            drop = float(np.median(values[start : end + 1]) - after.min())
            longer = found is None or end - start > found[1] - found[0]
            if drop >= PLATEAU_DROP * reach and drop > SURE * curve.noise and longer:
                found = (start, end, drop)
        start = max(start + 1, end - least + 2) if end > start else start + 1
    return found


def _rate_fell(features: Features, at: float, until: float) -> bool:
    """Return whether the learning rate was lowered between two places."""
    rate = features.history.learning_rate
    if rate is None or not rate.is_finite.any():
        return False
    before = float(np.interp(at, rate.at, rate.values))
    after = float(np.interp(until, rate.at, rate.values))
    return after < RATE_DROP * before


def _look(features: Features) -> Sign | None:
    curve = features.learnt
    if curve is None or features.history.generator is not None:
        return None
    found = find_plateau(curve)
    if found is None:
        return None
    first, last, drop = found
    begin, end = float(curve.at[first]), float(curve.at[last])
    behind = float(curve.at[min(last + max(2, len(curve) // 10), len(curve) - 1)])
    before = float(curve.at[max(0, last - 2)])
    if _rate_fell(features, before, behind):
        return None  # a schedule did it, as it is meant to
    unit = features.history.unit
    level = float(np.median(curve.values[first : last + 1]))
    return Sign(
        (last - first + 1) / max(LEAST_PLATEAU, PLATEAU * len(curve)), begin,
        f"the loss stood at {shown(level)} from {unit} {shown(begin)} to {shown(end)}, then fell",
        (f"The training loss stayed at {shown(level)} from {unit} {shown(begin)} to {shown(end)}, "
         f"then fell by {shown(drop)} until {unit} {shown(behind)}.",),
        {"level": level, "begin": begin, "end": end, "drop": drop}, 0.8,
    )  # fmt: skip


PLATEAU_THEN_DROP = Condition(
    "plateau_then_drop",
    _look,
    causes=(
        "an initialisation from which the gradient is tiny: a saddle, saturated units, symmetry",
        "a learning rate that was too high until its schedule lowered it",
        "a task that is learnt all at once",
    ),
    next_steps=(
        "Start with He or Glorot initialisation and scaled inputs, or add normalisation layers.",
        "If the drop comes with a lower learning rate, lower it sooner.",
        "Train longer before you judge: another drop may follow.",
    ),
    references=(
        "Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of learning, "
        "ICLR",
    ),
    unless=("diverged", "non_finite"),
)
