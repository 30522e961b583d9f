r"""k-prototypes: clusters of rows of numbers and categories.

.. math:: J = \sum_{i=1}^n \Bigl( \sum_{m \text{ number}} (x_{im} - c_{l_i m})^2
          + \gamma \sum_{m \text{ category}} [x_{im} \ne c_{l_i m}] \Bigr), \qquad
          \gamma = \tfrac12 \operatorname{mean}_m \operatorname{std}(x_{\cdot m}),

over the known values; a prototype c has the means and the modes of its rows.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.utils.validation import validate_data

from further._sklearn import Interval
from further.cluster.alternating import Partition
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.categories import (
    MISSING,
    as_frame,
    decode_columns,
    encode_columns,
    is_number,
    learn_columns,
    read_numbers,
)
from further.cluster.dissimilarity.mixed import MixedDissimilarity
from further.cluster.kmodes import CategoricalClusterer, refuse_unseen
from further.errors import InputError


def estimate_gamma(numbers: Floats) -> float:
    """Return Huang's weight of a category: half the mean standard deviation of the numbers.

    Where no number varies there is nothing to weigh against, and it is 1.

    Parameters
    ----------
    numbers : ndarray of shape (n, p)
        NaN is missing.

    Examples
    --------
    >>> estimate_gamma(np.array([[0.0, 1.0], [2.0, np.nan], [np.nan, 3.0]]))
    0.5
    """
    some = ~np.isnan(numbers).all(axis=0)
    spread = float(np.nanstd(numbers[:, some], axis=0).mean()) if some.any() else 0.0
    return 0.5 * spread if spread > 0 else 1.0


class KPrototypes(CategoricalClusterer):
    """Clusters of rows of numbers and categories: k-means and k-modes in one cost.

    When to use: for mixed tables; bring the numbers to one scale first. A missing value (None,
    NaN) contributes nothing to the cost, and nothing to a mean or a mode. When it fails: the
    answer hangs on ``gamma``, a trade of apples for pears that no rule can settle, so try half and
    double; and numbers of unlike scale count by their scale.

    Parameters
    ----------
    n_clusters : int
        Number of clusters.
    categorical_features : list of int or str, optional
        Which columns are categories, by number or name; by default those of a DataFrame (or array
        of objects) that are not numbers. Booleans are categories.
    gamma : float, optional
        What a category that differs costs, in squared units of the numbers; by default Huang's
        half of the mean standard deviation of the numbers.
    init : "k-means++", "random" or array-like of shape (n_clusters, d)
        Initial centres: rows drawn in proportion to their cost, rows drawn uniformly, or given
        prototypes.
    n_init : "auto" or int
        Number of initialisations, of which the one of least inertia is kept; "auto" is 3 for
        "k-means++", 10 for "random".
    max_iter : int
        Most iterations of an initialisation.
    random_state : int, RandomState or None
        Seed of the initial centres.

    Attributes
    ----------
    cluster_centers_ : ndarray of objects, shape (n_clusters, d)
        Prototypes, in the order of the columns; None (or NaN) in a column without any value.
    labels_ : ndarray of int, shape (n,)
        Cluster of each row.
    inertia_ : float
        Cost of the rows at their prototypes.
    gamma_ : float
        Weight of a category that differs.
    categorical_features_ : ndarray of int
        Numbers of the columns that are categories.
    n_missing_ : ndarray of int, shape (d,)
        Missing values of each column.
    n_iter_ : int
        Iterations of the best initialisation.
    n_features_in_ : int
        Number of columns.
    categories_ : list of lists
        Categories of each column of categories.
    encoded_centers_ : ndarray of shape (n_clusters, d)
        Means of the numbers, then places of the modes in ``categories_``.
    usual_ : ndarray of shape (d,)
        Mean or most frequent category in all rows, in the same order.

    Raises
    ------
    InputError
        In ``fit``, if there are fewer rows than clusters, or a named column is not in X.

    References
    ----------
    Huang (1998), "Extensions to the k-means algorithm for clustering large data sets with
    categorical values".

    Examples
    --------
    >>> X = pd.DataFrame({"kg": [1.0, 1.2, 9.0, None], "coat": ["fur", "fur", None, "scales"]})
    >>> model = KPrototypes(2, random_state=0).fit(X)
    >>> model.labels_[0] == model.labels_[1] != model.labels_[2], round(model.gamma_, 3)
    (np.True_, 1.862)
    """

    customary_for = "mixed"
    objective = "squared euclidean and mismatches"
    score_meaning = (
        "the cost at the prototype of the cluster: squared differences of the numbers and the "
        "weight of each category that differs"
    )
    gamma_: float
    usual_: Floats
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **CategoricalClusterer._parameter_constraints,
        "categorical_features": ["array-like", Integral, str, None],
        "gamma": [Interval(Real, 0, None, closed="left"), None],
    }

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        categorical_features: Any = None,
        gamma: float | None = None,
        init: Any = "k-means++",
        n_init: Any = "auto",
        max_iter: int = 100,
        random_state: Any = None,
    ) -> None:
        self.categorical_features = categorical_features
        self.gamma = gamma
        super().__init__(
            n_clusters, init=init, n_init=n_init, max_iter=max_iter, random_state=random_state
        )

    def _validated(self, X: Any, *, reset: bool) -> MixedDissimilarity:
        frame = as_frame(X)
        validate_data(self, X, reset=reset, skip_check_array=True)
        if reset:
            self.categorical_features_ = self._find_categorical(frame)
        numbers = read_numbers(frame.iloc[:, self._numeric()])
        words = frame.iloc[:, self.categorical_features_]
        if not reset:
            codes = encode_columns(words, self.categories_)
            return self._mixed(numbers, codes, self.usual_)
        self.categories_, codes = learn_columns(words)
        self.gamma_ = estimate_gamma(numbers) if self.gamma is None else float(self.gamma)
        self.n_missing_ = np.zeros(frame.shape[1], dtype=np.int64)
        self.n_missing_[self._numeric()] = np.isnan(numbers).sum(axis=0)
        self.n_missing_[self.categorical_features_] = (codes == MISSING).sum(axis=0)
        rows = self._mixed(numbers, codes)
        self.usual_ = rows.usual
        return rows

    def _mixed(self, numbers: Floats, codes: Any, usual: Any = None) -> MixedDissimilarity:
        sizes = [len(c) for c in self.categories_]
        return MixedDissimilarity(numbers, codes, sizes, self.gamma_, usual=usual)

    def _numeric(self) -> Any:
        return np.setdiff1d(np.arange(self.n_features_in_), self.categorical_features_)

    def _find_categorical(self, frame: pd.DataFrame) -> Any:
        given = self.categorical_features
        if given is None:
            chosen = [j for j in range(frame.shape[1]) if not is_number(frame.iloc[:, j])]
            return np.array(chosen, dtype=np.int64)
        names = list(frame.columns)
        listed = [given] if isinstance(given, str | Integral) else list(given)
        chosen = []
        for feature in listed:
            if isinstance(feature, str) and feature in names:
                chosen.append(names.index(feature))
            elif isinstance(feature, Integral) and 0 <= int(feature) < len(names):
                chosen.append(int(feature))
            else:
                raise InputError(
                    f"KPrototypes: categorical_features names {feature!r}, which X does not have; "
                    f"give names of its columns or numbers from 0 to {len(names) - 1}."
                )
        return np.unique(np.array(chosen, dtype=np.int64))

    def _given_centers(self, rows: MixedDissimilarity) -> Floats:
        frame = as_frame(self.init)
        self._check_init(np.empty(frame.shape), self.n_features_in_)
        words = frame.iloc[:, self.categorical_features_]
        codes = encode_columns(words, self.categories_)
        refuse_unseen(type(self).__name__, words, codes)
        given = np.hstack([read_numbers(frame.iloc[:, self._numeric()]), codes])
        missing = np.isnan(given)
        missing[:, rows.p :] = codes == MISSING
        return np.where(missing, rows.usual, given)

    def _keep(self, rows: MixedDissimilarity, best: Partition) -> None:
        self.encoded_centers_ = best.centers
        prototypes = np.full((len(best.centers), self.n_features_in_), None, dtype=object)
        prototypes[:, self._numeric()] = best.centers[:, : rows.p]
        codes = best.centers[:, rows.p :].astype(int)
        prototypes[:, self.categorical_features_] = decode_columns(codes, self.categories_)
        self.cluster_centers_ = prototypes
