"""What a latent representation is worth: how well a linear classifier reads the class from it.

A linear probe (Alain and Bengio 2017): multinomial logistic regression on the standardised codes
of training rows, tested on test rows, with as much weight for every class. It says what is
linearly readable, not what is there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from further.evaluate.balanced import balanced_score
from further.evaluate.estimate import Score

MOST_ITERATIONS = 200


def latent_accuracy(
    train: NDArray[np.floating[Any]],
    train_classes: NDArray[np.integer[Any]],
    test: NDArray[np.floating[Any]],
    test_classes: NDArray[np.integer[Any]],
    *,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Score:
    """Return the accuracy of a linear classifier of latent codes.

    Use it to compare representations of the same data. It fails where classes are well separated
    but not by planes.

    Parameters
    ----------
    train, train_classes : ndarray of shapes (n, latent_dim) and (n,)
        Codes of the training rows, and their classes.
    test, test_classes : ndarray of shapes (m, latent_dim) and (m,)
        Those of the test rows.
    groups : array-like of shape (m,), optional
        Test rows that depend on each other.
    seed : int, default=0
        Of the bootstrap.

    Returns
    -------
    Score
        Share of test rows that are classified rightly, averaged over classes; the detail holds the
        size of the code, the plain share and that of the commonest class.

    Examples
    --------
    >>> codes = np.array([[-1.0], [-2.0], [1.0], [2.0]])
    >>> classes = np.array([0, 0, 1, 1])
    >>> latent_accuracy(codes, classes, codes, classes).value
    1.0
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    regression = LogisticRegression(max_iter=MOST_ITERATIONS, class_weight="balanced")
    probe = make_pipeline(StandardScaler(), regression)
    probe.fit(train, train_classes)
    right = (probe.predict(test) == test_classes).astype(np.float64)
    return balanced_score(
        right, test_classes, groups=groups, seed=seed, detail={"size": train.shape[1]}
    )
