"""The copy as a control: it resamples the training rows, and must be caught doing so.

Every distance between distributions likes it; only what looks for memorization does not. A
generative model that is no better than a copy has brought nothing.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from further.data.dataset import Dataset
from further.generate.generative_estimator import Condition, GenerativeEstimator
from further.train.energy import Energy
from further.train.fit import Fit


class Copy(GenerativeEstimator):
    """Copy of training rows, drawn with replacement: the cheat that every comparison includes.

    Use it only as a control. It fails at the one thing that a generator is for: it makes nothing
    new, and gives the training rows away.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of the draws.

    Examples
    --------
    >>> import numpy as np
    >>> from further.generate.copy import Copy
    >>> X = np.arange(12.0).reshape(4, 3)
    >>> Copy(random_state=0).fit(X).sample(5).shape
    (5, 3)
    """

    is_copy = True

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        start = time.perf_counter()
        labels = np.zeros(len(dataset), dtype=np.int64)
        if self.spec_.n_classes and dataset.codes is not None:
            labels = dataset.codes
        self.rows_, self.labels_ = self.encoding_.encode(dataset), labels
        self.n_parameters_ = 0
        seconds, none = time.perf_counter() - start, Energy(0.0, "no training", cpu_seconds=0.0)
        self.cost_ = Fit(flops=0, seconds=seconds, energy=none).to_json()

    def _draw(self, n: int, condition: Condition, seed: int) -> np.ndarray:
        return self.rows_[self._choose(n, condition, np.random.default_rng(seed))]

    def _choose(self, n: int, condition: Condition, rng: np.random.Generator) -> np.ndarray:
        """Return the numbers of training rows of the classes that are asked for."""
        wanted = condition.get("y", np.zeros(n, dtype=np.int64))
        chosen = np.empty(n, dtype=np.int64)
        for label in np.unique(wanted):
            here = np.flatnonzero(wanted == label)
            candidates = np.flatnonzero(self.labels_ == label)
            # A class of which no row was seen is drawn from all.
            chosen[here] = rng.choice(
                candidates if len(candidates) else np.arange(len(self.rows_)), size=len(here)
            )
        return chosen
