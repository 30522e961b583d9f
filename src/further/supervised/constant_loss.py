r"""The loss of the best constant prediction: what a loss has to be compared with to mean anything.

With the mean target :math:`\bar t` and the median :math:`\tilde t` of the training rows it is

==================================== ===========================================================
squared errors                       :math:`\frac1k \sum \overline{(t - \bar t)^2}`
``mean_absolute_error``              :math:`\frac1k \sum \overline{|t - \tilde t|}`
categorical cross-entropy, and KL    :math:`-\sum \bar t \log \bar t`
``binary_cross_entropy``             :math:`-\sum \bar t \log \bar t
                                     + (1 - \bar t) \log (1 - \bar t)`
==================================== ===========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.data.target import Classes, Numbers
from further.supervised.output import Output


def _squared(t: NDArray[Any]) -> float:
    return float(t.var(axis=0).mean())


def _absolute(t: NDArray[Any]) -> float:
    return float(np.abs(t - np.median(t, axis=0)).mean())


def _entropy(t: NDArray[Any]) -> float:
    p = t.mean(axis=0)
    return float(-(p * np.log(np.maximum(p, 1e-300))).sum())


def _binary_entropy(t: NDArray[Any]) -> float:
    return _entropy(t) + _entropy(1 - t)


_CONSTANT: dict[str, Callable[[NDArray[Any]], float]] = {
    "mean_squared_error": _squared,
    "mean_squared_logarithmic_error": _squared,  # of targets that are logarithms already
    "mean_absolute_error": _absolute,
    "categorical_cross_entropy": _entropy,
    "kullback_leibler": _entropy,
    "binary_cross_entropy": _binary_entropy,
}


def constant_loss(loss: str, t: NDArray[Any]) -> float:
    """Return the loss of the best constant prediction.

    Parameters
    ----------
    loss : str
        Of :mod:`further.supervised.loss`.
    t : ndarray of shape (n, k)
        Targets as the loss takes them.

    Returns
    -------
    float
        In the unit of the loss.

    Examples
    --------
    >>> one_hot = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> round(constant_loss("categorical_cross_entropy", one_hot), 4)  # log 2
    0.6931
    >>> constant_loss("mean_squared_error", np.array([[0.0], [4.0]]))
    4.0
    """
    return _CONSTANT[loss](np.asarray(t, dtype=float))


def constant_losses(loss: str, output: Output, target: Classes | Numbers) -> dict[str, float]:
    """Return what the best constant prediction scores in each loss that a history has.

    Parameters
    ----------
    loss : str
        Of :mod:`further.supervised.loss`.
    output : Output
        Fitted to the target.
    target : Classes or Numbers
        Of the training rows.

    Returns
    -------
    dict of float
        "loss", and for classes "log_loss" and "refinement", what is left at the best
        temperature.
    """
    if isinstance(target, Numbers):
        return {"loss": constant_loss(loss, output.encode(target.values))}
    t = np.eye(len(target.names))[target.codes]
    entropy = constant_loss("categorical_cross_entropy", t)
    # Of two classes a single number is predicted.
    own = constant_loss(loss, t[:, -output.units(t.shape[1]) :])
    return {"loss": own, "log_loss": entropy, "refinement": entropy}
