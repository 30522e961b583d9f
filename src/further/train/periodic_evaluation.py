"""The evaluation of held-out rows while a network trains: of how many rows, and when.

It takes at most a twentieth of the operations of the training, whatever the unit of the budget: a
row of the history waits until the training is long enough for it and for the last one, which always
comes. Where a budget ends before that, the only evaluation is one of few rows. Operations and not
seconds decide, so that the same seed keeps the same weights on a busy machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from further.train.batch import Batch, BatchSource, rows_at_a_time
from further.train.execution import Execution
from further.train.flops import count_flops
from further.train.seeds import Stream, seed_of
from further.train.validation import Validation

ROWS_AT_A_TIME = 1024
LEAST_VALIDATION_ROWS = 512
#: Training rows on which the averaged weights are looked at, in evaluation mode.
FIT_ROWS = 128
#: Largest share of the operations of the training.
SHARE = 0.05
#: Operations that are free, a fraction of a second: short trainings keep their curves.
FREE_FLOPS = 2e9
#: Fewest rows of each kind, where a budget ends before an evaluation is affordable.
LEAST_ROWS_AT_END = 32
#: Operations of a forward pass, as a share of a step on the same row, at most.
FORWARD_SHARE = 1 / 2


class PeriodicEvaluation:
    """Figures of validation rows, and of a fixed part of the training rows.

    Parameters
    ----------
    judgement : Validation
        What is computed.
    train, validation : BatchSource
        The rows; ``validation`` is None where there are none.
    execution : Execution
        Of the training.
    autocast : callable
        Returns the context of its precision.
    seed : int
        Of the choice of rows and of the noise in losses.
    rows_between : int
        Rows of steps between two evaluations, as the loop would like to have them.
    flops_per_row : float
        Operations of a step for each of its rows.

    Attributes
    ----------
    flops : float
        Operations of one evaluation, elementwise work left out; a guess before the first.
    """

    def __init__(
        self,
        judgement: Validation,
        train: BatchSource,
        validation: BatchSource | None,
        *,
        execution: Execution,
        autocast: Callable[[], AbstractContextManager[Any]],
        seed: int,
        rows_between: int,
        flops_per_row: float,
    ) -> None:
        self.judgement, self.train, self.validation = judgement, train, validation
        self._execution, self._autocast, self._seed = execution, autocast, seed
        self._flops_per_row = FORWARD_SHARE * flops_per_row
        self._kept_back = 1  # an evaluation for the end
        n = 0 if validation is None else len(validation)
        # The largest part of which the operations allow an evaluation each time; it stays the
        # same, so that rows of the history can be compared.
        affordable = int(SHARE / FORWARD_SHARE * rows_between) - FIT_ROWS
        most = n if judgement.all_rows else max(LEAST_VALIDATION_ROWS, affordable)
        self._validation_rows = self._some_of(n, most, "validation_rows")
        self._fit_rows = self._some_of(len(train), FIT_ROWS, "fit_rows")
        rows = len(self._validation_rows) + len(self._fit_rows)
        self.flops = self._flops_per_row * rows

    @property
    def validation_rows(self) -> int:
        """Number of validation rows that each evaluation takes."""
        return len(self._validation_rows)

    def is_affordable(self, training_flops: float, done: int) -> bool:
        """Return whether one more evaluation, and a last one, are affordable.

        Parameters
        ----------
        training_flops : float
            Operations of the training so far.
        done : int
            Evaluations so far.

        Returns
        -------
        bool
            Whether all of them together stay within their share.
        """
        return (done + 1 + self._kept_back) * self.flops <= self._most(training_flops)

    def spread(self, steps: int, total_steps: int, flops_per_step: float) -> int:
        """Return the steps between two evaluations that spread what is affordable over a training.

        Without that the first epochs of a small one would take all of it, and the best of the
        others were never seen.

        Parameters
        ----------
        steps : int
            As the loop would like to have them.
        total_steps : int
            Of the training.
        flops_per_step : float
            Operations of a step.

        Returns
        -------
        int
            At least ``steps``.
        """
        if not self.flops:
            return steps
        evaluations = int(self._most(total_steps * flops_per_step) / self.flops) - 1
        spread = math.ceil(total_steps / max(1, evaluations))
        # What is spread leaves room for the last one.
        self._kept_back = int(spread <= steps)
        return max(steps, spread)

    def flops_at_end(self, training_flops: float) -> float:
        """Return the operations of a last evaluation after a training so long."""
        return min(self.flops, self._most(training_flops))

    def run(
        self, net: nn.Module, training_flops: float, done: int
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Return the figures of the validation rows, and those of the training rows.

        Parameters
        ----------
        net : nn.Module
            In evaluation mode.
        training_flops : float
            Operations of the training so far.
        done : int
            Evaluations so far.

        Returns
        -------
        tuple of two dict of float
            Figures by name; of no rows none.
        """
        if done:
            return self._both(net)
        most = self._most(training_flops)
        if self.flops > most and not self.judgement.all_rows:
            # Of each kind; the first evaluation is then the last one, at the end of the budget.
            rows = max(LEAST_ROWS_AT_END, int(most / self._flops_per_row) // 2)
            self._validation_rows = self._validation_rows[:rows]
            self._fit_rows = self._fit_rows[:rows]
        found: list[tuple[dict[str, float], dict[str, float]]] = []
        self.flops = count_flops(lambda: found.append(self._both(net)))
        return found[0]

    @staticmethod
    def _most(training_flops: float) -> float:
        return max(FREE_FLOPS, SHARE * training_flops)

    def _both(self, net: nn.Module) -> tuple[dict[str, float], dict[str, float]]:
        validation = self._judge(net, self.validation, self._validation_rows)
        return validation, self._judge(net, self.train, self._fit_rows)

    def _some_of(self, n: int, most: int, stream: Stream) -> Tensor:
        """Return the numbers of all rows, or of ``most`` of them at random."""
        if n <= most:
            return torch.arange(n)
        generator = torch.Generator().manual_seed(seed_of(self._seed, stream))
        return torch.randperm(n, generator=generator)[:most]

    @torch.no_grad()
    def _judge(self, net: nn.Module, source: BatchSource | None, rows: Tensor) -> dict[str, float]:
        if source is None:
            return {}

        def batches() -> Iterator[Batch]:
            for part in rows.split(min(ROWS_AT_A_TIME, rows_at_a_time(source))):
                yield self._execution.place_batch(source.take(part))

        generator = self._execution.generator(seed_of(self._seed, "validation"))
        with self._autocast():
            return self.judgement.measure(net, batches(), generator)
