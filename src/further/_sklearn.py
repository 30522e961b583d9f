"""scikit-learn's private parts that further uses, in one place, so that one file follows a change.

``_param_validation`` is how scikit-learn's own estimators declare the limits of their parameters,
and ``_fit_context`` is what checks them; k-means has one iteration, and the number of threads, from
compiled modules, which are imported when they are called. None has a public counterpart.
``check_feature_names`` sets or compares ``feature_names_in_`` of tables that ``validate_data``
does not take, those with columns of text.
"""

from __future__ import annotations

from typing import Any

from sklearn.base import _fit_context as fit_context
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
    make_constraint,
)
from sklearn.utils.validation import _check_feature_names as check_feature_names
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

__all__ = [
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "StrOptions",
    "boosted_trees",
    "check_feature_names",
    "check_sample_weight",
    "effective_n_threads",
    "fit_context",
    "lloyd_iteration",
    "make_constraint",
]


def boosted_trees(model: Any) -> list[Any]:
    """Return the trees of a fitted histogram-based gradient boosting, whose list is private."""
    return [tree for step in model._predictors for tree in step]


def effective_n_threads() -> int:
    """Return how many threads scikit-learn's compiled code would use."""
    from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

    return int(_openmp_effective_n_threads())


def lloyd_iteration(*arrays: Any, update_centers: bool = True) -> None:
    """Do one iteration of scikit-learn's k-means on dense rows, into the arrays that it is given.

    Parameters
    ----------
    *arrays
        Rows, their weights, centroids, new centroids, their weights, labels, the centroids'
        movements, and the number of threads.
    update_centers : bool
        Whether to move the centroids.
    """
    from sklearn.cluster._k_means_lloyd import lloyd_iter_chunked_dense

    lloyd_iter_chunked_dense(*arrays, update_centers=update_centers)
