"""The fixed protocol by which the samples of every generative model are judged.

One judge is built from one split and then looks at samples only, so it cannot favour a model. Each
metric is read between two ends: what held-out rows score (*real*: validation against test) and
what uniform noise scores. The same test rows, the same halves of them, the same folds and the same
subsets serve every model, so that differences are paired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from further.data.spec import Block
from further.errors import InputError
from further.evaluate.distance import distances
from further.evaluate.features import FeatureSpace
from further.evaluate.frechet_distance import frechet_score
from further.evaluate.interval import DRAWS, Score, half_samples
from further.evaluate.kernel_distance import kernel_distance, median_bandwidth
from further.evaluate.memorization import QUANTILE, NearestTraining
from further.evaluate.neighbours import NEIGHBOURS, neighbour_scores
from further.evaluate.noise import uniform_values
from further.evaluate.support_vectors import COST, kernel_width
from further.evaluate.two_sample import FOLDS, two_sample_accuracy

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.floating[Any]]

# What grows with the square of the rows looks at a random subset where there are more.
MOST_ROWS = 2000
MOST_TWO_SAMPLE_ROWS = 1000


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows as the judge sees them: encoded and flat, with classes and, for tables, the source's form.

    Attributes
    ----------
    x : ndarray of float32, shape (n, d) or (n, ...)
        Encoded values; they are flattened.
    y : ndarray of int64, shape (n,), or None
        Classes; for samples, those that were asked for.
    frame : DataFrame or None
        Tables: the same rows decoded, features only.
    """

    x: Floats
    y: NDArray[np.integer[Any]] | None = None
    frame: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.x)

    def take(self, indices: NDArray[np.intp]) -> Rows:
        """Return some of the rows."""
        return Rows(
            self.x[indices],
            None if self.y is None else self.y[indices],
            None if self.frame is None else self.frame.iloc[indices].reset_index(drop=True),
        )

    def first(self, n: int) -> Rows:
        """Return the first n rows."""
        return self if len(self) <= n else self.take(np.arange(n))


class GenerativeJudge:
    """A fixed protocol of evaluation, built once from one split.

    Parameters
    ----------
    train, validation, test : Rows
        The split; only test rows are compared with samples.
    kind : {"images", "table"}
        What the rows are.
    seed : int
        Of every random choice in the protocol.
    integer_grid : int, optional
        Pictures of integers: the number of grey levels.
    blocks : sequence of Block
        Tables: the columns in their encoded form.

    Raises
    ------
    InputError
        When one part of the split has fewer than 2 rows, or values that are not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> train, validation, test, good = (Rows(rng.normal(size=(100, 4))) for _ in range(4))
    >>> judge = GenerativeJudge(train, validation, test, kind="table")
    >>> scores = judge.score(good)
    >>> scores["kernel_distance"].value < 0.02 < judge.noise["kernel_distance"]
    True
    """

    def __init__(
        self,
        train: Rows,
        validation: Rows,
        test: Rows,
        *,
        kind: Literal["images", "table"],
        seed: int = 0,
        integer_grid: int | None = None,
        blocks: Sequence[Block] = (),
    ) -> None:
        for name, part in (("training", train), ("validation", validation), ("test", test)):
            if len(part) < 2:
                raise InputError(
                    f"evaluation: the {name} split has {len(part)} row; it needs at least 2, so "
                    "give more rows or a larger share to it."
                )
            _check_finite(part, f"the {name} split")
        self.kind = kind
        self.seed = seed
        self._blocks = tuple(blocks)
        self._levels = integer_grid
        self._train = _flat(train)
        rng = np.random.default_rng(seed)
        self._validation = _subset(_flat(validation), MOST_ROWS, rng)
        self._test = _subset(_flat(test), MOST_ROWS, rng)
        self._features = FeatureSpace(self._train.x, self._train.y, seed)
        few = _subset(self._train, MOST_ROWS, rng)
        self._bandwidth = median_bandwidth(self._features(few.x))
        self._gamma = kernel_width(few.x)
        self._training = NearestTraining(self._train.x, self._validation.x)
        self._test_features = self._features(self._test.x)
        self._test_distances = distances(self._test_features)
        self._test_halves = half_samples(len(self._test), DRAWS, seed)
        self.protocol: dict[str, Any] = self._describe()
        noise = Rows(
            uniform_values(
                self._train.x, len(self._test), rng, levels=self._levels, blocks=self._blocks
            )
        )
        self.real = _values(self.score(self._validation))
        self.noise = _values(self.score(noise))
        self.real["memorization"] = self._training.score(self._test.x).value

    @property
    def n_samples(self) -> int:
        """Number of samples that :meth:`score` asks for: as many as test rows."""
        return len(self._test)

    def score(self, samples: Rows) -> dict[str, Score | None]:
        """Judge samples.

        Parameters
        ----------
        samples : Rows
            Encoded on the source's own grid (pictures rounded to grey levels), drawn at random:
            the first :attr:`n_samples` are compared with the test rows.

        Returns
        -------
        dict of str to Score or None
            By the metric's name; None where it is not defined for these data.

        Raises
        ------
        InputError
            When there are fewer than 2 samples, or values that are not finite.
        """
        if len(samples) < 2:
            raise InputError(
                f"evaluation: {len(samples)} sample cannot be judged; draw at least 2."
            )
        _check_finite(samples, "the samples")
        samples = _flat(samples)
        few = samples.first(len(self._test))
        features = self._features(few.x)
        between = distances(self._test_features, features)
        within = distances(features)
        halves = half_samples(len(few), DRAWS, self.seed + 1)
        measured = self._test_distances, between, within
        scores: dict[str, Score | None] = {
            "kernel_distance": kernel_distance(
                *measured, self._bandwidth, self._test_halves, halves
            ),
            "frechet_distance": frechet_score(
                self._test_features, features, self._test_halves, halves
            ),
            **neighbour_scores(*measured, self._test_halves, halves),
            "two_sample_accuracy": self._two_sample_accuracy(few, features),
            "memorization": self._training.score(few.x, self.seed),
        }
        return scores

    def nearest_training(
        self, samples: Rows, k: int = 1
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Find the training rows nearest to each sample, for pictures of pairs.

        Returns
        -------
        indices : ndarray of shape (n, k)
            Row numbers in the training split.
        distances : ndarray of shape (n, k)
            Between raw values.
        """
        return self._training.nearest(_flat(samples).x, k)

    def _two_sample_accuracy(self, samples: Rows, features: Floats) -> Score | None:
        n = min(len(samples), len(self._test), MOST_TWO_SAMPLE_ROWS)
        return two_sample_accuracy(
            self._test.x[:n],
            samples.x[:n],
            self._test_features[:n],
            features[:n],
            self._gamma,
            self.seed,
        )

    def _describe(self) -> dict[str, Any]:
        n = len(self._test)
        return {
            "features": self._features.name,
            "feature_count": self._features.size,
            "samples": n,
            "rows": {"train": len(self._train), "validation": len(self._validation), "test": n},
            "most_rows": MOST_ROWS,
            "neighbours": NEIGHBOURS,
            "kernel": "exp(-distance² / (2 bandwidth²))",
            "bandwidth": self._bandwidth,
            "bandwidth_rule": "median distance between the features of training rows",
            "two_sample": {
                "folds": FOLDS,
                "judges": [
                    "logistic regression on features",
                    "support vector machine on raw values",
                ],
                "rows": min(n, MOST_TWO_SAMPLE_ROWS),
            },
            "support_vector_machine": {"kernel": "rbf", "C": COST, "gamma": self._gamma},
            "memorization": {"quantile": QUANTILE, "threshold": self._training.threshold},
            "real": "validation rows against test rows",
            "noise": "uniform noise against test rows",
            "interval": {"level": 0.95, "halves": DRAWS},
            "seed": self.seed,
        }


def _values(scores: dict[str, Score | None]) -> dict[str, float | None]:
    return {name: None if score is None else score.value for name, score in scores.items()}


def _flat(rows: Rows) -> Rows:
    return Rows(np.asarray(rows.x, dtype=np.float32).reshape(len(rows), -1), rows.y, rows.frame)


def _subset(rows: Rows, most: int, rng: np.random.Generator) -> Rows:
    """Choose rows at random, in random order, where there are more than ``most``."""
    return rows if len(rows) <= most else rows.take(rng.permutation(len(rows))[:most])


def _check_finite(rows: Rows, what: str) -> None:
    wrong = ~np.isfinite(np.asarray(rows.x).reshape(len(rows), -1)).all(axis=1)
    if wrong.any():
        raise InputError(
            f"evaluation: {what} have values that are not finite in row {int(wrong.argmax())} and "
            f"{int(wrong.sum()) - 1} others; impute them first, or look at the training for "
            "divergence."
        )
