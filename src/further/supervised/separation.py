r"""Can a hyperplane separate two classes, and which one is farthest from both?

With rows :math:`\tilde x_i = (x_i, 1)` and classes :math:`s_i = \pm 1` exactly one of two things is
true (Farkas' lemma): there are weights :math:`v = (w, b)` with

.. math:: s_i \, v^\top \tilde x_i > 0 \quad \text{for all } i,

or there is a mixture of rows of one class that equals a mixture of rows of the other,

.. math:: \sum_{s_i = 1} \lambda_i x_i = \sum_{s_j = -1} \mu_j x_j, \qquad
          \sum_i \lambda_i = \sum_j \mu_j = 1, \quad \lambda, \mu \ge 0,

which shows that there are none. Of all that separate, the one of the largest margin solves

.. math:: \min_v \lVert v \rVert^2 \quad \text{subject to} \quad s_i \, v^\top \tilde x_i \ge 1.

Lawson and Hanson turn this problem into non-negative least squares: of :math:`\lVert E u - f
\rVert` with :math:`E = (s_1 \tilde x_1, \ldots; 1, \ldots, 1)` and :math:`f = (0, \ldots, 0, 1)`
the residual gives :math:`v`, and where it is zero, :math:`u` is the two mixtures. Only rows that
were violated so far take part, so that large tables need no large matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Floats = NDArray[np.float64]

#: A margin of less than this share of the longest row counts as none.
SMALLEST_MARGIN = 1e-8
#: Rows that join the least squares at a time.
ROWS_AT_A_TIME = 64
#: The largest denominators that are tried for exact shares.
DENOMINATORS = (100, 10_000, 1_000_000)


@dataclass(frozen=True)
class Separation:
    """A hyperplane between two classes, or the mixtures that show that there is none.

    Attributes
    ----------
    weights : ndarray of shape (d,), or None
        Of the hyperplane of the largest margin; None where there is none.
    bias : float
        Its bias.
    margin : float
        The least of :math:`s_i v^\\top \\tilde x_i / \\lVert v \\rVert`; 0 where nothing separates.
    radius : float
        The largest :math:`\\lVert \\tilde x_i \\rVert`.
    positive, negative : dict of int to float
        Rows of either class by their number, with their shares in the mixtures that are equal;
        empty where a hyperplane separates.
    """

    weights: Floats | None
    bias: float
    margin: float
    radius: float
    positive: dict[int, float]
    negative: dict[int, float]

    @property
    def exists(self) -> bool:
        """Whether a hyperplane separates the classes."""
        return self.weights is not None


def separate(X: Any, is_positive: Any) -> Separation:
    """Return the hyperplane of the largest margin, or the proof that none separates.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows.
    is_positive : array-like of bool, shape (n,)
        Which rows are to be on the positive side; both sides need one.

    Returns
    -------
    Separation
        What was found; in float64, so that a margin below 1e-8 of the longest row is none.

    References
    ----------
    Lawson and Hanson (1974), "Solving least squares problems", chapter 23.

    Examples
    --------
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> round(separate(X, [False, False, False, True]).margin, 3)
    0.243
    >>> exclusive = separate(X, [False, True, True, False])
    >>> {i: round(share, 6) for i, share in exclusive.positive.items()}
    {1: 0.5, 2: 0.5}
    >>> {i: round(share, 6) for i, share in exclusive.negative.items()}
    {0: 0.5, 3: 0.5}
    """
    rows = np.column_stack([np.asarray(X, dtype=np.float64), np.ones(len(X))])
    signs = np.where(np.asarray(is_positive, dtype=bool), 1.0, -1.0)
    radius = float(np.linalg.norm(rows, axis=1).max())
    signed = signs[:, None] * rows / radius
    taken = np.array([int(np.argmax(signs)), int(np.argmin(signs))])
    before = np.inf
    while True:
        system = np.vstack([signed[taken].T, np.ones(len(taken))])
        target = np.zeros(len(system))
        target[-1] = 1.0
        shares, distance = nnls(system, target, maxiter=100 * len(system) + 10 * len(taken))
        if distance < SMALLEST_MARGIN:
            return _no_separation(shares, taken, signs, radius)
        residual = system @ shares - target
        v = -residual[:-1] / residual[-1]
        v /= np.linalg.norm(v)
        margins = signed @ v
        known = margins[taken].min()
        # Rows that lie nearer than those of which the hyperplane was made, the nearest first.
        nearest = np.argsort(margins, kind="stable")[:ROWS_AT_A_TIME]
        new = np.setdiff1d(nearest[margins[nearest] < known - 1e-9 * abs(known)], taken)
        if not len(new):
            margin = float(margins.min()) * radius
            if margin <= 0:
                return _no_separation(shares, taken, signs, radius)
            return Separation(v[:-1], float(v[-1]), margin, radius, {}, {})
        # Rows that carry no share may leave while each round comes nearer: no set comes twice.
        if len(taken) > len(system) and distance < (1 - 1e-9) * before:
            taken = taken[shares > 0]
        taken, before = np.concatenate([taken, new]), distance


def _no_separation(
    shares: Floats, taken: NDArray[np.intp], signs: Floats, radius: float
) -> Separation:
    found = [
        {
            int(i): float(share / shares[signs[taken] == sign].sum())
            for i, share in sorted(zip(taken, shares, strict=True))
            if signs[i] == sign and share > 0
        }
        for sign in (1.0, -1.0)
    ]
    return Separation(None, 0.0, 0.0, radius, *found)


def exact_mixtures(
    rows: NDArray[np.int64], found: Separation
) -> tuple[dict[int, Fraction], dict[int, Fraction]] | None:
    """Return the two mixtures of whole rows as fractions, for which equality is exact.

    Parameters
    ----------
    rows : ndarray of int, shape (n, d)
        What was to be separated.
    found : Separation
        That there is none.

    Returns
    -------
    tuple of two dict of int to Fraction, or None
        Shares by row; None where no small denominators do.

    Examples
    --------
    >>> rows = np.array([[0], [1], [3]])
    >>> positive, negative = exact_mixtures(rows, separate(rows, [False, True, False]))
    >>> negative
    {0: Fraction(2, 3), 2: Fraction(1, 3)}
    """
    for most in DENOMINATORS:
        sides, means = [], []
        for shares in (found.positive, found.negative):
            near = {i: Fraction(share).limit_denominator(most) for i, share in shares.items()}
            side = {i: share for i, share in near.items() if share}
            sides.append(side)
            weighted = [[share * value for value in rows[i].tolist()] for i, share in side.items()]
            means.append([sum(side.values()), *map(sum, zip(*weighted, strict=True))])
        if means[0] == means[1] and means[0][0] == 1:
            return sides[0], sides[1]
    return None
