r"""k-modes: clusters of categories, each around its most frequent ones.

.. math:: J = \sum_{i=1}^n \sum_{m=1}^q [x_{im} \text{ known}]\,[x_{im} \ne c_{l_i m}], \qquad
          c_{jm} = \operatorname{mode} \{x_{im} : l_i = j, x_{im} \text{ known}\}.

The two steps are products with one-hot columns (:mod:`further.cluster.dissimilarity.mixed`).
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Tags
from sklearn.utils.validation import validate_data

from further._sklearn import StrOptions
from further.cluster.alternating import AlternatingClusterer, Partition
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.categories import (
    MISSING,
    UNSEEN,
    as_frame,
    decode_columns,
    encode_columns,
    learn_columns,
)
from further.cluster.dissimilarity.mixed import MixedDissimilarity
from further.errors import InputError


def _huang_centers(rows: MixedDissimilarity, k: int, random: np.random.RandomState) -> Floats:
    """Return Huang's initial centres: modes drawn by frequency, each then moved to its nearest row.

    They are distinct rows where there are enough.
    """
    drawn = np.empty((k, rows.codes.shape[1]))
    for j in range(drawn.shape[1]):
        known = rows.codes[rows.codes[:, j] >= 0, j]
        drawn[:, j] = random.choice(known, k) if len(known) else MISSING
    everything = slice(0, rows.n)
    taken: set[bytes] = set()
    for i in range(k):
        order = np.argsort(rows.costs(everything, drawn[i : i + 1])[:, 0], kind="stable")
        for row in order:
            center = rows.as_centers(np.array([row]))[0]
            if center.tobytes() not in taken:
                break
        else:
            center = rows.as_centers(order[:1])[0]
        taken.add(center.tobytes())
        drawn[i] = center
    return drawn


def _cao_centers(rows: MixedDissimilarity, k: int) -> Floats:
    """Return Cao's initial centres: the row of the most frequent categories, then dense, far ones.

    Cao, Liang and Bai (2009), "A new initialization method for categorical data clustering".
    """
    counts = np.asarray(rows.one_hot.sum(axis=0, dtype=np.float64)).ravel()
    density = rows.one_hot @ counts / (rows.n * max(1, rows.codes.shape[1]))
    centers = rows.as_centers(np.array([density.argmax()]))
    everything = slice(0, rows.n)
    worth = np.full(rows.n, np.inf)
    for _ in range(1, k):
        worth = np.minimum(worth, rows.costs(everything, centers[-1:])[:, 0] * density)
        centers = np.vstack([centers, rows.as_centers(np.array([worth.argmax()]))])
    return centers


class CategoricalClusterer(AlternatingClusterer):
    """Base of k-modes and k-prototypes: rows and centres that hold categories, and maybe numbers.

    All columns are categories, unless a subclass says which are not.
    """

    own_metric = "gower"
    encoded_centers_: Floats
    categories_: list[Any]
    n_missing_: NDArray[np.int64]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        return tags

    def _distances(self, rows: MixedDissimilarity, costs: Floats) -> Floats:
        share = rows.known_share()
        return np.divide(costs, share, out=np.zeros_like(costs), where=share > 0)

    def _find_columns(self, frame: pd.DataFrame) -> None:
        """Learn which columns of the training rows are categories."""

    def _numbers(self, frame: pd.DataFrame) -> Floats:
        return np.empty((len(frame), 0))

    def _words(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the columns of categories."""
        return frame

    def _join(self, numbers: Any, words: Any) -> Any:
        """Return what belongs to columns of numbers and of categories in the order of the table."""
        return words

    def _dissimilarity(self, numbers: Floats, codes: Any, *, reset: bool) -> MixedDissimilarity:
        return MixedDissimilarity(numbers, codes, [len(known) for known in self.categories_])

    def _validated(self, X: Any, *, reset: bool) -> MixedDissimilarity:
        frame = as_frame(X)
        validate_data(self, X, reset=reset, skip_check_array=True)
        if reset:
            self._find_columns(frame)
        numbers, words = self._numbers(frame), self._words(frame)
        if not reset:
            codes = encode_columns(words, self.categories_)
        else:
            self.categories_, codes = learn_columns(words)
            missing = np.isnan(numbers).sum(axis=0), (codes == MISSING).sum(axis=0)
            self.n_missing_ = self._join(*missing)
        return self._dissimilarity(numbers, codes, reset=reset)

    def _given_centers(self, rows: MixedDissimilarity) -> Floats:
        frame = as_frame(self.init)
        self._check_init(frame.shape)
        words = self._words(frame)
        codes = encode_columns(words, self.categories_)
        unseen = np.argwhere(codes == UNSEEN)
        if len(unseen):
            i, j = unseen[0]
            raise InputError(
                f'{type(self).__name__}: init has "{words.iloc[i, j]}" in column {j}, which no row '
                "of X has; give categories of X."
            )
        numbers = self._numbers(frame)
        missing = np.hstack([np.isnan(numbers), codes == MISSING])
        return np.where(missing, rows.usual, np.hstack([numbers, codes]))

    def _keep(self, rows: MixedDissimilarity, best: Partition) -> None:
        self.encoded_centers_ = best.centers
        words = decode_columns(best.centers[:, rows.p :].astype(int), self.categories_)
        self.cluster_centers_ = self._join(best.centers[:, : rows.p], words)

    def _encoded_centers(self) -> Floats:
        return self.encoded_centers_


class KModes(CategoricalClusterer):
    """Clusters of rows of categories, by the number of columns that differ.

    When to use: for tables of words, yes and no, and codes. Every column is taken as categories,
    numbers too. A missing value (None, NaN) differs from nothing: it contributes nothing to the
    cost and nothing to a mode; ``score_samples`` scales the cost up to all columns, so that knowing
    little does not look typical, and a row without any value scores 0. When it fails: columns of
    many rare categories differ between all rows and drown the others; columns weigh alike, whether
    they matter or not.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    init : {"huang", "cao", "random", "k-means++"} or (n_clusters, q) array, default="huang"
        Initial centres: modes drawn by frequency; the deterministic choice of dense rows that are
        far apart; rows drawn uniformly; rows drawn in proportion to their cost; given categories.
    n_init : "auto" or int, default="auto"
        Number of initialisations, of which the one of least inertia is kept; "auto" is 10 for
        "huang" and "random", 3 for "k-means++", and "cao" is one in any case.
    max_iter : int, default=100
        Most iterations of an initialisation.
    random_state : int, RandomState or None, default=None
        Seed of the initial centres.

    Attributes
    ----------
    cluster_centers_ : ndarray of objects, shape (n_clusters, q)
        Modes; None in a column without any value.
    labels_ : ndarray of int, shape (n,)
        Cluster of each row.
    inertia_ : float
        Cost: how many values differ from the mode of their cluster.
    n_missing_ : ndarray of int, shape (q,)
        Missing values of each column.
    n_iter_ : int
        Iterations of the best initialisation.
    n_features_in_ : int
        Number of columns.
    categories_ : list of lists
        Categories of each column.
    encoded_centers_ : ndarray of shape (n_clusters, q)
        Places of the modes in ``categories_``.

    Raises
    ------
    InputError
        In ``fit``, if there are fewer rows than clusters.

    References
    ----------
    Huang (1998), "Extensions to the k-means algorithm for clustering large data sets with
    categorical values".

    Examples
    --------
    >>> animals = [["fur", "milk"], ["fur", None], ["feathers", "eggs"], ["scales", "eggs"]]
    >>> model = KModes(2, random_state=0).fit(animals)
    >>> model.inertia_, model.n_missing_
    (1.0, array([0, 1]))
    >>> model.predict([["fur", "honey"]]) == model.labels_[0]
    array([ True])
    """

    customary_for = "categorical"
    objective = "mismatches"
    score_meaning = "the number of columns that differ from the mode of the cluster"
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **CategoricalClusterer._parameter_constraints,
        "init": [StrOptions({"huang", "cao", "random", "k-means++"}), "array-like"],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Any = "huang",
        n_init: Any = "auto",
        max_iter: int = 100,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            n_clusters, init=init, n_init=n_init, max_iter=max_iter, random_state=random_state
        )

    def _resolved_n_init(self) -> int:
        drawn = isinstance(self.init, str) and self.init != "cao"
        return super()._resolved_n_init() if drawn else 1

    def _drawn_centers(self, rows: MixedDissimilarity, random: np.random.RandomState) -> Floats:
        if self.init == "huang":
            return _huang_centers(rows, self.n_clusters, random)
        if self.init == "cao":
            return _cao_centers(rows, self.n_clusters)
        return super()._drawn_centers(rows, random)
