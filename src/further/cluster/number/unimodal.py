r"""The unimodal distribution nearest to a sample.

A distribution function is unimodal when it is convex up to its mode and concave from there on.
With :math:`F_n` the empirical distribution function and m a candidate for the mode, left and right
of m are fitted by least squares on the densities between neighbouring values, monotone on each
side (Grenander's estimator, by isotonic regression), and

.. math:: \hat m = \arg\min_m \, \sup_x \lvert \hat F_m(x) - F_n(x) \rvert ,

which is the distance of Hartigan's dip. Of two modes one stays, with a plateau towards the other;
a unimodal sample, skewed or with long tails, stays what it is but for its roughness.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression

#: Candidates for the mode, at even shares of the values.
MODES = 40


def unimodal_distribution(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the unimodal distribution function nearest to a sample, linear between its values.

    ``np.interp(u, F, values)`` of uniform u draws from it.

    Parameters
    ----------
    x : ndarray of shape (n,)
        The sample, finite.

    Returns
    -------
    values : ndarray of shape (m,)
        The different values, ascending.
    F : ndarray of shape (m,)
        The distribution function there, from 0 to 1.

    References
    ----------
    Grenander, U. (1956). On the theory of mortality measurement. Skand. Aktuarietidskr. 39.
    Hartigan, J. A. and Hartigan, P. M. (1985). The dip test of unimodality. Annals of Statistics.
    """
    values, counts = np.unique(x, return_counts=True)
    if len(values) < 3:
        # One value, or two with nothing between them: no mode to be merged with another.
        return values, np.linspace(0.0, 1.0, len(values)) if len(values) > 1 else np.zeros(1)
    empirical = np.cumsum(counts) - 0.5 * counts
    empirical = (empirical - empirical[0]) / (empirical[-1] - empirical[0])
    steps = np.diff(values)
    density = np.diff(empirical) / steps
    intervals = len(steps)
    best, nearest = empirical, np.inf
    for mode in np.unique(np.linspace(0, intervals, MODES).astype(int)):
        fitted = np.empty(intervals)
        if mode > 0:
            left = isotonic_regression(density[:mode], weights=steps[:mode])
            fitted[:mode] = left.x
        if mode < intervals:
            right = isotonic_regression(density[mode:], weights=steps[mode:], increasing=False)
            fitted[mode:] = right.x
        F = np.concatenate([[0.0], np.cumsum(fitted * steps)])
        far = float(np.abs(F - empirical).max())
        if far < nearest:
            best, nearest = F, far
    return values, best / best[-1]
