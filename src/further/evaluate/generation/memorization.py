r"""Memorization: how many samples lie closer to a training row than new data normally do.

With :math:`q` the 1 % quantile of the distances of validation rows to their nearest training row,
it is the share of samples that lie nearer than :math:`q`, or at 0. The same share of the test rows
is what it is read against. The quantile is that low since a smooth model lies nearer to the data
than new data do, without copying any of them; a copier lies at 0. *Nearer* matters in tables of
categories, where most rows may be exactly one category away from a training row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.distance import nearest
from further.evaluate.interval import Score, score_from_examples

Floats = NDArray[np.floating[Any]]

QUANTILE = 0.01
TIED_SHARE = 0.05


class NearestTraining:
    """Distances to the training rows, and the distance below which new data rarely lie.

    Use it to tell a copier from a model, and to show the nearest pairs.
    It fails where real rows repeat each other (a table of few categories): then a copy is as
    likely as any row, the threshold is 0, and the share of the test rows says so. Where they are
    distinct but few are possible, even a perfect model draws training rows.

    Parameters
    ----------
    train, validation : ndarray of shapes (n, d), (m, d)
        Raw values: features may put two different rows on one spot.

    Attributes
    ----------
    threshold : float
        The distance q.
    typical : float
        The median distance of validation rows.
    tied : bool
        Whether many validation rows lie at q exactly, as in tables of categories.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> train, validation, test = rng.normal(size=(3, 200, 4))
    >>> training = NearestTraining(train, validation)
    >>> training.score(train).value, training.score(test).value < 0.05
    (1.0, True)
    """

    def __init__(self, train: Floats, validation: Floats) -> None:
        self._train = np.ascontiguousarray(train, dtype=np.float32)
        far = nearest(validation, self._train)[1][:, 0]
        self.threshold = float(np.quantile(far, QUANTILE))
        at_threshold = np.isclose(far, self.threshold, rtol=1e-6, atol=0.0)
        self.tied = self.threshold > 0 and len(far) >= 20 and at_threshold.mean() > TIED_SHARE
        self.typical = float(np.median(far))

    def nearest(self, samples: Floats) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the number of the training row nearest to each sample, and its distance."""
        rows, far = nearest(samples, self._train)
        return rows[:, 0], far[:, 0]

    def score(self, samples: Floats, seed: int = 0) -> Score:
        """Return the share of samples that lie nearer to a training row than the threshold.

        Parameters
        ----------
        samples : ndarray of shape (n, d)
            Raw values.
        seed : int
            Of the bootstrap.

        Returns
        -------
        Score
            The detail holds the share at a distance of 0 and the median distance, as a multiple
            of that of validation rows.
        """
        far = self.nearest(samples)[1]
        # Rounding may move an exact tie with the threshold by its last digit.
        within = (far < self.threshold * (1 - 1e-6)) | (far == 0)
        detail = {
            "threshold": self.threshold,
            "exact_copies": float((far == 0).mean()),
            "median_distance": float(np.median(far)),
            "median_distance_of_validation": self.typical,
        }
        return score_from_examples(
            within.astype(np.float64), limits=(0.0, 1.0), seed=seed, detail=detail
        )
