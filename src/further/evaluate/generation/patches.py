r"""What the patches of pictures look like: features that see texture and edges.

Principal components of natural pictures are smooth waves, on which a smear without any object in it
has the right variances. What a smear lacks shows in small patches: patches of the training
pictures, with brightness and contrast taken off and whitened, are clustered by k-means, and a
picture is described by how near its patches are to each centre,

.. math:: f_k = \max(0, \bar d - d_k), \quad d_k = \lVert p - c_k \rVert, \quad
          \bar d = \frac{1}{K} \sum_k d_k,

averaged over each quarter of the picture.

References
----------
Coates, Ng and Lee 2011, "An analysis of single-layer networks in unsupervised feature learning".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import MiniBatchKMeans

Floats = NDArray[np.floating[Any]]

SIDE = 6
STRIDE = 2
CENTRES = 64
FITTED_PATCHES = 20_000
# Added to the variance of a patch, and to the eigenvalues in whitening, as a share of their mean:
# flat patches and the finest noise are not blown up.
CONTRAST_FLOOR, WHITENING_FLOOR = 0.05, 0.1
ROWS_AT_A_TIME = 100


class PatchFeatures:
    """A map from pictures to shares of kinds of patches, fitted on training pictures.

    Parameters
    ----------
    rows : ndarray of shape (n, channels * height * width)
        Training pictures.
    shape : tuple of int
        ``(channels, height, width)``.
    seed : int
        Of the choice of patches and of the clustering.

    Examples
    --------
    >>> rows = np.random.default_rng(0).random((40, 3 * 12 * 12))
    >>> PatchFeatures(rows, (3, 12, 12), seed=0)(rows).shape
    (40, 256)
    """

    def __init__(self, rows: Floats, shape: tuple[int, ...], seed: int) -> None:
        self.shape = shape
        rng = np.random.default_rng(seed)
        # The same number of patches of every picture that is looked at.
        per_picture = self._patches(rows[:1]).shape[1]
        chosen = rng.permutation(len(rows))[: max(1, 4 * FITTED_PATCHES // per_picture)]
        patches = np.concatenate([self._patches(rows[[i]])[0] for i in chosen])
        patches = patches[rng.permutation(len(patches))[:FITTED_PATCHES]]
        self._floor = CONTRAST_FLOOR * float(patches.var(axis=1).mean()) + 1e-12
        patches = self._normalised(patches)
        self._mean = patches.mean(axis=0)
        values, vectors = np.linalg.eigh(np.cov((patches - self._mean).T))
        scale = 1 / np.sqrt(np.maximum(values, 0) + WHITENING_FLOOR * max(values.mean(), 1e-12))
        self._whitening = (vectors * scale) @ vectors.T
        white = (patches - self._mean) @ self._whitening
        self._k = min(CENTRES, len(white))
        means = MiniBatchKMeans(self._k, n_init=1, batch_size=2048, random_state=seed)
        self._centres = means.fit(white).cluster_centers_

    def __call__(self, rows: Floats) -> Floats:
        """Return the features of pictures ``(n, size)``, four for each centre."""
        parts = [
            self._pooled(rows[start : start + ROWS_AT_A_TIME])
            for start in range(0, len(rows), ROWS_AT_A_TIME)
        ]
        return np.concatenate(parts)

    def _pooled(self, rows: Floats) -> Floats:
        patches = self._normalised(self._patches(rows))
        white = (patches - self._mean) @ self._whitening
        squares = np.square(white).sum(-1, keepdims=True) + np.square(self._centres).sum(-1)
        distance = np.sqrt(np.maximum(squares - 2 * white @ self._centres.T, 0))
        near = np.maximum(distance.mean(-1, keepdims=True) - distance, 0)
        grid = near.reshape(len(rows), *self._grid, self._k)
        tall, wide = (-(-side // 2) for side in self._grid)
        quarters = [
            grid[:, i : i + tall, j : j + wide].mean(axis=(1, 2))
            for i in (0, self._grid[0] - tall)
            for j in (0, self._grid[1] - wide)
        ]
        return np.concatenate(quarters, axis=1)

    @property
    def _grid(self) -> tuple[int, int]:
        _, height, width = self.shape
        side = min(SIDE, height, width)
        return (height - side) // STRIDE + 1, (width - side) // STRIDE + 1

    def _patches(self, rows: Floats) -> Floats:
        """Return the patches ``(n, places, values)`` of pictures."""
        channels, height, width = self.shape
        side = min(SIDE, height, width)
        pictures = rows.reshape(-1, channels, height, width)
        windows = np.lib.stride_tricks.sliding_window_view(pictures, (side, side), axis=(2, 3))
        windows = windows[:, :, ::STRIDE, ::STRIDE].transpose(0, 2, 3, 1, 4, 5)
        return windows.reshape(len(rows), windows.shape[1] * windows.shape[2], -1)

    def _normalised(self, patches: Floats) -> Floats:
        centred = patches - patches.mean(axis=-1, keepdims=True)
        return centred / np.sqrt(centred.var(axis=-1, keepdims=True) + self._floor)
