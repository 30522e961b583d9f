r"""The support vector classifier that evaluates, with the kernel :math:`\exp(-\gamma\|x - y\|^2)`.

Its γ is set once, by the training rows, so that every model meets the same classifier. The kernel
is evaluated in one matrix product, which on wide rows is many times faster than libsvm's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC

from further.evaluate.distance import distances

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]

COST = 10.0


def kernel_width(x: Floats) -> float:
    """Return γ, 1 / (d · variance of all values): scikit-learn's ``gamma="scale"``.

    Examples
    --------
    >>> kernel_width(np.array([[0.0, 2.0], [2.0, 0.0]]))
    0.5
    """
    variance = float(np.asarray(x, dtype=np.float64).var())
    return 1.0 / (x.shape[1] * (variance or 1.0))


def kernel(a: Floats, b: Floats | None, gamma: float) -> NDArray[np.float64]:
    """Return the kernel between all rows of a and b.

    Parameters
    ----------
    a, b : ndarray of shapes (n, d) and (m, d)
        Rows; for b None takes those of a.
    gamma : float
        Width γ of the kernel.

    Returns
    -------
    ndarray of shape (n, m), float64
        Values from 0 to 1.
    """
    return np.exp(-gamma * np.square(distances(a, b)))


class KernelSVC:
    """A support vector classifier fitted on a kernel matrix, which also takes a single class.

    Parameters
    ----------
    within : ndarray of shape (n, n)
        Kernel between the rows to learn from.
    labels : ndarray of int, shape (n,)
        Their classes.
    balanced : bool
        Whether errors in a class weigh the more the fewer rows it has, so that it errs in no class
        for the sake of another.

    Examples
    --------
    >>> x, y = np.array([[0.0], [1.0], [5.0], [6.0]]), np.array([0, 0, 1, 1])
    >>> classifier = KernelSVC(kernel(x, None, 0.1), y)
    >>> classifier.predict(kernel(np.array([[0.5], [7.0]]), x, 0.1))
    array([0, 1])
    """

    def __init__(self, within: Floats, labels: Labels, *, balanced: bool = False) -> None:
        self._only = labels[0] if len(np.unique(labels)) == 1 else None
        if self._only is None:
            weight = "balanced" if balanced else None
            self._machine = SVC(C=COST, kernel="precomputed", class_weight=weight)
            self._machine.fit(within, labels)

    def predict(self, between: Floats) -> Labels:
        """Return the class of each row, from its kernel with the rows learnt from."""
        if self._only is not None:
            return np.full(len(between), self._only)
        predicted: Labels = self._machine.predict(between)
        return predicted
