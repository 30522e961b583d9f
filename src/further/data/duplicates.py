r"""Near-duplicates between training and test rows, which would falsify every held-out figure.

A test row is a near-duplicate when its distance to a training row, in encoded form, is at most

.. math:: \tau = \tilde r \, \min\bigl(0.1,\; (-\log_2 0.999)^{1/d}\bigr)

where :math:`\tilde r` is the median distance from a training row to its nearest other one. In data
of intrinsic dimension d the share of rows whose nearest neighbour lies within a fraction a of the
median is about :math:`1 - 2^{-a^d}`, so fewer than one row in a thousand comes that near by
chance; d is estimated from the ratios of second to first neighbour distances (Facco et al. 2017).

References
----------
E. Facco, M. d'Errico, A. Rodriguez, A. Laio (2017). Estimating the intrinsic dimension of datasets
by a minimal neighborhood information. Scientific Reports 7, 12140.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree
from sklearn.metrics import pairwise_distances_chunked
from sklearn.utils.extmath import randomized_svd

from further.data.dataset import Dataset
from further.data.kind import fit_encoding

LARGEST_FRACTION = 0.1
BY_CHANCE = 0.001
#: Training rows whose neighbours give the scale, as many as the work below allows.
MOST_PROBES = 1000
FEWEST_PROBES = 100
PROBE_OPERATIONS = 2e10
#: Orthogonal directions in which candidates are looked for; a projection never lengthens.
SEARCH_DIMENSIONS = 8
#: Of float32 rounding in the encoding.
TOLERANCE = 1e-6
MOST_PAIRS_KEPT = 1000


@dataclass(frozen=True)
class NearDuplicates:
    """Test rows that (nearly) stand in the training set too.

    Attributes
    ----------
    count : int
        Number of such test rows.
    share : float
        Their share of the test rows.
    threshold : float
        The distance in encoded form up to which a pair counts.
    pairs : tuple of (int, int)
        A test row and its nearest training row, nearest pairs first, at most 1000.
    exact : int
        How many of the test rows equal a training row.
    n_test : int
        Number of test rows.
    rule : str
        How the threshold came about, in a sentence.
    """

    count: int
    share: float
    threshold: float
    pairs: tuple[tuple[int, int], ...]
    exact: int
    n_test: int
    rule: str

    def to_json(self) -> dict[str, Any]:
        """Return the entries for ``evaluation.json``."""
        return {**self.__dict__, "pairs": [list(pair) for pair in self.pairs]}


def near_duplicates(train: Dataset, test: Dataset) -> NearDuplicates:
    """Find the test rows that nearly equal a training row.

    When to use: after the split and before any figure is trusted. When it fails: a picture that was
    shifted, mirrored or recoloured is no near-duplicate by distance, and in tables of few
    categories equal rows are no mistake.

    Parameters
    ----------
    train, test : Dataset
        Of the same kind and shape.

    Returns
    -------
    NearDuplicates
        Count, share, threshold and pairs.

    Raises
    ------
    InputError
        If the two differ in shape or columns.

    Examples
    --------
    >>> from further.data import load
    >>> digits = load("digits")
    >>> split = digits.split()
    >>> near_duplicates(digits.take(split.train), digits.take(split.test)).count
    0
    """
    encoding = fit_encoding(train)
    x = encoding.encode(train).reshape(len(train), -1)
    x_test = encoding.encode(test).reshape(len(test), -1)
    first = np.sort(np.unique(_row_bytes(x), return_index=True)[1])
    rows = x[first]
    scale, dimension = _spacing(rows)
    fraction = min(LARGEST_FRACTION, (-math.log2(1 - BY_CHANCE)) ** (1 / dimension))
    tolerance = TOLERANCE * math.sqrt(x.shape[1])
    threshold = max(fraction * scale, tolerance)
    found, nearest, distances = _within(rows, x_test, threshold)
    order = np.lexsort((found, distances))
    pairs = tuple((int(found[i]), int(first[nearest[i]])) for i in order[:MOST_PAIRS_KEPT])
    return NearDuplicates(
        count=len(found),
        share=len(found) / max(1, len(test)),
        threshold=float(threshold),
        pairs=pairs,
        exact=int((distances <= tolerance).sum()),
        n_test=len(test),
        rule=(
            f"distance of at most {threshold:.3g} in encoded form: {fraction:.2g} of the median "
            f"distance between neighbouring training rows ({scale:.3g}), which fewer than one row "
            f"in a thousand reaches by chance in data of intrinsic dimension {dimension:.2g}"
        ),
    )


def _row_bytes(x: np.ndarray) -> np.ndarray:
    """Return each row as one value that can be sorted, faster than ``np.unique`` along an axis."""
    packed = np.ascontiguousarray(x + 0.0)  # -0.0 and 0.0 are equal but not their bytes
    return packed.view(np.dtype((np.void, packed.dtype.itemsize * packed.shape[1])))[:, 0]


def _spacing(rows: np.ndarray) -> tuple[float, float]:
    """Return the median distance between neighbours and the intrinsic dimension."""
    n, d = rows.shape
    if n < 3:
        return 0.0, 1.0
    probes = int(np.clip(PROBE_OPERATIONS / (2 * n * d), FEWEST_PROBES, MOST_PROBES))
    chosen = np.random.default_rng(0).permutation(n)[:probes]
    chunks = pairwise_distances_chunked(
        rows[chosen],
        rows,
        reduce_func=lambda distances, _: np.partition(distances, (1, 2), axis=1)[:, 1:3],
        working_memory=64,
    )
    nearest = np.concatenate(list(chunks)).astype(np.float64)  # (probes, 2), itself left out
    ratios = nearest[:, 1] / np.maximum(nearest[:, 0], 1e-12)
    # The tenth with the largest ratios depends on density rather than dimension.
    logs = np.sort(np.log(ratios))[: max(1, int(0.9 * len(ratios)))]
    seen = len(logs) / len(ratios)
    total = logs.sum() + (1 - seen) * len(ratios) * logs[-1]  # a censored exponential
    dimension = len(logs) / total if total > 0 else float(d)
    return float(np.median(nearest[:, 0])), float(np.clip(dimension, 1.0, d))


def _within(
    rows: np.ndarray, x_test: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the test rows within the threshold of a row, the nearest such row, and how near.

    Distances in a few orthogonal directions, those along which the rows vary most, are lower
    bounds: a tree finds all that is within the threshold there, and it is then measured in full.
    """
    _, first, back = np.unique(_row_bytes(x_test), return_index=True, return_inverse=True)
    test_rows = x_test[first]
    sample = rows[np.random.default_rng(0).permutation(len(rows))[:2000]].astype(np.float64)
    sample -= sample.mean(axis=0)
    # Two iterations come near enough to the leading principal directions.
    directions = randomized_svd(sample, SEARCH_DIMENSIONS, n_iter=2, random_state=0)[2].T
    tree = cKDTree(rows.astype(np.float64) @ directions)
    projected = test_rows.astype(np.float64) @ directions
    slack = threshold * (1 + 1e-9) + 1e-9
    candidates = tree.query_ball_point(projected, slack, return_sorted=True)
    nearest = np.full(len(test_rows), -1)
    distances = np.full(len(test_rows), np.inf)
    for i, near in enumerate(candidates):
        if near:
            gaps = rows[near].astype(np.float64) - test_rows[i]
            lengths = np.sqrt(np.einsum("ij,ij->i", gaps, gaps))
            best = int(lengths.argmin())
            if lengths[best] <= threshold:
                nearest[i], distances[i] = near[best], lengths[best]
    nearest, distances = nearest[back], distances[back]
    found = np.flatnonzero(nearest >= 0)
    return found, nearest[found], distances[found]
