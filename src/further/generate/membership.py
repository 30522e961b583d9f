"""What the weights of a trained model say of single rows: the white box of membership inference.

A model that knows a row by heart rebuilds it better than it does a new one. A model that can ask
for itself has a method ``membership_score(net, batch, generator)``; one that encodes and decodes
rows is asked for the error of its reconstruction, which sees more than a bound on the likelihood;
another for its log-likelihood. The GAN keeps neither, and is not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from further.train.batch import Batch

_Score = Callable[[Batch, torch.Generator], Tensor]


def membership_scores(
    model: Any, x: np.ndarray, codes: np.ndarray | None, seed: int
) -> np.ndarray | None:
    """Return how well a trained model knows each row.

    Use it to ask what somebody learns of the training rows who has the weights. It fails to see
    what another question to the same weights would.

    Parameters
    ----------
    model : GenerativeEstimator
        Fitted.
    x : array of shape (n, *spec.shape), float32
        Encoded rows.
    codes : array of shape (n,), or None
        Class codes.
    seed : int
        Of the noise, which is the same for all rows of equal place.

    Returns
    -------
    array of shape (n,), float32, or None
        Higher is more typical of training rows; None where there is no question to ask.
    """
    score = _question(model)
    if score is None:
        return None

    def work(batch: Batch) -> Tensor:
        # A generator for each part: rows of different parts meet the same noise.
        return score(batch, model.execution_.generator(seed))

    found: np.ndarray = model._apply(work, {"x": x, "y": codes})
    return found


def _question(model: Any) -> _Score | None:
    net = getattr(model, "net_", None)
    if hasattr(model, "membership_score"):
        return lambda batch, generator: model.membership_score(net, batch, generator)
    if hasattr(model, "transform_encoded") and hasattr(model, "inverse_transform_encoded"):

        def closeness(batch: Batch, generator: torch.Generator) -> Tensor:
            rebuilt = model.decode_latent(net, model.encode_latent(net, batch), batch)
            return -(rebuilt - batch.x).flatten(1).square().sum(1)

        return closeness
    if getattr(model, "defines_likelihood_", False):
        return lambda batch, generator: model.log_likelihood(net, batch, generator)
    return None
