"""How unlike a row is to those that are known: the scores that a test of exchangeability ranks.

Any number will do for the level of the test, as long as new rows had no part in making it; what
changes it finds depends on the score. Both scores are fitted on rows of their own, after the
columns are encoded as models see them: numbers as normal scores, categories as 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from further.data.dataset import Dataset, as_dataset
from further.data.kind import fit_encoding
from further.errors import InputError, unknown

Floats = NDArray[np.float64]
#: Whose mean distance is the score.
NEIGHBOURS = 5


class Score(Protocol):
    """What gives each row a number; the larger, the stranger."""

    def __call__(self, rows: Any) -> Any:
        """Return an array of shape (n,)."""


def nearest_neighbours(known: Floats, seed: int) -> Callable[[Floats], Floats]:
    """Return the score that is the mean distance to the five nearest known rows.

    Parameters
    ----------
    known : array of shape (n, d)
        Encoded rows.
    seed : int
        Not used: nothing is drawn.

    Returns
    -------
    callable
        Takes encoded rows (m, d) and returns their scores (m,).

    Examples
    --------
    >>> score = nearest_neighbours(np.zeros((9, 2)), 0)
    >>> score(np.array([[3.0, 4.0]])).tolist()
    [5.0]
    """
    index = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(known))).fit(known)
    return lambda rows: index.kneighbors(rows)[0].mean(axis=1)


def isolation_forest(known: Floats, seed: int) -> Callable[[Floats], Floats]:
    """Return the score that is larger where few random cuts isolate a row.

    Parameters
    ----------
    known : array of shape (n, d)
        Encoded rows.
    seed : int
        Of the cuts.

    Returns
    -------
    callable
        Takes encoded rows (m, d) and returns their scores (m,).

    Examples
    --------
    >>> score = isolation_forest(np.random.default_rng(0).normal(size=(99, 2)), 0)
    >>> low, high = score(np.array([[0.0, 0.0], [9.0, 9.0]]))
    >>> bool(low < high)
    True
    """
    forest = IsolationForest(random_state=seed).fit(known)
    return lambda rows: -forest.score_samples(rows)


FITTED = {"neighbours": nearest_neighbours, "forest": isolation_forest}


def fit_score(name: str, known: Any, seed: int) -> Score:
    """Return a score that was fitted to known rows of a table, or to pictures.

    Parameters
    ----------
    name : {"neighbours", "forest"}
        Which.
    known : Dataset, DataFrame or array
        Rows.
    seed : int
        Of what is drawn.

    Returns
    -------
    callable
        Takes rows like those, and returns their scores (n,).

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in FITTED:
        raise InputError(unknown("score", name, list(FITTED)))
    dataset = as_dataset(known)
    encoding = fit_encoding(dataset)

    def encoded(rows: Any) -> Floats:
        found = rows if isinstance(rows, Dataset) else as_dataset(rows)
        return encoding.encode(found).reshape(len(found), -1).astype(np.float64)

    score = FITTED[name](encoded(dataset), seed)
    return lambda rows: score(encoded(rows))
