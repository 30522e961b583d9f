"""What is computed on held-out rows while a network trains; the first figure selects the weights.

Either a loss is averaged over the rows, or predictions of all rows are gathered and a metric of
the whole set is computed from them, such as an AUC or an mAP, which is no mean over batches.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import ClassVar

import torch
from torch import Tensor, nn

from further.train.batch import Batch


class Validation(ABC):
    """A judgement of a network's weights on some rows."""

    #: Whether all rows are looked at; otherwise a fixed random part of many does.
    all_rows: ClassVar[bool]
    #: Whether the lower of two first figures is the better one.
    lower_is_better: bool = True

    @abstractmethod
    def measure(
        self, net: nn.Module, batches: Iterable[Batch], generator: torch.Generator
    ) -> dict[str, float]:
        """Return figures by name, the first of which selects the weights.

        Parameters
        ----------
        net : nn.Module
            In evaluation mode.
        batches : iterable of Batch
            The rows, on the network's device.
        generator : torch.Generator
            The same random numbers every time.
        """


class MeanLoss(Validation):
    """Losses averaged over the rows.

    Parameters
    ----------
    loss : callable
        Takes the network, a batch and a generator; returns a dict of scalar tensors.
    """

    all_rows = False

    def __init__(
        self, loss: Callable[[nn.Module, Batch, torch.Generator], dict[str, Tensor]]
    ) -> None:
        self.loss = loss

    def measure(
        self, net: nn.Module, batches: Iterable[Batch], generator: torch.Generator
    ) -> dict[str, float]:
        """Return the mean of each loss."""
        sums: dict[str, Tensor] = {}
        n = 0
        for batch in batches:
            n += batch.n_rows
            for name, value in self.loss(net, batch, generator).items():
                part = value.detach().double() * batch.n_rows
                sums[name] = sums[name] + part if name in sums else part
        if not sums:
            return {}
        means = torch.stack([value.cpu() for value in sums.values()]) / n
        return dict(zip(sums, means.tolist(), strict=True))


class PredictionMetric(Validation):
    """A metric of the predictions of all rows.

    Parameters
    ----------
    predict : callable
        Takes the network and a batch; returns predictions, a tensor with the batch first.
    metric : callable
        Takes all predictions and all targets ``y``, on the processor; returns figures by name.
    lower_is_better : bool, default=False
        Whether the lower of two first figures is the better one.
    """

    all_rows = True

    def __init__(
        self,
        predict: Callable[[nn.Module, Batch], Tensor],
        metric: Callable[[Tensor, Tensor], dict[str, float]],
        *,
        lower_is_better: bool = False,
    ) -> None:
        self.predict, self.metric, self.lower_is_better = predict, metric, lower_is_better

    def measure(
        self, net: nn.Module, batches: Iterable[Batch], generator: torch.Generator
    ) -> dict[str, float]:
        """Return the metric of the predictions of all rows together."""
        predictions, targets = [], []
        for batch in batches:
            predictions.append(self.predict(net, batch).detach().float().cpu())
            targets.append(batch["y"].cpu())
        return self.metric(torch.cat(predictions), torch.cat(targets))
