r"""Temperature scaling: one number that makes confidences true, fitted on held-out rows.

.. math:: p = \mathrm{softmax}(\eta / T), \qquad
          T = \arg\min_T -\sum_i \sum_k t_{ik} \log p_{ik}, \qquad
          t_{ik} = \frac{n\, [k = y_i] + 1/K}{n + 1},

which changes no ranking of the classes of a row (Guo et al. 2017, "On calibration of modern neural
networks"). Targets t are those of Laplace's rule, as if one row more had been met of which nobody
knows the class: where every held-out row is right, confidence would have no limit otherwise. The
loss that is left at the best T is the *refinement* of the predictions: what they know, whatever
their confidence. Choosing the weights by it and the confidence afterwards beats choosing both at
once, since the epochs that are best for the one are late for the other (Berta et al. 2025,
"Rethinking early stopping: refine, then calibrate").
"""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor

#: Where temperatures are looked for; beyond it predictions are certain, or know nothing.
LOWEST, HIGHEST = 0.01, 100.0
HALVINGS = 40


def fit_temperature(logits: Tensor, y: Tensor) -> float:
    """Return the temperature at which the log loss of predictions is lowest.

    Parameters
    ----------
    logits : Tensor of shape (n, classes)
        Logarithms of probabilities, up to a constant a row.
    y : Tensor of shape (n,), int64
        The classes of the rows.

    Returns
    -------
    float
        Between 0.01 and 100.

    Examples
    --------
    >>> import torch
    >>> logits = torch.tensor([[9.0, 0.0]]).repeat(400, 1)
    >>> y = (torch.arange(400) % 4 == 0).long()  # as sure as that three times out of four
    >>> round(9 / fit_temperature(logits, y), 2), round(math.log(3), 2)
    (1.1, 1.1)
    """
    logits = logits.double()
    n = len(logits)
    of_class = logits.gather(1, y[:, None])[:, 0]
    met = (n * of_class + logits.mean(dim=1)) / (n + 1)
    # In β = 1 / T the loss is convex, so its slope has one zero: the mean logit that is expected
    # equals the one that was met.
    low, high = math.log(1 / HIGHEST), math.log(1 / LOWEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        p = (logits * math.exp(middle)).softmax(dim=1)
        slope = float(((p * logits).sum(dim=1) - met).mean())
        low, high = (low, middle) if slope > 0 else (middle, high)
    return math.exp(-(low + high) / 2)


def refined_log_loss(logits: Tensor, y: Tensor) -> dict[str, float]:
    """Return the log loss at the best temperature, the log loss as it is, and the error rate.

    Parameters
    ----------
    logits, y
        See :func:`fit_temperature`.

    Returns
    -------
    dict of float
        ``refinement``, ``log_loss``, ``error``.
    """
    temperature = fit_temperature(logits, y)
    return {
        "refinement": float(F.cross_entropy(logits.double() / temperature, y)),
        "log_loss": float(F.cross_entropy(logits.double(), y)),
        "error": float((logits.argmax(dim=1) != y).double().mean()),
    }
