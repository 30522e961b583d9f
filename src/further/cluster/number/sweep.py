r"""One clustering for every number of clusters, in one call that shares the work between them.

For k-means each k is given fresh initialisations and one warm start: the centroids of k - 1 and a
new one, drawn with probability proportional to the squared distance from the nearest of them
(Arthur and Vassilvitskii, 2007),

.. math:: C_k^{(0)} = C_{k-1} \cup \{x\}, \qquad
          P(x) \propto \min_{c \in C_{k-1}} \lVert x - c \rVert^2,

of which the one that lowers the inertia most among a few draws is taken. The better of fresh and
warm is kept: a warm start alone is quick, but it sometimes gets stuck where fresh ones do not.
In large data all of them are run on a random sample, and all rows are iterated once, from the
centroids of the best of them (Bradley and Fayyad, 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, TypeVar

import numpy as np
import sklearn.cluster

from further.cluster.alternating import fit_each
from further.cluster.kmeans import KMeans

T = TypeVar("T")

#: Fresh initialisations of k-means for each k, where the estimator leaves their number open.
N_INIT = 5
#: In more rows than this, initialisations are tried on a random sample of as many rows.
ROUGH_ROWS = 10_000
#: Draws among which the new centroid of a warm start is chosen.
CANDIDATES = 8


def is_kmeans(estimator: Any) -> bool:
    """Whether an estimator is Lloyd's k-means, which can be started warm."""
    return isinstance(estimator, KMeans | sklearn.cluster.KMeans)


def take_rows(X: T, rows: np.ndarray) -> T:
    """Return some rows of an array or a DataFrame.

    Parameters
    ----------
    X : array or DataFrame of shape (n, d)
        The rows.
    rows : ndarray of int
        Their numbers.

    Returns
    -------
    array or DataFrame
        Of the same type; a DataFrame is numbered anew.
    """
    table: Any = X
    taken: T = table.iloc[rows].reset_index(drop=True) if hasattr(X, "iloc") else table[rows]
    return taken


def sample_rows(n: int, size: int, random_state: int | np.random.Generator) -> np.ndarray:
    """Return sorted numbers of ``size`` rows of n drawn without replacement, or of all n.

    Parameters
    ----------
    n : int
        Rows that there are.
    size : int
        Rows that are wanted at most.
    random_state : int or Generator
        Seed.

    Returns
    -------
    ndarray of int
        The numbers, ascending.
    """
    if n <= size:
        return np.arange(n)
    return np.sort(np.random.default_rng(random_state).choice(n, size, replace=False))


def with_parameters(estimator: T, **wanted: Any) -> T:
    """Return an unfitted copy of an estimator with other parameters.

    Parameters
    ----------
    estimator : estimator
        What to copy.
    **wanted
        Parameters by name; those that the estimator lacks are left out, and ``n_clusters`` becomes
        ``n_components`` where that is its name for it.

    Returns
    -------
    estimator
        The copy.
    """
    # Not cloned: thousands of small fits would spend a third of their time on it.
    cls: Any = type(estimator)
    known = cls.get_params(estimator, deep=False)
    if "n_clusters" in wanted and "n_clusters" not in known and "n_components" in known:
        wanted["n_components"] = wanted.pop("n_clusters")
    made: T = cls(**{**known, **{name: wanted[name] for name in wanted.keys() & known}})
    return made


def without_given_centers(estimator: T) -> T:
    """Return an unfitted copy that draws its centres where they are given.

    Those of one number of clusters, or of all rows, cannot initialise what is fitted to others.
    """
    cls: Any = type(estimator)
    init = getattr(estimator, "init", None)
    given = init is not None and not isinstance(init, str) and not callable(init)
    return with_parameters(estimator, **({"init": cls().init} if given else {}))


def sweep(
    X: Any,
    ks: Sequence[int],
    *,
    estimator: Any = None,
    n_init: int | None = None,
    random_state: int | np.random.Generator | None = None,
) -> dict[int, Any]:
    """Fit an estimator for each number of clusters; k-means is helped by the solution for one less.

    The inertia is as low as that of single fits or lower in nearly all cases, but it need not be
    the same local minimum.

    Parameters
    ----------
    X : array or DataFrame of shape (n, d)
        Rows, as the estimator takes them.
    ks : sequence of int
        Numbers of clusters, ascending, each of at most n.
    estimator : estimator with ``n_clusters``, optional
        Default: :class:`~further.cluster.kmeans.KMeans`.
    n_init : int, optional
        Fresh initialisations of k-means for each k; default: the estimator's own, or 5.
    random_state : int, Generator or None
        Seed.

    Returns
    -------
    dict of int to estimator
        Fitted estimators by number of clusters.

    References
    ----------
    Arthur, D. and Vassilvitskii, S. (2007). k-means++: the advantages of careful seeding. SODA.

    Bradley, P. S. and Fayyad, U. M. (1998). Refining initial points for k-means clustering. ICML.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.repeat([[0.0], [1.0], [10.0], [11.0]], 5, axis=0)
    >>> fits = sweep(X, [1, 2, 4], random_state=0)
    >>> [float(fits[k].inertia_) for k in (1, 2, 4)]
    [505.0, 5.0, 0.0]
    """
    rng = np.random.default_rng(random_state)
    estimator = KMeans() if estimator is None else without_given_centers(estimator)
    seeded = "random_state" in estimator.get_params(deep=False)

    def single(k: int, **wanted: Any) -> Any:
        seed = {"random_state": int(rng.integers(2**31 - 1))} if seeded else {}
        return with_parameters(estimator, n_clusters=k, **seed, **wanted)

    if not is_kmeans(estimator):
        others = {k: single(k) for k in ks}
        fit_each(list(others.values()), X)
        return others
    own = getattr(estimator, "n_init", None)
    n_init = n_init or (max(int(own), 1) if isinstance(own, Integral) else N_INIT)
    rough = X
    if len(X) > ROUGH_ROWS:
        rough = np.ascontiguousarray(X[sample_rows(len(X), ROUGH_ROWS, rng)])
    fits: dict[int, Any] = {}
    last: Any = None
    for k in ks:
        # One centroid is the mean wherever it starts.
        fresh = single(k, n_init=1 if k == 1 else n_init)
        fitted = fresh.fit(rough)
        if last is not None:
            warm = _warm_start(rough, last.cluster_centers_, last.labels_, k, rng)
            other = with_parameters(fresh, init=warm, n_init=1).fit(rough)
            if other.inertia_ < fitted.inertia_:
                fitted = other
        last = fitted
        if rough is not X:
            fitted = with_parameters(fresh, init=fitted.cluster_centers_, n_init=1).fit(X)
        # The reported parameters are those that anyone could pass, not the centroids.
        fitted.init, fitted.n_init = fresh.init, fresh.n_init
        fits[k] = fitted
    return fits


def _warm_start(
    X: np.ndarray, centers: np.ndarray, labels: np.ndarray, k: int, rng: np.random.Generator
) -> np.ndarray:
    """Add centroids by k-means++ to those of a smaller k; labels say which is nearest."""
    X = np.asarray(X)
    found = [np.asarray(centers, dtype=X.dtype)]
    # About the mean, so that squares of differences can come from products without cancellation.
    mean = X.mean(axis=0)
    rows = X - mean
    norms = np.einsum("ij,ij->i", rows, rows)
    away = X - found[0][labels]
    squared = np.einsum("ij,ij->i", away, away)
    for _ in range(k - len(centers)):
        cumulative = np.cumsum(squared, dtype=np.float64)
        draws = rng.random(min(CANDIDATES, len(X)))
        if cumulative[-1] > 0:
            drawn = np.searchsorted(cumulative, draws * cumulative[-1], side="right")
        else:
            drawn = (draws * len(X)).astype(int)
        drawn = np.minimum(drawn, len(X) - 1)
        distances = norms[drawn, None] + norms - 2 * (rows[drawn] @ rows.T)
        left = np.clip(distances, 0, squared)
        best = int(np.argmin(left.sum(axis=1, dtype=np.float64)))
        squared = left[best]
        found.append(X[drawn[best]][None, :])
    return np.ascontiguousarray(np.vstack(found))
