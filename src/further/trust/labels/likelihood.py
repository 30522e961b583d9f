r"""How much likelier the evidence is if a label is wrong than if it is as most labels are.

Let x be what predictions say of a label (:mod:`further.trust.labels.evidence`), k one of the kinds
of error, and n(x) the number of labels of which predictions say x, as they are given. What x looks
like where there is an error of kind k is not known from the data, but it can be made: labels are
deleted, moved, given another class, and copied to where nothing is, and the predictions weigh them
again; they stay as they are, since the detector never saw these pictures. If a share :math:`r` of
the labels gets such an error, :math:`n_k(x)` of them look like x. With a prior share :math:`\pi` of
labels with an error of each kind, the odds of an error, and its probability, are

.. math:: o_k(x) = \frac{\pi}{r} \, \frac{n_k(x)}{n(x)}, \qquad
          P(k \mid x) = \frac{o_k(x)}{1 + \sum_l o_l(x)}.

The quotient is what a classifier learns that tells simulated errors from untouched labels, which is
how we get it. One classifier weighs labels (spurious, misplaced, swapped), another the predictions
where no label is (missing: would a label, deleted, leave such a prediction?). Both are learnt from
other pictures than those that they judge.

The given labels hold real errors, which count as right when the ratio is learnt. So it is too low
where these abound: the probability is conservative, and more so for a kind of error that is
frequent. The prior changes no order. How many labels are wrong a person has to say
(:mod:`further.trust.labels.share`).

References
----------
Sugiyama, Suzuki and Kanamori 2012, "Density ratio estimation in machine learning". Tkachenko et al.
2023, "ObjectLab: automated diagnosis of mislabeled images in object detection data", scores the
same kinds of error one by one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler

from further.data.target import Boxes
from further.trust.labels.evidence import SAME_PLACE, Evidence, Floats, overlaps, weigh
from further.trust.labels.simulated import KINDS, Simulated, simulate

#: Share of the labels that gets an error of each kind in a round of simulation.
SIMULATED_RATE = 0.1
#: Labels that the classifiers learn from at least, as rounds are repeated; and rounds at most.
LEAST_LABELS, MOST_ROUNDS = 10_000, 20
FOLDS = 5
#: Of the splines, and the inverse strength of the penalty.
KNOTS, STRENGTH = 5, 0.1
OF_LABELS = tuple(kind for kind in KINDS if kind != "missing")


def quotients(
    labels: Boxes, predictions: Boxes, sizes: NDArray[np.int64], seed: int
) -> tuple[Evidence, Floats, Floats]:
    """Return the quotients n_k(x) / n(x) of simulated errors and untouched labels.

    Parameters
    ----------
    labels : Boxes
        Those to be audited.
    predictions : Boxes
        Of the same pictures, with scores, by a detector that never saw these labels.
    sizes : array of shape (n, 2)
        Width and height of the pictures.
    seed : int
        Of the simulation.

    Returns
    -------
    evidence : Evidence
        What was weighed.
    of_labels : array of shape (labels, 3)
        For each of :data:`OF_LABELS`.
    of_candidates : array of shape (candidates,)
        For a missing label.
    """
    real = weigh(labels, predictions, sizes)
    n_rounds = int(np.clip(-(-LEAST_LABELS // max(1, len(labels.codes))), 1, MOST_ROUNDS))
    rounds = [
        _weighed(simulate(labels, sizes, SIMULATED_RATE, seed + i), predictions, sizes)
        for i in range(n_rounds)
    ]
    fold = np.random.default_rng(seed).permutation(len(sizes)) % min(FOLDS, len(sizes))
    of_labels = _quotients(
        [(e.of_labels, e.label_rows, kinds) for e, kinds, _ in rounds],
        real.of_labels, real.label_rows, fold, OF_LABELS,
    )  # fmt: skip
    of_candidates = _quotients(
        [(e.of_candidates, e.candidate_rows, kinds) for e, _, kinds in rounds],
        real.of_candidates, real.candidate_rows, fold, ("missing",),
    )  # fmt: skip
    return real, of_labels, of_candidates[:, 0]


def _weighed(
    made: Simulated, predictions: Boxes, sizes: NDArray[np.int64]
) -> tuple[Evidence, NDArray[np.str_], NDArray[np.str_]]:
    """Return the evidence of simulated labels, and what is wrong with each of its rows."""
    evidence = weigh(made.labels, predictions, sizes)
    scores = predictions.scores
    assert scores is not None
    kinds = np.full(len(evidence.candidates), "", dtype="<U9")
    starts = np.searchsorted(evidence.candidate_rows, np.arange(len(sizes) + 1))
    for row in range(len(sizes)):
        part = slice(starts[row], starts[row + 1])
        boxes = predictions.corners[evidence.candidates[part]]
        if not len(boxes):
            continue
        deleted = made.missing.of_row(row)
        iou, _ = overlaps(made.missing.corners[deleted], boxes)
        same = made.missing.codes[deleted][:, None] == predictions.codes[evidence.candidates[part]]
        # Of several predictions of one object the surest would be the suspicion.
        there = (iou >= SAME_PLACE) & same
        surest = np.where(there, scores[evidence.candidates[part]], -1).argmax(axis=1)
        kinds[part][surest[there.any(axis=1)]] = "missing"
    return evidence, made.kinds, kinds


def _quotients(
    rounds: list[tuple[Floats, NDArray[np.int64], NDArray[np.str_]]],
    features: Floats,
    rows: NDArray[np.int64],
    fold: NDArray[np.int64],
    kinds: tuple[str, ...],
) -> Floats:
    """Return n_k / n for each row, learnt from other pictures than its own."""
    x, x_rows, y = (np.concatenate([part[i] for part in rounds]) for i in range(3))
    out = np.zeros((len(features), len(kinds)))
    for k in np.unique(fold):
        learns, judged = fold[x_rows] != k, fold[rows] == k
        present = np.unique(y[learns])
        if not judged.any() or len(present) < 2:
            continue
        model = _classifier().fit(x[learns], y[learns])
        p = model.predict_proba(features[judged])
        column = {name: i for i, name in enumerate(model.classes_)}
        for i, kind in enumerate(kinds):
            if kind in column:
                out[judged, i] = p[:, column[kind]] / np.maximum(p[:, column[""]], 1e-12)
    return out


def _classifier() -> Pipeline:
    """Return logistic regression on splines of each feature; the last one is a class."""
    # Boosted trees were worse: the top of the ranking lies where there is little to learn from,
    # and there smooth functions go on rising.
    smooth = make_pipeline(
        SplineTransformer(KNOTS, degree=2, knots="quantile", extrapolation="linear"),
        StandardScaler(),
    )
    columns = make_column_transformer(
        (smooth, slice(0, -1)), (OneHotEncoder(handle_unknown="ignore"), [-1])
    )
    return make_pipeline(columns, LogisticRegression(C=STRENGTH, max_iter=200))
