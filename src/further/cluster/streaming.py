r"""Exact k-means on data beyond memory and on several processes.

Every iteration goes once through the batches. With :math:`a(x)` the nearest centroid of x and o the
mean of all rows, which keeps the sums small, each process adds up over its share of the rows

.. math:: S_j = \sum_{a(x) = j} (x - o), \qquad n_j = \#\{x : a(x) = j\}, \qquad
   \text{inertia} = \sum_x \|x - c_{a(x)}\|^2,

in float64; the sums of all processes are added (all-reduce), and each has the same new centroids

.. math:: c_j = o + S_j / n_j.

That is Lloyd's iteration and no approximation of it: from the same start the centroids are those
of the table in memory, but for the rounding of sums in another order. Labels are not kept between
passes, so that the memory does not grow with the rows: the iteration has come to rest when no
centroid moved, which is when no row changed its cluster.
"""

from __future__ import annotations

import atexit
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_random_state, gen_batches

from further.cluster.dissimilarity.base import Floats
from further.cluster.exact.selection import assign
from further.data.batches import Batches
from further.errors import InputError
from further.train.files import PARTIAL
from further.train.processes import decided_by_first, is_alone, is_first, make_fabric

T = TypeVar("T")

#: Rows that starts are chosen from: at least so many, and so many for each cluster.
SAMPLE, SAMPLE_A_CLUSTER = 20_000, 100
_CHUNK_BYTES = 2**25


@dataclass
class _Sums:
    """What a pass over rows adds up."""

    sums: Floats
    counts: Floats
    inertia: float


class _Processes:
    """The processes of ``torchrun``, which add up their sums and fail together; or this one."""

    def __init__(self) -> None:
        self.rank, self.world = 0, 1
        if not is_alone():
            fabric = make_fabric()
            self.rank, self.world = fabric.global_rank, fabric.world_size
            # Threads that still listen for the others now and then abort a process that ends.
            atexit.unregister(_leave)
            atexit.register(_leave)

    def together(self, work: Callable[[], T]) -> T:
        """Do something in every process; where one refuses its input, all do."""
        if self.world == 1:
            return work()
        from torch import distributed

        value, message = None, None
        try:
            value = work()
        except InputError as error:
            message = str(error)
        messages: list[str | None] = [None] * self.world
        distributed.all_gather_object(messages, message)
        for found in messages:
            if found is not None:
                raise InputError(found)
        return value  # type: ignore[return-value]

    def total(self, values: Floats) -> Floats:
        """Return the sum over the processes, float64, the same to the bit in each."""
        if self.world == 1:
            return values
        import torch
        from torch import distributed

        tensor = torch.from_numpy(np.array(values, dtype=np.float64))
        distributed.all_reduce(tensor)
        return tensor.numpy()

    def gathered(self, value: T) -> list[T]:
        """Return what every process has, in their order."""
        if self.world == 1:
            return [value]
        from torch import distributed

        values: list[Any] = [None] * self.world
        distributed.all_gather_object(values, value)
        return values


def _leave() -> None:
    from torch import distributed

    if distributed.is_initialized():
        distributed.destroy_process_group()


class _Streamed:
    """The batches of this process, and passes over those of all."""

    def __init__(self, batches: Batches, n_threads: int | None) -> None:
        self.processes = _Processes()
        self.n_threads = n_threads
        self.share = batches.share(self.processes.rank, self.processes.world)
        n, mean, squares = self.processes.together(self._moments)
        total = self.processes.total
        self.n = int(total(np.array([float(n)]))[0])
        self.offset = total(n * mean) / max(self.n, 1)
        squares = total(squares + n * (mean - self.offset) ** 2)
        self.variance = float((squares / max(self.n, 1)).mean())

    def _moments(self) -> tuple[int, Floats, Floats]:
        """Return rows, means and sums of squared deviations; Chan's update of batches."""
        n, mean = 0, np.zeros(self.share.n_features)
        squares = np.zeros(self.share.n_features)
        for batch in self.share:
            m = len(batch)
            batch_mean = batch.mean(axis=0, dtype=np.float64)
            apart = batch_mean - mean
            squares += batch.var(axis=0, dtype=np.float64) * m + apart**2 * (n * m / (n + m))
            mean += apart * (m / (n + m))
            n += m
        return n, mean, squares

    def step(self, centers: Floats) -> tuple[Floats, _Sums]:
        """Return new centroids, and what was added up on the way."""
        found = self.look(centers)
        empty = np.flatnonzero(found.counts == 0)
        if len(empty):
            self._fill(centers, empty, found)
        new = self.offset + found.sums / np.maximum(found.counts, 1.0)[:, None]
        # As scikit-learn: what stays empty goes to the place of the largest.
        new[found.counts == 0] = new[int(found.counts.argmax())]
        return new, found

    def look(self, centers: Floats) -> _Sums:
        """Go through all rows once."""
        local = self.processes.together(lambda: self._look_at_share(centers))
        k, d = centers.shape
        flat = np.concatenate([local.sums.ravel(), local.counts, [local.inertia]])
        flat = self.processes.total(flat)
        return _Sums(flat[: k * d].reshape(k, d), flat[k * d : -1], float(flat[-1]))

    def _look_at_share(self, centers: Floats) -> _Sums:
        k, d = centers.shape
        found = _Sums(np.zeros((k, d)), np.zeros(k), 0.0)
        for batch in self.share:
            labels, squared = assign(batch, centers, n_threads=self.n_threads)
            found.inertia += float(squared.sum())
            found.counts += np.bincount(labels, minlength=k)
            for part in gen_batches(len(batch), max(1, _CHUNK_BYTES // (8 * d))):
                rows = batch[part].astype(np.float64) - self.offset
                m = len(rows)
                members = csr_array((np.ones(m), labels[part], np.arange(m + 1)), shape=(m, k))
                found.sums += members.T @ rows
        return found

    def _fill(self, centers: Floats, empty: NDArray[np.intp], found: _Sums) -> None:
        """Give each empty cluster a row that is farthest from its centroid, as scikit-learn."""
        local = self.processes.together(lambda: self._farthest(centers, len(empty)))
        squared, labels, rows = (
            np.concatenate(part) for part in zip(*self.processes.gathered(local), strict=True)
        )
        # Ties by value, so that the order does not depend on who read which row.
        order = np.lexsort([*rows.T, -squared])[: len(empty)]
        if squared[order[0]] == 0:  # fewer distinct rows than clusters
            return
        for new, at in zip(empty, order, strict=False):
            row = rows[at] - self.offset
            found.sums[labels[at]] -= row
            found.counts[labels[at]] -= 1
            found.sums[new], found.counts[new] = row, 1

    def _farthest(self, centers: Floats, n: int) -> tuple[Floats, NDArray[np.intp], Floats]:
        squared, labels = np.empty(0), np.empty(0, dtype=np.intp)
        rows = np.empty((0, centers.shape[1]))
        for batch in self.share:
            of, far = assign(batch, centers, n_threads=self.n_threads)
            near = np.argsort(-far, kind="stable")[:n]
            squared = np.concatenate([squared, far[near]])
            labels = np.concatenate([labels, of[near]])
            rows = np.concatenate([rows, batch[near]])
            kept = np.lexsort([*rows.T, -squared])[:n]
            squared, labels, rows = squared[kept], labels[kept], rows[kept]
        return squared, labels, rows


def fit(clusterer: T, batches: Batches) -> T:
    """Fit a :class:`KMeans` to batches; ``KMeans.fit`` comes here when it is given batches.

    Of processes that ``torchrun`` started, each goes through its share, and all end with the same
    centroids. Each iteration reads the data once, so a slow disk decides; set ``tol``, ``max_iter``
    and ``n_init`` accordingly.

    Parameters
    ----------
    clusterer : KMeans
        Its parameters are meant as in memory. Starts other than given centroids are chosen from a
        seeded sample of 20,000 rows, or 100 for each cluster where that is more; a table that has
        no more rows gets the start that it has in memory.
    batches : Batches
        Rows.

    Returns
    -------
    KMeans
        The estimator, with ``cluster_centers_``, ``inertia_`` and ``n_iter_``; ``labels_`` is None:
        :func:`predict_batches` goes through the batches once more for them.

    Raises
    ------
    InputError
        If there are fewer rows than clusters, or ``record=True``; what is wrong in the data is
        said by all processes alike.

    Examples
    --------
    >>> from further.cluster.kmeans import KMeans
    >>> X = np.random.default_rng(0).normal(size=(1000, 2))
    >>> streamed = KMeans(3, random_state=0).fit(Batches(X, rows=100, dtype="float64"))
    >>> in_memory = KMeans(3, random_state=0).fit(X)
    >>> bool(np.allclose(streamed.cluster_centers_, in_memory.cluster_centers_))
    True
    """
    estimator: Any = clusterer
    if estimator.record:
        raise InputError(
            "KMeans: record=True keeps every iteration of a table in memory; leave it out for "
            "batches."
        )
    data = _Streamed(batches, estimator.n_threads)
    k = estimator.n_clusters
    if data.n < k:
        raise InputError(
            f"KMeans: n_clusters={k} but the batches have {data.n} rows; choose n_clusters of at "
            f"most {data.n}."
        )
    starts = data.processes.together(lambda: _starts(estimator, batches) if is_first() else [])
    best: tuple[float, Floats, int, Floats] | None = None
    for start in decided_by_first(starts):
        found = _iterate(data, start, estimator.max_iter, estimator.tol * data.variance)
        if best is None or found[0] < best[0]:
            best = found
    if best is None:
        raise InputError("KMeans: there is no start; set n_init to at least 1.")
    estimator.inertia_, centers, estimator.n_iter_, counts = best
    estimator._exact_centers = centers
    estimator.cluster_centers_ = centers.astype(batches.dtype)
    estimator.labels_ = None
    estimator.n_features_in_ = batches.n_features
    estimator.__dict__.pop("feature_names_in_", None)
    if batches.is_named:
        estimator.feature_names_in_ = np.array(batches.feature_names, dtype=object)
    estimator._n_threads, estimator._n_features_out = 1, k
    if (counts == 0).any():
        warnings.warn(
            f"Number of distinct clusters ({(counts > 0).sum()}) found smaller than n_clusters "
            f"({k}). Possibly due to duplicate points in X.",
            ConvergenceWarning,
            stacklevel=3,
        )
    return clusterer


def _starts(estimator: Any, batches: Batches) -> list[Floats]:
    """Return the centroids to start from, one array (k, d) a start."""
    random_state = check_random_state(estimator.random_state)
    wanted = max(SAMPLE, SAMPLE_A_CLUSTER * estimator.n_clusters)
    init = estimator.init
    if not isinstance(init, str) and not callable(init):
        centers = check_array(init, dtype=np.float64, order="C", copy=True)
        estimator._validate_center_shape(np.empty((0, batches.n_features)), centers)
        return [centers]
    sample = batches.sample(wanted, random_state)
    several = 10 if callable(init) or init == "random" else 1
    one = {"n_init": 1, "max_iter": 1, "record": True, "random_state": random_state}
    # What the first iteration in memory starts from; each fit draws on from the same generator.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return [
            type(estimator)(**{**estimator.get_params(deep=False), **one})
            .fit(sample)
            .history_[0]
            .centers
            for _ in range(several if estimator.n_init == "auto" else estimator.n_init)
        ]


def _iterate(
    data: _Streamed, centers: Floats, max_iter: int, tol: float
) -> tuple[float, Floats, int, Floats]:
    """Return inertia, centroids, number of iterations and rows in each cluster."""
    shift, n_iter = np.inf, 0
    while n_iter < max_iter:
        n_iter += 1
        new, found = data.step(centers)
        shift = float(((new - centers) ** 2).sum())
        centers = new
        if shift <= tol:
            break
    if shift > 0:  # what was added up belongs to the centroids before the last move
        found = data.look(centers)
    return found.inertia, centers, n_iter, found.counts


def predict_batches(estimator: Any, batches: Batches) -> Iterator[tuple[NDArray[np.int32], Floats]]:
    """Yield the clusters of the rows of each batch, and how far they are from the centroids.

    Parameters
    ----------
    estimator : KMeans
        Fitted, on batches or in memory.
    batches : Batches
        Rows.

    Yields
    ------
    labels : ndarray of int32, shape (m,)
        Clusters.
    distances : ndarray of shape (m,)
        Euclidean distances to the nearest centroid.

    Raises
    ------
    InputError
        If the columns are not those of the fit.
    """
    if batches.n_features != estimator.n_features_in_:
        raise InputError(
            f"KMeans was fitted on {estimator.n_features_in_} columns, but the batches have "
            f"{batches.n_features}; choose the same with columns."
        )
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None and batches.is_named and list(names) != list(batches.feature_names):
        raise InputError(
            f"KMeans was fitted on the columns {', '.join(names)}, but the batches have "
            f"{', '.join(batches.feature_names)}; choose the same with columns."
        )
    for batch in batches:
        labels, squared = assign(batch, estimator._centers(), n_threads=estimator.n_threads)
        yield labels, np.sqrt(squared)


def write_assignments(estimator: Any, batches: Batches, path: str | Path) -> Path:
    """Write cluster and distance of every row, in order, to a CSV or Parquet file.

    Parameters
    ----------
    estimator : KMeans
        Fitted.
    batches : Batches
        Rows.
    path : path
        Parquet where the name ends so, else CSV. It appears when it is whole.

    Returns
    -------
    Path
        The path.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    path = Path(path)
    partial = path.with_name(PARTIAL + path.name)
    schema = pa.schema([("cluster", pa.int32()), ("distance", pa.float64())])
    make = parquet.ParquetWriter if path.suffix.lower() == ".parquet" else csv.CSVWriter
    try:
        with make(str(partial), schema) as writer:
            for labels, distances in predict_batches(estimator, batches):
                writer.write_table(pa.table([labels, distances], schema=schema))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path
