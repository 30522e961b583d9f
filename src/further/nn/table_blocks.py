"""Losses and samples over the columns of a table in encoded form: standard scores and one-hots."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from further.data.spec import Block
from further.nn.device import exponential_like


def numeric_columns(blocks: Sequence[Block]) -> list[int]:
    """Return the encoded positions of the numeric columns."""
    return [block.start for block in blocks if block.kind == "numeric"]


def categorical_slices(blocks: Sequence[Block]) -> list[slice]:
    """Return the encoded positions of each one-hot vector."""
    return [slice(b.start, b.stop) for b in blocks if b.kind == "categorical"]


def categorical_log_prob(logits: Tensor, x: Tensor, blocks: Sequence[Block]) -> Tensor:
    """Return the summed log-probability ``(n,)`` of the one-hot vectors of ``x`` under logits.

    Parameters
    ----------
    logits : Tensor of shape (n, encoded)
        Of the network.
    x : Tensor of shape (n, encoded)
        Encoded rows.
    blocks : sequence of Block
        What each encoded column is.

    Returns
    -------
    Tensor of shape (n,)
        Natural logarithms.
    """
    total = x.new_zeros(len(x))
    for part in categorical_slices(blocks):
        total = total + (F.log_softmax(logits[:, part], dim=1) * x[:, part]).sum(1)
    return total


def sample_categories(
    logits: Tensor, blocks: Sequence[Block], generator: torch.Generator | None
) -> Tensor:
    """Replace the logits of each block by a one-hot draw, or by the mode without a generator.

    Parameters
    ----------
    logits : Tensor of shape (n, encoded)
        Of the network; numeric columns stay as they are.
    blocks : sequence of Block
        What each encoded column is.
    generator : torch.Generator or None
        Source of the draws.

    Returns
    -------
    Tensor of shape (n, encoded)
        A copy with one-hot vectors.
    """
    rows = logits.clone()
    for part in categorical_slices(blocks):
        block = logits[:, part]
        if generator is not None:
            # Gumbel's trick: the largest of logits plus Gumbel noise is a draw from the softmax.
            noise = exponential_like(block, generator).log()
            block = block - noise
        rows[:, part] = F.one_hot(block.argmax(1), part.stop - part.start).to(rows.dtype)
    return rows
