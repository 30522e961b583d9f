"""The noise of a curve from row to row, whatever its trend."""

from __future__ import annotations

import numpy as np

from further.trust.doctor.history import Values


def noise_of(values: Values) -> float:
    """Return the deviation of the values from a smooth trend; 0 for fewer than four.

    Parameters
    ----------
    values : ndarray
        Finite.

    Returns
    -------
    float
        One standard deviation.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.linspace(3, 1, 500) + np.random.default_rng(0).normal(0, 0.1, 500)
    >>> bool(0.08 < noise_of(values) < 0.12)
    True
    """
    if len(values) < 4:
        return 0.0
    second = np.diff(values, 2)
    return float(1.4826 * np.median(np.abs(second)) / np.sqrt(6))
