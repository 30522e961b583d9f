"""What samples are worth as training data: instead of real rows, and beside a few of them.

*Train on synthetic, test on real*: a support vector machine learns from samples with the classes
that were asked for, and is tested on the test rows; read it against one that learns from the
training rows. Its errors weigh as much in each class, and its accuracy is averaged over classes
(:mod:`further.evaluate.balanced`): where nine rows in ten are of one class, a machine that says
nothing else scores 1/2, not 0.9.

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

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.balanced import balanced_score
from further.evaluate.estimate import Score
from further.evaluate.generation.support_vectors import KernelSVC, kernel

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
    real : Score
        Accuracy on the test rows, averaged over classes, after learning from the training rows.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 50)
    >>> train, test = (rng.normal(4 * labels[:, None], 1, (100, 2)) for _ in range(2))
    >>> learning = TrainOnSynthetic(train, labels, test, labels, gamma=0.1, seed=0)
    >>> learning.real.value > 0.95, learning.learn(train, 1 - labels)[0].value < 0.05
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
        # What recognises classes has to see each as often as it comes.
        self._on_real = KernelSVC(self._within, train_labels)
        self._right_on_real = self._right(self._within, train_labels, self._test_train)
        self.real = self._score(self._right_on_real)
        self.subsets = _few_rows_per_class(train_labels, np.random.default_rng(seed))
        self._right_on_subsets = [
            self._right(
                self._within[np.ix_(rows, rows)], train_labels[rows], self._test_train[:, rows]
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
            Of a machine that learns from the samples alone, on test rows, averaged over classes.
            The detail holds the number of samples learnt from, the plain accuracy and the share of
            the commonest class.
        gain : Score
            What adding the samples to a few real rows changes in it, between -1 and 1. The detail
            holds, averaged over classes too, the accuracy without the samples, and the gain when
            they are added to all training rows.
        """
        within = kernel(samples, None, self._gamma)
        between = kernel(self._train, samples, self._gamma)
        test_samples = kernel(self._test, samples, self._gamma)
        right = self._right(within, labels, test_samples)
        accuracy = {"rows_learnt_from": len(samples), "train_on_real": self.real.value}

        def right_with(rows: NDArray[np.intp]) -> Floats:
            learnt = np.block(
                [[self._within[np.ix_(rows, rows)], between[rows]], [between[rows].T, within]]
            )
            every = np.concatenate([self._train_labels[rows], labels])
            return self._right(learnt, every, np.hstack([self._test_train[:, rows], test_samples]))

        gains = [
            right_with(rows) - before
            for rows, before in zip(self.subsets, self._right_on_subsets, strict=True)
        ]
        on_all = right_with(np.arange(len(self._train))) - self._right_on_real
        gain = {
            "rows_per_class": ROWS_PER_CLASS,
            "subsets": SUBSETS,
            "gain_by_subset": [self._mean(gain) for gain in gains],
            "accuracy_without": self._mean(np.mean(self._right_on_subsets, axis=0)),
            "gain_on_all_training_rows": self._mean(on_all),
            "samples_added": len(samples),
        }
        return (
            self._score(right, detail=accuracy),
            # A gain is a difference: no row alone shows it.
            replace(
                self._score(np.mean(gains, axis=0), limits=(-1.0, 1.0), detail=gain), by_row=None
            ),
        )

    def _score(self, per_example: Floats, **more: Any) -> Score:
        return balanced_score(
            per_example, self._test_labels, groups=self._groups, seed=self._seed, **more
        )

    def _mean(self, per_example: Floats) -> float:
        """Return the mean over classes."""
        labels = self._test_labels
        return float(np.mean([per_example[labels == c].mean() for c in np.unique(labels)]))

    def _right(self, within: Floats, labels: Labels, between: Floats) -> Floats:
        """Return for which test rows a machine that learns from some rows is right.

        Kernels within these rows, and between test rows and these, are given.
        """
        predicted = KernelSVC(within, labels, balanced=True).predict(between)
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
