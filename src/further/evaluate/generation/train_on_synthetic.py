"""What samples are worth as training data: instead of real rows, and beside a few of them.

*Train on synthetic, test on real*: a support vector machine learns from samples with the classes
that were asked for, and is tested on the test rows; read it against one that learns from the
training rows.

*Augmentation gain*: the accuracy that adding the samples brings to a machine that has but ten
training rows a class, averaged over five fixed subsets. The generator itself has seen all training
rows, so the gain is that of someone who is given the generator and few rows, as where rows may not
be shared; what the samples add to *all* training rows is printed beside it.

References
----------
Esteban, Hyland, Rätsch (2017), Real-valued (medical) time series generation with recurrent
conditional GANs, arXiv:1706.02633. Ravuri, Vinyals (2019), Classification accuracy score for
conditional generative models, NeurIPS.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.generation.support_vectors import KernelSVC, kernel
from further.evaluate.interval import Score, score_from_examples

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]

ROWS_PER_CLASS = 10
SUBSETS = 5


class TrainOnSynthetic:
    """Evaluates samples by what a support vector machine learns from them.

    Use it where samples are to replace or augment training rows.
    It fails to reward variety that the machine does not need, and to punish flaws that it does not
    see: good samples of the borders between classes are all that counts.

    Parameters
    ----------
    train, train_labels : ndarray of shape (n, d), and of int, shape (n,)
        Raw values of the training rows, and their classes.
    test, test_labels : ndarray of shape (m, d), and of int, shape (m,)
        Those of the test rows.
    gamma : float
        Kernel width.
    seed : int
        Of the choice of subsets.
    groups : ndarray of shape (m,), optional
        Test rows that depend on each other.

    Attributes
    ----------
    real : float
        Accuracy on the test rows after learning from the training rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 50)
    >>> train, test = (rng.normal(4 * labels[:, None], 1, (100, 2)) for _ in range(2))
    >>> learning = TrainOnSynthetic(train, labels, test, labels, gamma=0.1, seed=0)
    >>> learning.real > 0.95, learning.learn(train, 1 - labels)[0].value < 0.05
    (True, True)
    """

    def __init__(
        self,
        train: Floats,
        train_labels: Labels,
        test: Floats,
        test_labels: Labels,
        gamma: float,
        seed: int,
        groups: NDArray[Any] | None = None,
    ) -> None:
        self._train, self._train_labels = train, train_labels
        self._test, self._test_labels = test, test_labels
        self._gamma, self._seed, self._groups = gamma, seed, groups
        self._within = kernel(train, None, gamma)
        self._test_train = kernel(test, train, gamma)
        self._on_real = KernelSVC(self._within, train_labels)
        self._right_on_real = self._right(self._on_real.predict(self._test_train))
        self.real = float(self._right_on_real.mean())
        self.subsets = _few_rows_per_class(train_labels, np.random.default_rng(seed))
        self._right_on_subsets = [
            self._right(
                KernelSVC(self._within[np.ix_(rows, rows)], train_labels[rows]).predict(
                    self._test_train[:, rows]
                )
            )
            for rows in self.subsets
        ]

    def recognise(self, rows: Floats) -> Labels:
        """Return the class that a machine trained on the training rows sees in each row."""
        return self._on_real.predict(kernel(rows, self._train, self._gamma))

    def learn(self, samples: Floats, labels: Labels) -> tuple[Score, Score]:
        """Evaluate samples by a machine that learns from them, alone and beside real rows.

        Parameters
        ----------
        samples : ndarray of shape (k, d)
            Raw values.
        labels : ndarray of int, shape (k,)
            The classes that were asked for.

        Returns
        -------
        accuracy : Score
            Of a machine that learns from the samples alone, on test rows. The detail holds the
            number of samples learnt from and the accuracy averaged over classes.
        gain : Score
            What adding the samples to a few real rows changes in it, between -1 and 1. The detail
            holds the accuracy without the samples, and the gain when they are added to all training
            rows.
        """
        within = kernel(samples, None, self._gamma)
        between = kernel(self._train, samples, self._gamma)
        test_samples = kernel(self._test, samples, self._gamma)
        right = self._right(KernelSVC(within, labels).predict(test_samples))
        by_class = [right[self._test_labels == c].mean() for c in np.unique(self._test_labels)]
        accuracy = {
            "rows_learnt_from": len(samples),
            "balanced_accuracy": float(np.mean(by_class)),
            "train_on_real": self.real,
        }

        def right_with(rows: NDArray[np.intp]) -> Floats:
            learnt = np.block(
                [[self._within[np.ix_(rows, rows)], between[rows]], [between[rows].T, within]]
            )
            machine = KernelSVC(learnt, np.concatenate([self._train_labels[rows], labels]))
            return self._right(
                machine.predict(np.hstack([self._test_train[:, rows], test_samples]))
            )

        gains = [
            right_with(rows) - before
            for rows, before in zip(self.subsets, self._right_on_subsets, strict=True)
        ]
        on_all = right_with(np.arange(len(self._train))) - self._right_on_real
        gain = {
            "rows_per_class": ROWS_PER_CLASS,
            "subsets": SUBSETS,
            "gain_by_subset": [float(gain.mean()) for gain in gains],
            "accuracy_without": float(np.mean(self._right_on_subsets)),
            "gain_on_all_training_rows": float(on_all.mean()),
            "samples_added": len(samples),
        }
        return (
            self._score(right, (0.0, 1.0), accuracy),
            self._score(np.mean(gains, axis=0), (-1.0, 1.0), gain),
        )

    def _score(
        self, per_example: Floats, limits: tuple[float, float], detail: dict[str, Any]
    ) -> Score:
        return score_from_examples(
            per_example, groups=self._groups, limits=limits, seed=self._seed, detail=detail
        )

    def _right(self, predicted: Labels) -> Floats:
        return (predicted == self._test_labels).astype(np.float64)


def _few_rows_per_class(labels: Labels, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    """Choose the subsets that stand for a small training set.

    Ten rows of each class, or half of a class that has fewer than twenty (one at least).

    Examples
    --------
    >>> labels = np.repeat([0, 1, 2], [100, 8, 1])
    >>> subsets = _few_rows_per_class(labels, np.random.default_rng(0))
    >>> [np.bincount(labels[rows]).tolist() for rows in subsets[:2]]
    [[10, 4, 1], [10, 4, 1]]
    """
    subsets = []
    for _ in range(SUBSETS):
        chosen = []
        for c in np.unique(labels):
            members = np.flatnonzero(labels == c)
            count = max(1, min(ROWS_PER_CLASS, len(members) // 2))
            chosen.append(rng.choice(members, count, replace=False))
        subsets.append(np.sort(np.concatenate(chosen)))
    return subsets
