r"""Likelihood in bits per dimension.

.. math:: \text{bits per dimension} = -\frac{\log p(x)}{d \log 2}.

For pictures of whole numbers :math:`p` is the probability of the *discrete* picture: 0 bits is the
least there can be, and uniform noise scores the logarithm of the number of grey levels to base 2.
A density of continuous values may go below 0, and says nothing beside that of other units.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from further.evaluate.interval import Score, score_from_examples


def bits_per_dimension(
    log_likelihood: NDArray[np.floating[Any]],
    size: int,
    basis: Literal["exact", "bound"] | None,
    *,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Score | None:
    """Return the bits per dimension of test rows; lower is better.

    Use it to compare models that define a likelihood of the same data.
    It fails as a measure of samples: a model can have good bits and poor samples, and the reverse.
    A bound is at least the exact value, so of two models the one with the lower bound need not be
    better.

    Parameters
    ----------
    log_likelihood : ndarray of shape (n,)
        Of each test row, in nats.
    size : int
        Number of values in a row, d.
    basis : {"exact", "bound"} or None
        What the figures are; with None there is no likelihood, and no score.
    groups : array-like of shape (n,), optional
        Rows that depend on each other.
    seed : int
        Of the bootstrap.

    Returns
    -------
    Score or None
        Its value is infinite where a row is impossible under the model.

    Examples
    --------
    >>> score = bits_per_dimension(np.full(3, -64 * np.log(17)), 64, "exact")
    >>> round(score.value, 3), score.basis
    (4.087, 'exact')
    """
    if basis is None:
        return None
    bits = -np.asarray(log_likelihood, dtype=np.float64) / (size * math.log(2.0))
    impossible = int((~np.isfinite(bits)).sum())
    if impossible:
        bits = np.where(np.isnan(bits), math.inf, bits)
    detail = {"impossible_rows": impossible}
    return score_from_examples(bits, groups=groups, seed=seed, basis=basis, detail=detail)
