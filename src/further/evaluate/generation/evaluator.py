"""The fixed protocol by which the samples of every generative model are evaluated.

One evaluator is built from one split and then looks at samples only, so it cannot favour a model.
Each metric is read between two ends: what held-out rows score (*real*: validation against test)
and what uniform noise scores. The same test rows, the same halves of them, the same folds and the
same subsets serve every model, so that differences are paired.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from further.data.spec import Block
from further.errors import InputError
from further.evaluate.distance import distances
from further.evaluate.generation.class_balance import class_balance, class_shares
from further.evaluate.generation.column_utility import LEAST_TEST_ROWS, ColumnUtility
from further.evaluate.generation.compared import Compared
from further.evaluate.generation.constraints import Constraints
from further.evaluate.generation.features import FeatureSpace
from further.evaluate.generation.flags import THRESHOLDS
from further.evaluate.generation.kernel_distance import kernel_distance, median_bandwidth
from further.evaluate.generation.membership import MembershipInference
from further.evaluate.generation.memorization import QUANTILE, NearestTraining
from further.evaluate.generation.neighbours import NEIGHBOURS, neighbour_scores
from further.evaluate.generation.support_vectors import COST, kernel_width
from further.evaluate.generation.table_fidelity import TableFidelity
from further.evaluate.generation.train_on_synthetic import ROWS_PER_CLASS, SUBSETS, TrainOnSynthetic
from further.evaluate.generation.two_sample import (
    FEATURE_CLASSIFIER,
    FOLDS,
    RAW_CLASSIFIER,
    two_sample_accuracy,
)
from further.evaluate.interval import BOOTSTRAP, BOOTSTRAP_DRAWS, DRAWS, HALVES, Score
from further.evaluate.metrics import metrics_for
from further.evaluate.noise import uniform_frame, uniform_values
from further.evaluate.resampling import LEVEL, half_samples

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.floating[Any]]

# What grows with the square of the rows looks at a random subset where there are more.
MOST_ROWS = 2000
MOST_TWO_SAMPLE_ROWS = 1000
# A table of many categories has hundreds of rules; so many are written into the protocol.
MOST_LISTED = 50


@dataclass(frozen=True, eq=False)
class EncodedRows:
    """Rows as evaluated: encoded, with classes, and for tables in the source's own form too."""

    x: Annotated[Floats, "Encoded values, shape (n, d) or (n, ...); they are flattened."]
    y: Annotated[
        NDArray[np.integer[Any]] | None,
        "Classes, shape (n,); of samples, those that were asked for.",
    ] = None
    frame: Annotated[pd.DataFrame | None, "Tables: the same rows decoded, features only."] = None
    groups: Annotated[
        NDArray[Any] | None,
        "Of real rows that depend on each other: several of one person, one scene, one day.",
    ] = None

    def __len__(self) -> int:
        return len(self.x)

    def take(self, indices: NDArray[np.intp]) -> EncodedRows:
        """Return some of the rows."""
        return EncodedRows(
            self.x[indices],
            None if self.y is None else self.y[indices],
            None if self.frame is None else self.frame.iloc[indices].reset_index(drop=True),
            None if self.groups is None else self.groups[indices],
        )

    def flat(self) -> EncodedRows:
        """Return the rows with values of shape (n, d)."""
        return replace(self, x=np.asarray(self.x, dtype=np.float32).reshape(len(self), -1))


class GenerativeEvaluator:
    """A fixed protocol of evaluation, built once from one split.

    Parameters
    ----------
    train, validation, test : EncodedRows
        The split; only test rows are compared with samples.
    kind : {"images", "table"}
        What the rows are.
    seed : int
        Of every random choice in the protocol.
    integer_grid : int, optional
        Pictures of integers: the number of grey levels.
    blocks : sequence of Block
        Tables: the columns in their encoded form.
    shape : tuple of int, optional
        Pictures: ``(channels, height, width)``.
    target : str, optional
        Tables: the column that holds the target where it is a number.

    Raises
    ------
    InputError
        When one part of the split has fewer than 2 rows, or values that are not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> train, validation, test, good = (EncodedRows(rng.normal(size=(100, 4))) for _ in range(4))
    >>> evaluator = GenerativeEvaluator(train, validation, test, kind="table")
    >>> scores = evaluator.score(good)
    >>> scores["kernel_distance"].value < 0.02 < evaluator.noise["kernel_distance"]
    True
    """

    def __init__(
        self,
        train: EncodedRows,
        validation: EncodedRows,
        test: EncodedRows,
        *,
        kind: Literal["images", "table"],
        seed: int = 0,
        integer_grid: int | None = None,
        blocks: Sequence[Block] = (),
        shape: tuple[int, ...] | None = None,
        target: str | None = None,
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
        self._train = train.flat()
        self._training_share = len(train) / (len(train) + len(validation) + len(test))
        rng = np.random.default_rng(seed)
        self._validation = _draw(validation.flat(), MOST_ROWS, rng)
        self._test = _draw(test.flat(), MOST_ROWS, rng)
        self._features = FeatureSpace(self._train.x, self._train.y, seed, shape)
        few = _draw(self._train, MOST_ROWS, rng)
        self._bandwidth = median_bandwidth(self._features(few.x))
        self._gamma = kernel_width(few.x)
        self._training = NearestTraining(self._train.x, self._validation.x)
        self.membership = attack = MembershipInference.of(
            self._train.x, self._validation.x, test.flat().x,
            train_groups=train.groups, test_groups=test.groups, seed=seed,
        )  # fmt: skip
        self._attack = (lambda *_: None) if attack is None else attack.score
        self._test_features = self._features(self._test.x)
        self._test_distances = distances(self._test_features)
        self._test_halves = half_samples(len(self._test), DRAWS, seed, self._test.groups)
        self._test_spread = float(distances(self._test.x).mean())
        self._build_classifier(few)
        self._columns: ColumnUtility | None = None
        if kind == "table" and len(blocks) > 1 and len(self._test) >= LEAST_TEST_ROWS:
            self._columns = ColumnUtility(
                self._train.x, self._test.x, blocks, self._gamma, seed, target, self._test.groups
            )
        self._fidelity: TableFidelity | None = None
        self._constraints: Constraints | None = None
        if few.frame is not None and self._test.frame is not None:
            self._fidelity = TableFidelity(few.frame, self._test.frame, seed, self._test.groups)
        if train.frame is not None and validation.frame is not None:
            self._constraints = Constraints(train.frame, validation.frame)
        self.protocol: dict[str, Any] = self._describe()
        self.real_scores, self.noise = self._ends(rng)
        self.real = _values(self.real_scores)
        if self._columns is not None:
            self.real |= self._columns.real

    def _build_classifier(self, train: EncodedRows) -> None:
        """Prepare what needs labels: the classifier that learns from samples, and class shares."""
        self._learning: TrainOnSynthetic | None = None
        y, everything, test_y = train.y, self._train.y, self._test.y
        if y is None or everything is None or test_y is None or len(np.unique(y)) < 2:
            return
        self._prior = class_shares(everything, int(max(everything.max(), test_y.max())) + 1)
        self._learning = TrainOnSynthetic(
            train.x, y, self._test.x, test_y, self._gamma, self.seed, self._test.groups
        )
        recognised = self._learning.recognise(self._validation.x)
        self._recognised_in_real = class_shares(recognised, len(self._prior))

    def _ends(
        self, rng: np.random.Generator
    ) -> tuple[dict[str, Score | None], dict[str, float | None]]:
        """Return what real rows score and what uniform noise scores."""
        started = time.perf_counter()
        real = self.score(self._validation)
        #: What judging samples takes here, for a forecast.
        self.seconds_to_score = time.perf_counter() - started
        real["memorization"] = self._training.score(self._test.x)
        if self._learning is not None:
            real["synthetic_to_real_accuracy"] = self._learning.real
        if self._constraints is not None and self._test.frame is not None:
            # The rules were chosen so that validation rows keep them.
            real["constraint_violations"] = self._constraints.violations(self._test.frame)
        n = len(self._test)
        frame = self._train.frame
        noise = EncodedRows(
            uniform_values(self._train.x, n, rng, levels=self._levels, blocks=self._blocks),
            None if self._learning is None else rng.choice(len(self._prior), n, p=self._prior),
            None if frame is None else uniform_frame(frame, n, rng),
        )
        return real, _values(self.score(noise))

    @property
    def n_samples(self) -> int:
        """Number of samples that distances look at: as many as test rows (2,000 at most)."""
        return len(self._test)

    @property
    def n_learning_samples(self) -> int:
        """Number of samples that learning looks at: as many as training rows (2,000 at most)."""
        return min(len(self._train), MOST_ROWS)

    def score(
        self, samples: EncodedRows, more: EncodedRows | None = None
    ) -> dict[str, Score | None]:
        """Evaluate samples.

        Parameters
        ----------
        samples : EncodedRows
            Encoded on the source's own grid (pictures rounded to grey levels), with the classes
            asked for. Distances look at a random choice of :attr:`n_samples`; what is learnt from
            samples at :attr:`n_learning_samples` where there are so many, so that as much is
            learnt from as from training rows. Give every model's equally many, so that figures
            are paired.
        more : EncodedRows, optional
            Further samples, for membership inference alone, which sees more in more of them.

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
                f"evaluation: {len(samples)} sample cannot be evaluated; draw at least 2."
            )
        _check_finite(samples, "the samples")
        samples = samples.flat()
        size = samples.x.shape[1]
        if size != self._train.x.shape[1]:
            raise InputError(
                f"evaluation: the samples have {size} values each, the training rows "
                f"{self._train.x.shape[1]}; hand in encoded samples of the same data."
            )
        samples = samples.take(np.random.default_rng(self.seed).permutation(len(samples)))
        few = samples.take(np.arange(min(len(samples), self.n_samples)))
        features = self._features(few.x)
        between = distances(self._test_features, features)
        within = distances(features)
        halves = half_samples(len(few), DRAWS, self.seed + 1)
        measured = self._test_distances, between, within
        scores: dict[str, Score | None] = {
            "kernel_distance": kernel_distance(
                *measured, self._bandwidth, self._test_halves, halves
            ),
            **neighbour_scores(*measured, self._test_halves, halves),
            "two_sample_accuracy": self._two_sample_accuracy(few, features),
            **self._learning_scores(samples, few),
            "memorization": self._memorization(few),
            "membership": self._attack(samples.x, None if more is None else more.flat().x),
            **self._table_scores(few, samples),
        }
        compared = Compared(
            self._test.x, few.x, self._test.y, few.y, self._test.frame, few.frame,
            self._test_features, features, self._test_halves, halves, self.seed,
        )  # fmt: skip
        for metric in metrics_for("generation"):
            if metric.scorer:
                scores[metric.name] = metric.score(compared)
        coverage = scores["coverage"]
        if coverage is not None and self._test_spread > 0:
            # Of raw values: the classifier may see odd samples as alike that are not.
            coverage.detail["spread"] = float(distances(few.x).mean() / self._test_spread)
        return scores

    def _learning_scores(self, samples: EncodedRows, few: EncodedRows) -> dict[str, Score | None]:
        accuracy = gain = balance = None
        if self._learning is not None:
            if samples.y is not None:
                n = self.n_learning_samples
                accuracy, gain = self._learning.learn(samples.x[:n], samples.y[:n])
            balance = class_balance(
                self._learning.recognise(few.x),
                self._prior,
                requested=few.y,
                recognised_in_real=self._recognised_in_real,
                seed=self.seed,
            )
        return {
            "synthetic_to_real_accuracy": accuracy,
            "augmentation_gain": gain,
            "class_balance": balance,
        }

    def _table_scores(self, samples: EncodedRows, every: EncodedRows) -> dict[str, Score | None]:
        if self.kind != "table":
            return {}
        shapes = pairs = violations = None
        if samples.frame is not None and self._fidelity is not None:
            shapes = self._fidelity.column_shapes(samples.frame)
            pairs = self._fidelity.pair_correlations(samples.frame)
        if samples.frame is not None and self._constraints is not None:
            violations = self._constraints.violations(samples.frame, self.seed)
        return {
            "column_shapes": shapes,
            "pair_correlations": pairs,
            "constraint_violations": violations,
            "global_utility": None,
            **(self._columns.score(every.x) if self._columns is not None else {}),
        }

    def nearest_training(
        self, samples: EncodedRows
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the training row nearest to each sample, and the distance between raw values."""
        return self._training.nearest(samples.flat().x)

    def _memorization(self, samples: EncodedRows) -> Score:
        score = self._training.score(samples.x, self.seed)
        if self._training.tied:
            score.detail["floor"] = self._training_share
        return score

    def _two_sample_accuracy(self, samples: EncodedRows, features: Floats) -> Score | None:
        # As many of each; the samples are in random order already.
        n = min(len(samples), len(self._test), MOST_TWO_SAMPLE_ROWS)
        chosen = np.arange(len(self._test))
        if n < len(chosen):
            chosen = np.random.default_rng(self.seed).permutation(chosen)[:n]
        groups = self._test.groups
        return two_sample_accuracy(
            self._test.x[chosen],
            samples.x[:n],
            self._features.detailed(self._test.x[chosen], self._test_features[chosen]),
            self._features.detailed(samples.x[:n], features[:n]),
            self._gamma,
            self.seed,
            None if groups is None else groups[chosen],
        )

    def _describe(self) -> dict[str, Any]:
        n = len(self._test)
        described: dict[str, Any] = {
            "features": self._features.name,
            "feature_count": self._features.size,
            "samples": n,
            "learning_samples": self.n_learning_samples,
            "rows": {"train": len(self._train), "validation": len(self._validation), "test": n},
            "most_rows": MOST_ROWS,
            "neighbours": NEIGHBOURS,
            "kernel": {
                "form": "exp(-distance² / (2 bandwidth²)); the squared discrepancy is given",
                "bandwidth": self._bandwidth,
                "rule": "median distance between the features of training rows",
            },
            "two_sample": {
                "folds": FOLDS,
                "classifiers": [FEATURE_CLASSIFIER, RAW_CLASSIFIER],
                "counts": "the higher accuracy",
                "rows": min(n, MOST_TWO_SAMPLE_ROWS),
            },
            "support_vector_machine": {"kernel": "rbf", "C": COST, "gamma": self._gamma},
            "memorization": {"quantile": QUANTILE, "threshold": self._training.threshold},
            "membership": None if self.membership is None else self.membership.protocol,
            "flags": dict(THRESHOLDS),
            "real": "validation rows against test rows",
            "real_exceptions": {"memorization": "test rows against training rows"},
            "noise": "uniform noise against test rows",
            "interval": {
                "level": LEVEL,
                "distances": f"{DRAWS} {HALVES}",
                "means": f"{BOOTSTRAP_DRAWS} draws, {BOOTSTRAP}",
                "covers": "the choice of test rows and of samples, not another training",
                "groups": None
                if self._test.groups is None
                else f"{self._test_halves.units} groups of test rows are drawn as wholes",
            },
            "seed": self.seed,
        }
        exceptions = described["real_exceptions"]
        if self._learning is not None:
            exceptions["synthetic_to_real_accuracy"] = "learnt from training rows"
            exceptions["augmentation_gain"] = "validation rows added"
            described["augmentation"] = {
                "rule": (
                    f"{ROWS_PER_CLASS} training rows of each class, or half of a class that has "
                    f"fewer than {2 * ROWS_PER_CLASS}"
                ),
                "subsets": SUBSETS,
            }
            described["class_balance"] = "1 - total variation distance to the training shares"
        if self._columns is not None:
            exceptions |= dict.fromkeys(self._columns.real, "learnt from as many training rows")
            described["column_utility"] = self._columns.protocol
        elif self.kind == "table":
            described["column_utility"] = f"not judged, as it needs {LEAST_TEST_ROWS} test rows"
        if self._constraints is not None:
            exceptions["constraint_violations"] = "test rows"
            sentences = [rule.sentence for rule in self._constraints.rules]
            described["constraints"] = {"found": len(sentences), "first": sentences[:MOST_LISTED]}
        return described


def _draw(rows: EncodedRows, n: int, rng: np.random.Generator) -> EncodedRows:
    """Return n rows in random order, or all as they are if there are no more.

    Never the first n: files are often sorted by class.
    """
    return rows if len(rows) <= n else rows.take(rng.permutation(len(rows))[:n])


def _values(scores: dict[str, Score | None]) -> dict[str, float | None]:
    return {name: None if score is None else score.value for name, score in scores.items()}


def _check_finite(rows: EncodedRows, what: str) -> None:
    wrong = ~np.isfinite(np.asarray(rows.x).reshape(len(rows), -1)).all(axis=1)
    if wrong.any():
        raise InputError(
            f"evaluation: {what} have values that are not finite in row {int(wrong.argmax())} and "
            f"{int(wrong.sum()) - 1} others; impute them first, or look at the training for "
            "divergence."
        )
