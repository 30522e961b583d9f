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

from further._sklearn import Interval
from further.cluster.dissimilarity.base import Floats
from further.cluster.dissimilarity.categories import is_number, read_numbers
from further.cluster.dissimilarity.mixed import MixedDissimilarity
from further.cluster.kmodes import CategoricalClusterer
from further.errors import InputError


def _estimate_gamma(numbers: Floats) -> float:
    """Return Huang's weight of a category: half the mean standard deviation of the numbers.

    Where no number varies there is nothing to weigh against, and it is 1.
    """
    some = ~np.isnan(numbers).all(axis=0)
    spread = float(np.nanstd(numbers[:, some], axis=0).mean()) if some.any() else 0.0
    return 0.5 * spread if spread > 0 else 1.0


class KPrototypes(CategoricalClusterer):
    """Clusters of rows of numbers and categories: k-means and k-modes in one cost.

    When to use: for mixed tables; bring the numbers to one scale first. A missing value (None, NaN)
    contributes nothing to the cost, and nothing to a mean or a mode; ``score_samples`` scales the
    cost up to all columns, and a row without any value scores 0. When it fails: the answer hangs on
    ``gamma``, a trade of apples for pears that no rule can settle, so try half and double; and
    numbers of unlike scale count by their scale.

    Parameters
    ----------
    n_clusters : int, default=8
        Number of clusters.
    categorical_features : list of int or str, optional
        Which columns are categories, by number or name; by default those of a DataFrame (or array
        of objects) that are not numbers. Booleans are categories.
    gamma : float, optional
        What a category that differs costs, in squared units of the numbers; by default Huang's
        half of the mean standard deviation of the numbers.
    init : "k-means++", "random" or array-like of shape (n_clusters, d), default="k-means++"
        Initial centres: rows drawn in proportion to their cost, rows drawn uniformly, or given
        prototypes.
    max_iter : int, default=100
        Most iterations of an initialisation.
    n_init, random_state
        See :class:`~further.cluster.alternating.AlternatingClusterer`.

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

    def _numbers(self, frame: pd.DataFrame) -> Floats:
        return read_numbers(frame.iloc[:, self._numeric()])

    def _words(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.iloc[:, self.categorical_features_]

    def _join(self, numbers: Any, words: Any) -> Any:
        joined = np.empty((*words.shape[:-1], self.n_features_in_), dtype=words.dtype)
        joined[..., self._numeric()] = numbers
        joined[..., self.categorical_features_] = words
        return joined

    def _dissimilarity(self, numbers: Floats, codes: Any, *, reset: bool) -> MixedDissimilarity:
        sizes = [len(known) for known in self.categories_]
        if not reset:
            return MixedDissimilarity(numbers, codes, sizes, self.gamma_, usual=self.usual_)
        self.gamma_ = _estimate_gamma(numbers) if self.gamma is None else float(self.gamma)
        rows = MixedDissimilarity(numbers, codes, sizes, self.gamma_)
        self.usual_ = rows.usual
        return rows

    def _numeric(self) -> Any:
        return np.setdiff1d(np.arange(self.n_features_in_), self.categorical_features_)

    def _find_columns(self, frame: pd.DataFrame) -> None:
        given, names, chosen = self.categorical_features, list(frame.columns), []
        if given is None:
            given = [j for j in range(len(names)) if not is_number(frame.iloc[:, j])]
        for feature in [given] if isinstance(given, str | Integral) else list(given):
            if isinstance(feature, str) and feature in names:
                chosen.append(names.index(feature))
            elif isinstance(feature, Integral) and 0 <= int(feature) < len(names):
                chosen.append(int(feature))
            else:
                raise InputError(
                    f"KPrototypes: categorical_features names {feature!r}, which X does not have; "
                    f"give names of its columns or numbers from 0 to {len(names) - 1}."
                )
        self.categorical_features_ = np.unique(np.array(chosen, dtype=np.int64))
