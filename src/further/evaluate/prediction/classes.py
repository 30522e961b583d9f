r"""Predicted classes of held-out rows, and what they are worth.

With the probabilities :math:`p_{ik}`, the class :math:`y_i` and the most probable class
:math:`\hat y_i`,

.. math:: \text{log loss} = -\frac1n \sum_i \log p_{i y_i}, \qquad
          \text{Brier} = \frac{1}{2n} \sum_i \sum_k (p_{ik} - [k = y_i])^2, \qquad
          \text{ECE} = \sum_b \frac{n_b}{n} \, \bigl| \mathrm{acc}_b - \mathrm{conf}_b \bigr|

over bins b of equally many rows by confidence. AUC and average precision are those of each class
against the others, averaged over classes; of two classes they are those of the rarer one, whose
AUC is that of the other too. Where several models predicted a part of the rows each, rows are
ranked among those of the same model, and parts are averaged by their rows: scores of two models
have no common scale, and ranked together even a constant is not at 1/2, since the part with more
of a class leaves less of it to learn from.

References
----------
Gneiting and Raftery 2007, "Strictly proper scoring rules, prediction, and estimation". Nixon et al.
2019, "Measuring calibration in deep learning" (bins of equal mass). Hand and Till 2001, "A simple
generalisation of the area under the ROC curve for multiple class classification problems". Forman
and Scholz 2010, "Apples-to-apples in cross-validation studies".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from further.evaluate.balanced import balanced_score
from further.evaluate.estimate import Score
from further.evaluate.interval import score_from_examples, score_from_resamples
from further.evaluate.reliability import equal_bins

Floats = NDArray[np.floating[Any]]
#: Takes which rows are of a class and their scores; returns what takes weights of the rows.
Figure = Callable[[NDArray[np.bool_], Floats], Callable[[Floats], float]]

SHARE = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class ClassPredictions:
    """Held-out rows, each predicted by a model that never saw it."""

    codes: Annotated[NDArray[np.int64], "The class of each row, (n,)."]
    probabilities: Annotated[Floats, "Of each class, (n, classes)."]
    names: Annotated[tuple[str, ...], "The classes."]
    groups: Annotated[ArrayLike | None, "Rows that depend on each other, (n,)."] = None
    folds: Annotated[NDArray[np.int64] | None, "Which model predicted each row, (n,)."] = None
    seed: Annotated[int, "The same seed resamples the same rows, so that models are paired."] = 0

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each row."""
        return self.probabilities.argmax(axis=1)

    @property
    def right(self) -> Floats:
        """1 where the most probable class is the right one, else 0."""
        return (self.predicted == self.codes).astype(np.float64)

    def scores(self) -> dict[str, Score | None]:
        """Return the scores by metric; None where one is not defined."""
        return {name: scorer(self) for name, scorer in SCORERS.items()}


def floored(probabilities: Floats, n_train: int) -> Floats:
    """Return probabilities none of which is below once in twice the training rows.

    From n rows nobody knows that something happens less often, and a single 0 that happens makes
    the log loss infinite.

    Parameters
    ----------
    probabilities : array of shape (n, classes)
        Rows that sum to 1.
    n_train : int
        Number of training rows.

    Returns
    -------
    array of shape (n, classes)
        Rows that sum to 1.

    Examples
    --------
    >>> floored(np.array([[1.0, 0.0]]), 50).round(3).tolist()
    [[0.99, 0.01]]
    """
    raised = np.maximum(probabilities, 0.5 / n_train)
    scaled: Floats = raised / raised.sum(axis=1, keepdims=True)
    return scaled


def _log_loss(p: ClassPredictions) -> Score:
    surprise = -np.log(np.take_along_axis(p.probabilities, p.codes[:, None], axis=1)[:, 0])
    return score_from_examples(surprise, groups=p.groups, seed=p.seed)


def _brier(p: ClassPredictions) -> Score:
    happened = np.eye(len(p.names))[p.codes]
    distance = np.square(p.probabilities - happened).sum(axis=1) / 2
    return score_from_examples(distance, groups=p.groups, limits=SHARE, seed=p.seed)


def _accuracy(p: ClassPredictions) -> Score:
    return score_from_examples(p.right, groups=p.groups, limits=SHARE, seed=p.seed)


def _balanced_accuracy(p: ClassPredictions) -> Score:
    return balanced_score(p.right, p.codes, groups=p.groups, seed=p.seed)


def _calibration_error(p: ClassPredictions) -> Score:
    confidence = p.probabilities.max(axis=1)
    bins = equal_bins(confidence)
    gap = p.right - confidence

    def error(weights: Floats) -> float:
        return float(np.abs(np.bincount(bins, weights * gap)).sum() / weights.sum())

    return score_from_resamples(error, len(gap), groups=p.groups, limits=SHARE, seed=p.seed)


def _over_classes(p: ClassPredictions, of: Figure) -> Score | None:
    """Average a figure of each class against the others; of two classes that of the rarer one."""
    counts = np.bincount(p.codes, minlength=len(p.names))
    present = np.flatnonzero((counts > 0) & (counts < len(p.codes)))
    if len(present) == 0:
        return None
    if len(p.names) == 2:
        present = present[[counts[present].argmin()]]
    each = [_within_folds(p, int(k), of) for k in present]
    return score_from_resamples(
        lambda weights: float(np.mean([figure(weights) for figure in each])),
        len(p.codes), strata=p.codes, groups=p.groups, limits=SHARE, seed=p.seed,
    )  # fmt: skip


def _within_folds(p: ClassPredictions, k: int, of: Figure) -> Callable[[Floats], float]:
    """Return a figure of one class against the others as the mean over what one model predicted."""
    if p.folds is None:
        return of(p.codes == k, p.probabilities[:, k])
    parts = [np.flatnonzero(p.folds == fold) for fold in np.unique(p.folds)]
    figures = [of(p.codes[rows] == k, p.probabilities[rows, k]) for rows in parts]

    def mean(weights: Floats) -> float:
        weighed = [weights[rows] for rows in parts]
        found = np.array([figure(w) for figure, w in zip(figures, weighed, strict=True)])
        sizes = np.array([w.sum() for w in weighed])
        known = ~np.isnan(found)  # a part may lack the class
        return float(np.average(found[known], weights=sizes[known])) if known.any() else np.nan

    return mean


def auc_of(positive: NDArray[np.bool_], scores: Floats) -> Callable[[Floats], float]:
    """Return what computes the area under the ROC curve from weights of the rows.

    Parameters
    ----------
    positive : array of bool, shape (n,)
        Which rows are of the class.
    scores : array of shape (n,)
        Higher for rows that are thought to be.

    Returns
    -------
    callable
        Takes weights (n,), returns the area, NaN without rows on one side; sorted but once.
    """
    order = np.argsort(scores, kind="stable")
    of_class = positive[order]
    # Ties count as half: they are taken together.
    ends = np.flatnonzero(np.diff(scores[order], append=np.inf))
    starts = np.concatenate([[0], ends[:-1] + 1])

    def area(weights: Floats) -> float:
        w = weights[order]
        above = np.add.reduceat(w * of_class, starts)
        below = np.add.reduceat(w * ~of_class, starts)
        total = above.sum() * below.sum()
        before = np.cumsum(below) - below
        return float((above * (before + below / 2)).sum() / total) if total > 0 else np.nan

    return area


def precision_of(positive: NDArray[np.bool_], scores: Floats) -> Callable[[Floats], float]:
    """Return what computes the average precision from weights of the rows.

    Parameters
    ----------
    positive, scores
        See :func:`auc_of`.

    Returns
    -------
    callable
        Takes weights (n,), returns the average precision, NaN without positive rows.
    """
    order = np.argsort(-scores, kind="stable")
    of_class = positive[order]
    ends = np.flatnonzero(np.diff(scores[order], append=np.inf))

    def average(weights: Floats) -> float:
        w = weights[order]
        found, seen = np.cumsum(w * of_class)[ends], np.cumsum(w)[ends]
        if found[-1] <= 0:
            return np.nan
        precision = np.divide(found, seen, out=np.zeros_like(found), where=seen > 0)
        return float((np.diff(found, prepend=0.0) * precision).sum() / found[-1])

    return average


#: What is scored, in the order of the table of metrics.
SCORERS: dict[str, Callable[[ClassPredictions], Score | None]] = {
    "log_loss": _log_loss,
    "brier": _brier,
    "calibration_error": _calibration_error,
    "auc": lambda p: _over_classes(p, auc_of),
    "average_precision": lambda p: _over_classes(p, precision_of),
    "balanced_accuracy": _balanced_accuracy,
    "accuracy": _accuracy,
}
