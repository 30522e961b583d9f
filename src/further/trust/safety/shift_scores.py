r"""How far new rows are from the training rows, in five ways; the higher, the further away.

With a representation :math:`\phi`, logits :math:`z_k` and probabilities :math:`p_k` of K classes,

.. math:: \text{nearest}(x) = \bigl\lVert \phi(x) - \phi(x_{(k)}) \bigr\rVert, \qquad
          \text{Mahalanobis}(x) = \min_c \sqrt{(\phi(x) - \mu_c)^\top \Sigma^{-1} (\phi(x) -
          \mu_c)},

.. math:: \text{energy}(x) = -\log \sum_k e^{z_k(x)}, \qquad
          \text{disagreement}(x) = H\Bigl(\tfrac1M \sum_m p^m\Bigr) - \tfrac1M \sum_m H(p^m),

where :math:`x_{(k)}` is the k-th nearest training row, :math:`\mu_c` the mean of a class, Σ the
covariance within classes (shrunk, Ledoit and Wolf) and H the entropy: what the M members of an
ensemble disagree about is what they could not learn. The control is the confidence,

.. math:: \text{confidence}(x) = 1 - \max_k p_k(x),

which promises nothing about what is new: far from all training rows many classifiers are very sure.

Logits are those of a network's last layer, or ``decision_function``. A model with probabilities
alone knows its logits but for a constant; the energy is then that of logits that sum to zero,
:math:`z_k = \log p_k - \frac1K \sum_j \log p_j`, for which :math:`-\log \sum_k e^{z_k} = \frac1K
\sum_j \log p_j`: higher where the probabilities are more equal. A single logit f of two classes is
taken for :math:`(-f/2, f/2)`.

References
----------
Sun, Ming, Zhu and Li 2022, "Out-of-distribution detection with deep nearest neighbors". Lee, Lee,
Lee and Shin 2018, "A simple unified framework for detecting out-of-distribution samples and
adversarial attacks". Liu, Wang, Owens and Li 2020, "Energy-based out-of-distribution detection".
Lakshminarayanan, Pritzel and Blundell 2017, "Simple and scalable predictive uncertainty estimation
using deep ensembles". Hein, Andriushchenko and Bitterwolf 2019, "Why ReLU networks yield
high-confidence predictions far away from the training data".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.base import clone

from further.errors import InputError
from further.trust.safety.held_out_metric import take
from further.trust.safety.representation import Represent, network_logits

Floats = NDArray[np.float64]
#: No probability is taken for less, or one row alone decides.
LEAST_PROBABILITY = 1e-12


@dataclass(frozen=True, eq=False)
class Reference:
    """What new rows are compared with: the training rows, and what was learnt from them."""

    X: Annotated[Any, "Training rows, (n, ...)."]
    y: Annotated[NDArray[Any] | None, "Their target, where it is known."]
    represent: Annotated[Represent, "What makes numbers of rows."]
    model: Annotated[Any, "Fitted; None where there is none."] = None
    members: Annotated[tuple[Any, ...], "An ensemble of fitted models."] = ()
    n_neighbors: Annotated[int, "Which nearest training row counts."] = 5


Scorer = Callable[[Any], Floats]


def nearest(reference: Reference) -> Scorer:
    """Return the distance of rows to the k-th nearest training row."""
    from sklearn.neighbors import NearestNeighbors

    known = reference.represent(reference.X)
    index = NearestNeighbors(n_neighbors=min(reference.n_neighbors, len(known))).fit(known)
    return partial(_last_distance, index, reference.represent)


def mahalanobis(reference: Reference) -> Scorer:
    """Return the distance of rows to the nearest mean of a class, in units of the spread within."""
    from sklearn.covariance import LedoitWolf

    known = reference.represent(reference.X)
    labels = np.asarray(reference.y) if _has_classes(reference) else np.zeros(len(known))
    classes, codes = np.unique(labels, return_inverse=True)
    means = np.array([known[labels == c].mean(axis=0) for c in classes])
    shrunk = LedoitWolf(assume_centered=True).fit(known - means[codes.ravel()])
    return partial(_least_mahalanobis, means, shrunk.get_precision(), reference.represent)


def energy(reference: Reference) -> Scorer:
    """Return minus the logarithm of the sum of exponentials of the logits."""
    return partial(
        _energy, _needed(reference.model, "energy", "predict_proba", "decision_function")
    )


def disagreement(reference: Reference) -> Scorer:
    """Return what the members of an ensemble disagree about, in nats; of numbers their spread."""
    members = reference.members
    if len(members) < 2:
        raise InputError(
            "The disagreement needs an ensemble of at least 2 fitted models, or the target of the "
            "training rows to fit one."
        )
    if hasattr(members[0], "predict_proba"):
        return partial(_information, members)
    return partial(_votes if hasattr(members[0], "classes_") else _spread, members)


def confidence(reference: Reference) -> Scorer:
    """Return 1 less the largest probability, the control, which promises nothing."""
    return partial(_doubt, _needed(reference.model, "confidence", "predict_proba"))


def _last_distance(index: Any, represent: Represent, X: Any) -> Floats:
    found: Floats = index.kneighbors(represent(X))[0][:, -1]
    return found


def _least_mahalanobis(means: Floats, inverse: Floats, represent: Represent, X: Any) -> Floats:
    rows = represent(X)
    squares = [np.einsum("ij,jk,ik->i", rows - m, inverse, rows - m, optimize=True) for m in means]
    found: Floats = np.sqrt(np.maximum(np.min(squares, axis=0), 0))
    return found


def _energy(model: Any, X: Any) -> Floats:
    found: Floats = -logsumexp(logits_of(model, X)[0], axis=1)
    return found


def _information(members: Sequence[Any], X: Any) -> Floats:
    classes = np.unique(np.concatenate([member.classes_ for member in members]))
    each = np.array([_aligned(member, X, classes) for member in members])
    found: Floats = _entropy(each.mean(axis=0)) - _entropy(each).mean(axis=0)
    return found


def _votes(members: Sequence[Any], X: Any) -> Floats:
    """Return how often two members name different classes, where they have no probabilities."""
    said = np.array([member.predict(X) for member in members])
    found: Floats = 1 - np.mean([(said == one).mean(axis=0) for one in said], axis=0)
    return found


def _spread(members: Sequence[Any], X: Any) -> Floats:
    found: Floats = np.std([np.asarray(member.predict(X)) for member in members], axis=0)
    return found


def _doubt(model: Any, X: Any) -> Floats:
    found: Floats = 1 - np.asarray(model.predict_proba(X), dtype=np.float64).max(axis=1)
    return found


#: By name, what people call it and how it is made; the control comes last.
SCORES: dict[str, tuple[str, Callable[[Reference], Scorer]]] = {
    "nearest": ("distance to the nearest training rows", nearest),
    "mahalanobis": ("Mahalanobis distance", mahalanobis),
    "energy": ("energy", energy),
    "disagreement": ("disagreement of an ensemble", disagreement),
    "confidence": ("confidence (control)", confidence),
}
CONTROL = "confidence"
#: Those that need nothing but training rows.
OF_ROWS = ("nearest", "mahalanobis")


def logits_of(model: Any, X: Any) -> tuple[Floats, str]:
    """Return logits of the classes, and where they come from in words.

    Parameters
    ----------
    model : classifier
        Fitted.
    X : DataFrame or array
        Rows.

    Returns
    -------
    logits : array of shape (n, classes)
        See the head of this module.
    basis : str
        What was used.
    """
    found, basis = network_logits(model, X), "logits of the network"
    if found is None and hasattr(model, "decision_function"):
        found, basis = np.asarray(model.decision_function(X), np.float64), "decision_function"
    if found is None:
        p = np.maximum(np.asarray(model.predict_proba(X), np.float64), LEAST_PROBABILITY)
        z = np.log(p)
        return z - z.mean(axis=1, keepdims=True), "log-probabilities that sum to zero"
    if found.ndim == 1 or found.shape[1] == 1:
        f = found.reshape(-1, 1) / 2
        found = np.concatenate([-f, f], axis=1)
    return found, basis


def fit_members(model: Any, X: Any, y: NDArray[Any], n: int, seed: int) -> tuple[Any, ...]:
    """Return copies of a model, each fitted to rows drawn with replacement.

    Parameters
    ----------
    model : estimator
        Of scikit-learn's contract; it is copied.
    X : DataFrame or array of shape (n, ...)
        Training rows.
    y : array of shape (n,)
        Their target.
    n : int
        Number of copies.
    seed : int
        Of the draws, and of the copies where they take one.

    Returns
    -------
    tuple of estimator
        Fitted.
    """
    rng = np.random.default_rng(seed)
    members = []
    for _ in range(n):
        member = clone(model)
        if "random_state" in member.get_params():
            member.set_params(random_state=int(rng.integers(2**31 - 1)))
        rows = rng.integers(len(y), size=len(y))
        # A draw of one class alone teaches nothing.
        while len(np.unique(y[rows])) < min(2, len(np.unique(y))):
            rows = rng.integers(len(y), size=len(y))
        members.append(member.fit(take(X, rows), y[rows]))
    return tuple(members)


def scorer_of(name: str, reference: Reference) -> Scorer:
    """Return a shift score by its name, fitted to the reference.

    Parameters
    ----------
    name : str
        A key of :data:`SCORES`.
    reference : Reference
        What new rows are compared with.

    Returns
    -------
    callable
        Takes rows, returns an array of shape (n,), higher for rows that are further away.
    """
    return SCORES[name][1](reference)


def possible(model: Any, members: Sequence[Any]) -> tuple[str, ...]:
    """Return which scores a model and an ensemble allow.

    Parameters
    ----------
    model : estimator
        Fitted.
    members : sequence of estimators
        An ensemble; of fewer than two there is no disagreement.

    Returns
    -------
    tuple of str
        Names, in the order of :data:`SCORES`.
    """
    allowed = [*OF_ROWS]
    if hasattr(model, "predict_proba") or hasattr(model, "decision_function"):
        allowed.append("energy")
    if len(members) > 1:
        allowed.append("disagreement")
    if hasattr(model, "predict_proba"):
        allowed.append(CONTROL)
    return tuple(allowed)


def _needed(model: Any, score: str, *methods: str) -> Any:
    if model is None or not any(hasattr(model, method) for method in methods):
        raise InputError(
            f'The shift score "{score}" needs a classifier with {" or ".join(methods)}; give one '
            'as estimator, or take "nearest".'
        )
    return model


def _has_classes(reference: Reference) -> bool:
    from sklearn.utils.multiclass import type_of_target

    y = reference.y
    return y is not None and not type_of_target(y).startswith("continuous")


def _aligned(member: Any, X: Any, classes: NDArray[Any]) -> Floats:
    """Return probabilities of all classes; a member that has not seen one gives it none."""
    found = np.zeros((len(X), len(classes)))
    found[:, np.searchsorted(classes, member.classes_)] = member.predict_proba(X)
    return found


def _entropy(p: Floats) -> Floats:
    floored = np.maximum(p, LEAST_PROBABILITY)
    found: Floats = -(p * np.log(floored)).sum(axis=-1)
    return found
