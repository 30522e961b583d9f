r"""Accuracy averaged over classes, so that a common class cannot hide the others.

With :math:`r_i` 1 where row i is classified rightly, and :math:`n_c` rows of class c,

.. math:: \frac{1}{C} \sum_c \frac{1}{n_c} \sum_{i \in c} r_i :

whoever always says the commonest class scores 1/C, whatever its share. Where all classes have as
many rows it is the plain accuracy. The plain one and the share of the commonest class, which is
the plain accuracy of saying nothing else, stand beside it.

References
----------
Brodersen, Ong, Stephan, Buhmann (2010), The balanced accuracy and its posterior distribution, ICPR.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from further.evaluate.estimate import Score
from further.evaluate.interval import score_from_resamples

Floats = NDArray[np.floating[Any]]


def balanced_score(
    per_example: Floats,
    classes: NDArray[Any],
    *,
    groups: ArrayLike | None = None,
    limits: tuple[float, float] = (0.0, 1.0),
    seed: int = 0,
    detail: dict[str, Any] | None = None,
) -> Score:
    """Return per-example scores averaged within each class, and then over the classes.

    Use it wherever the classes of test rows may differ in number. It fails to weigh classes as
    they occur: the plain mean, which does, is in the detail.

    Parameters
    ----------
    per_example : ndarray of shape (n,)
        1 where an example is classified rightly, else 0; or the difference of two such.
    classes : ndarray of shape (n,)
        The true class of each; rows are resampled within classes.
    groups : array-like of shape (n,), optional
        Rows that depend on each other.
    limits : tuple of float
        What the score cannot leave.
    seed : int
        The same seed and classes resample the same rows, so that differences of two are paired.
    detail : dict, optional
        Passed on.

    Returns
    -------
    Score
        The detail holds "plain", the mean over all rows, and "majority_share", the share of the
        commonest class.

    Examples
    --------
    >>> classes = np.repeat([0, 1], [90, 10])
    >>> score = balanced_score((classes == 0) * 1.0, classes)
    >>> score.value, score.detail
    (0.5, {'plain': 0.9, 'majority_share': 0.9})
    """
    codes = np.unique(classes, return_inverse=True)[1].ravel()

    def mean_over_classes(weights: Floats) -> float:
        rows = np.bincount(codes, weights)
        # A resample by whole groups may have no row of a class.
        drawn = rows > 0
        return float((np.bincount(codes, weights * per_example)[drawn] / rows[drawn]).mean())

    facts = {
        "plain": float(per_example.mean()),
        "majority_share": float(np.bincount(codes).max() / len(codes)),
    }
    score = score_from_resamples(
        mean_over_classes, len(codes), strata=codes, groups=groups, limits=limits, seed=seed,
        detail={**facts, **(detail or {})},
    )  # fmt: skip
    return replace(score, by_row=per_example)
