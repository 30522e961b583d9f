"""Classifier two-sample test: can a classifier tell samples from held-out rows?

Accuracy of 5-fold cross-validation at telling test rows from samples: 0.5 means that it cannot,
1 that it always can. Two classifiers try, and the one that does better counts. There are as many
rows of each kind, so the plain accuracy is the balanced one.

No row is drawn twice before the split, for then a copy of a training row of the classifier would
lie in its test fold and equal distributions would look different. The interval is that of the
out-of-fold predictions with the classifiers fixed.

References
----------
Lopez-Paz, Oquab (2017), Revisiting classifier two-sample tests, ICLR.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from further.evaluate.generation.support_vectors import KernelSVC, kernel
from further.evaluate.interval import Score, score_from_examples

Floats = NDArray[np.floating[Any]]

FOLDS = 5
FEATURE_CLASSIFIER = "logistic regression on features"
RAW_CLASSIFIER = "support vector machine on raw values"


def two_sample_accuracy(
    real: Floats,
    fake: Floats,
    real_features: Floats,
    fake_features: Floats,
    gamma: float,
    seed: int,
    groups: NDArray[Any] | None = None,
) -> Score | None:
    """Return the accuracy at telling samples from real rows; 0.5 is best.

    Use it as the strictest question that can be asked of samples: whatever gives them away counts,
    be it a rounding or a missing shade of grey.
    It fails to say how much the flaw matters, and with few rows a classifier learns little, so
    0.5 on thirty rows means less than 0.55 on three thousand. It is a little above 0.5 when nothing
    differs, since the better of two classifiers counts.

    Parameters
    ----------
    real, fake : ndarray of shapes (n, d), (n, d)
        Raw values, as many rows of each.
    real_features, fake_features : ndarray of shapes (n, f), (n, f)
        The same rows in the feature space.
    gamma : float
        Kernel width of the support vector machine.
    seed : int
        Of the split into folds.
    groups : ndarray of shape (n,), optional
        Real rows that depend on each other; they share a fold, for else a classifier would know
        the test rows by their likes.

    Returns
    -------
    Score or None
        None with fewer than 4 rows of each. The detail holds both accuracies and which counts.
    """
    n = min(len(real), len(fake))
    folds = min(FOLDS, n // 2, n if groups is None else len(np.unique(groups)))
    if folds < 2:
        return None
    is_fake = np.r_[np.zeros(len(real), dtype=np.int64), np.ones(len(fake), dtype=np.int64)]
    features = np.concatenate([real_features, fake_features])
    within = kernel(np.concatenate([real, fake]), None, gamma)
    right = {name: np.empty(len(is_fake)) for name in (FEATURE_CLASSIFIER, RAW_CLASSIFIER)}
    unit = None
    split: Any = StratifiedKFold(folds, shuffle=True, random_state=seed)
    if groups is not None:
        # Every sample is a group of its own.
        codes = np.unique(groups, return_inverse=True)[1].ravel()
        unit = np.r_[codes, len(codes) + np.arange(len(fake))]
        split = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    splits = split.split(features, is_fake, unit)
    for train, test in splits:
        centre, scale = features[train].mean(axis=0), features[train].std(axis=0)
        scale[scale < 1e-9] = 1.0
        regression = LogisticRegression(max_iter=200)
        with warnings.catch_warnings():
            # Two hundred steps on separable data need not have converged to be right.
            warnings.simplefilter("ignore", ConvergenceWarning)
            regression.fit((features[train] - centre) / scale, is_fake[train])
        predicted = regression.predict((features[test] - centre) / scale)
        right[FEATURE_CLASSIFIER][test] = predicted == is_fake[test]
        machine = KernelSVC(within[np.ix_(train, train)], is_fake[train])
        predicted = machine.predict(within[np.ix_(test, train)])
        right[RAW_CLASSIFIER][test] = predicted == is_fake[test]
    scores = {
        name: score_from_examples(hits, strata=is_fake, groups=unit, limits=(0.0, 1.0), seed=seed)
        for name, hits in right.items()
    }
    stricter = max(scores, key=lambda name: scores[name].value)
    detail = {
        "counts": stricter,
        "majority_share": float(np.bincount(is_fake).max() / len(is_fake)),
        **{name: score.value for name, score in scores.items()},
    }
    return replace(scores[stricter], detail=detail)
