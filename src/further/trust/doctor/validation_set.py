"""How many rows validate: given, counted by the steps of accuracy, or guessed by its noise."""

from __future__ import annotations

import numpy as np

from further.trust.doctor.history import History, Values
from further.trust.doctor.noise import noise_of
from further.trust.doctor.thresholds import MOST_ROWS_COUNTED


def validation_rows(history: History) -> tuple[int, bool]:
    """Return the number of validation rows, and whether it is more than a guess.

    Parameters
    ----------
    history : History
        Which may say it, or hold their accuracy.

    Returns
    -------
    rows : int
        A divisor of them where they were counted, 0 where nothing is known.
    is_known : bool
        False where the noise of the accuracy is all there is.
    """
    known = history.counts.get("validation_rows")
    if known is not None:
        return known, True
    accuracy = _accuracy(history)
    if accuracy is None:
        return 0, False
    size = count_rows(accuracy)
    if size is not None:
        return size, True
    steps = np.diff(np.unique(accuracy))
    # No step is smaller than one row; below that one of single precision is.
    at_least = 1 / steps[steps > 1e-5].min(initial=1.0)
    if at_least > MOST_ROWS_COUNTED:
        return round(at_least), True
    level, noise = float(np.median(accuracy)), noise_of(accuracy)
    if noise > 0 and 0 < level < 1:
        return max(1, round(level * (1 - level) / noise**2)), False
    return 0, False


def telling_rows(history: History, size: int, is_known: bool) -> float | None:
    """Return of how many validation rows the loss is made: of those that are predicted wrongly.

    Parameters
    ----------
    history : History
        Of a classification or a regression.
    size : int
        Number of validation rows.
    is_known : bool
        Whether that is more than a guess.

    Returns
    -------
    float or None
        All rows where a number is predicted; None where their number is not known.
    """
    if not is_known:
        return None
    accuracy = _accuracy(history)
    if accuracy is None:
        return float(size)
    return size * (1 - float(np.median(accuracy[-max(3, len(accuracy) // 10) :])))


def _accuracy(history: History) -> Values | None:
    """Return the accuracy of the validation rows, where it or the error was logged as a share."""
    size = history.counts.get("validation_rows")
    for metric in history.metrics:
        values, name = metric.values[metric.is_finite], metric.name.lower()
        is_share = len(values) >= 4 and values.min() >= 0 and values.max() <= 1
        if metric.part not in ("validation", "test") or not is_share:
            continue
        if "acc" in name:
            return values
        # An error may be one of numbers, too; that of classes is so many of the rows.
        if name.endswith("error") and size and np.abs(size * values % 1 - 0.5).min() > 0.49:
            return 1 - values
    return None


def count_rows(shares: Values) -> int | None:
    """Return the smallest number of rows of which all values are shares, if it is small.

    Parameters
    ----------
    shares : ndarray
        Accuracies.

    Returns
    -------
    int or None
        A divisor of the size of the set.

    Examples
    --------
    >>> import numpy as np
    >>> count_rows(np.array([0.5, 0.25, 0.625, 0.75]))
    8
    """
    different = np.unique(shares)
    if len(different) < 3:
        return None
    rounded = (d for d in (3, 4, 5, 6) if np.allclose(shares, np.round(shares, d), atol=1e-9))
    digits = next(rounded, None)
    error = 2e-6 if digits is None else 0.5 * 10.0**-digits
    sizes = np.arange(2, MOST_ROWS_COUNTED + 1)
    hits = np.outer(sizes, different)
    off = np.abs(hits - np.round(hits)).max(axis=1)
    allowed = error * sizes + 1e-9
    # With many rows everything is near a whole number; that all values are must be no chance.
    chance = len(different) * np.log10(np.minimum(2 * allowed, 1.0))
    fits = np.flatnonzero((off < allowed) & (chance < -4))
    return int(sizes[fits[0]]) if len(fits) else None
