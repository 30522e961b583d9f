r"""Class balance: do the classes of the samples come as often as in the training rows?

.. math:: 1 - \mathrm{TV}(\hat p, p) = 1 - \tfrac12 \sum_c \lvert \hat p_c - p_c \rvert,

where :math:`p` are the training rows' class shares and :math:`\hat p` the shares of the classes
that a classifier trained on real rows sees in the samples: what was made, not what was asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.interval import DRAWS, Score, score_from_halves
from further.evaluate.resampling import half_samples

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]


def class_shares(labels: Labels, classes: int) -> Floats:
    """Return the share of each class.

    Parameters
    ----------
    labels : ndarray of int, shape (n,)
        Class codes.
    classes : int
        Number of classes, coded from 0.

    Returns
    -------
    ndarray of shape (classes,)
        Shares; all 0 without rows.
    """
    return np.bincount(labels, minlength=classes)[:classes] / max(len(labels), 1)


def class_balance(
    recognised: Labels,
    prior: Floats,
    *,
    requested: Labels | None = None,
    recognised_in_real: Floats | None = None,
    seed: int = 0,
) -> Score:
    """Return 1 minus the total variation distance between recognised and training class shares.

    Use it to see whether a class is left out.
    It fails where the classifier itself confuses classes; the shares that it sees in real rows
    stand in the detail. Sampling alone keeps it a little below 1.

    Parameters
    ----------
    recognised : ndarray of int, shape (n,)
        Class that the classifier sees in each sample.
    prior : ndarray of shape (classes,)
        Training shares.
    requested : ndarray of int, shape (n,), optional
        Class that was asked for.
    recognised_in_real : ndarray of shape (classes,), optional
        Shares that the classifier sees in held-out rows.
    seed : int
        Of the halves.

    Returns
    -------
    Score
        The detail holds shares by class, the least share expected of each (the smaller of the
        training share and what the classifier sees in real rows), and the share of samples in
        which it sees the class that was asked for, by class and averaged over classes.

    Examples
    --------
    >>> class_balance(np.array([0, 0, 0, 1]), np.array([0.5, 0.5])).value
    0.75
    """
    classes, n = len(prior), len(recognised)
    shares = class_shares(recognised, classes)
    value = _overlap(shares, prior)
    one_hot = np.eye(classes)[recognised]
    halves = half_samples(n, DRAWS, seed)
    draws = _overlap(halves.chosen @ one_hot / (n // 2), prior)
    expected = prior if recognised_in_real is None else np.minimum(prior, recognised_in_real)
    detail: dict[str, Any] = {
        "recognised": shares.tolist(),
        "training": prior.tolist(),
        "expected": expected.tolist(),
    }
    if requested is not None:
        agree = requested == recognised
        detail["requested"] = class_shares(requested, classes).tolist()
        by_class = [
            float(agree[requested == c].mean()) if (requested == c).any() else None
            for c in range(classes)
        ]
        detail["label_agreement_by_class"] = by_class
        detail["label_agreement"] = float(
            np.mean([share for share in by_class if share is not None])
        )
    return score_from_halves(float(value), draws, n, halves, limits=(0.0, 1.0), detail=detail)


def _overlap(shares: Floats, prior: Floats) -> Any:
    return 1.0 - 0.5 * np.abs(shares - prior).sum(axis=-1)
