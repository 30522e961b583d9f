r"""Reweighing: weights under which group and label are independent in the training rows.

A row of the group g with the label y gets the weight

.. math:: w = \frac{P(g) \, P(y)}{P(g, y)},

with shares among the training rows: more than 1 where a group has that label more rarely than all
rows have. An estimator that takes weights then learns as if the base rate were the same in every
group.

References
----------
Kamiran and Calders 2012, "Data preprocessing techniques for classification without
discrimination", Knowledge and Information Systems 33.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def reweighing(y: ArrayLike, group: ArrayLike) -> NDArray[np.floating[Any]]:
    """Return the weight of each row.

    When to use: for any estimator whose ``fit`` takes ``sample_weight``. When it fails: it acts on
    selection rates alone, and only as far as the estimator follows its weights; error rates may
    even move apart.

    Parameters
    ----------
    y : array-like of shape (n,)
        Labels.
    group : array-like of shape (n,)
        The group of each row.

    Returns
    -------
    array of shape (n,)
        Weights with the mean 1.

    Examples
    --------
    >>> reweighing([1, 1, 0, 0], ["m", "m", "m", "f"]).round(3).tolist()
    [0.75, 0.75, 1.5, 0.5]
    """
    _, label = np.unique(np.asarray(y), return_inverse=True)
    _, code = np.unique(np.asarray(group), return_inverse=True)
    counts = np.zeros((code.max(initial=-1) + 1, label.max(initial=-1) + 1))
    np.add.at(counts, (code, label), 1)
    independent = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / max(len(label), 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights: NDArray[np.floating[Any]] = (independent / counts)[code, label]
    return weights
