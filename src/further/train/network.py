"""An estimator made of a network that the loop trains."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.spec import Spec
from further.errors import InputError
from further.train.batch import ArraySource, Batch, BatchSource, DatasetSource, PlacedSource
from further.train.budget import Budget
from further.train.estimator import DatasetEstimator
from further.train.execution import DEVICES, REPRODUCIBLE, Execution, find_device
from further.train.fit import Fit, fit_network
from further.train.flops import count_flops
from further.train.objective import Objective
from further.train.parameters import hyperparameters
from further.train.seeds import seed_of
from further.train.training import Training
from further.train.validation import MeanLoss, Validation

#: Rows that pass through a trained network at a time, and values of rows: what lies in a
#: processor's cache is worked on twice as fast.
ROWS_AT_A_TIME, VALUES_AT_A_TIME = 1000, 2**17


@hyperparameters
class NetworkEstimator(DatasetEstimator):
    """An estimator made of a network: a model says what it is, the loop trains it.

    A subclass has ``build`` and ``objectives``, and what it can do once trained.

    Parameters
    ----------
    budget : str or float, default="auto"
        How long to train: operations ("2e12"), seconds ("60s"), "30 epochs" or "500 steps"; "auto"
        takes operations by the number of values in a row.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        "auto" measures which is fastest here with the same loss.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where to compute; "auto" takes a GPU where there is one.
    training : dict or Training, default=None
        What to change in the model's own settings, such as ``{"learning_rate": 1e-4}``; see
        :class:`~further.train.training.Training`.
    random_state : int, RandomState or None, default=None
        Seed of weights, order, noise and samples.

    Attributes
    ----------
    net_ : nn.Module
        The trained network.
    history_ : DataFrame
        The learning curves; see :mod:`further.train.loop`.
    best_step_ : int
        When the kept weights came.
    execution_ : Execution
        Device, precision, threads and memory format.
    """

    training_defaults: ClassVar[Training] = Training()
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "budget": [str, Interval(Real, 0, None, closed="neither"), Budget],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "device": [StrOptions(set(DEVICES))],
        "training": [None, dict, Training],
        "random_state": ["random_state"],
    }
    _not_saved = (*DatasetEstimator._not_saved, "history_")
    _entries: ClassVar[dict[str, Callable[[Any], Any]]] = {
        **DatasetEstimator._entries,
        # Wherever it was trained, it is loaded on the processor, which every machine has.
        "execution_": lambda record: Execution(**{**record, "device": "cpu"}),
    }

    budget: str | float = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    training: dict[str, Any] | Training | None = None
    random_state: int | np.random.RandomState | None = None

    # What a model says -------------------------------------------------------------------------

    @abstractmethod
    def build(self, spec: Spec) -> nn.Module:
        """Return the network for data of that shape."""

    @abstractmethod
    def objectives(self, net: Any) -> list[Objective]:
        """Return what the loop minimises, in turn."""

    def training_settings(self) -> Training:
        """Return how the network is trained: the model's defaults with the user's changes."""
        spec = getattr(self, "spec_", None)
        defaults = self.training_defaults if spec is None else self.training_for(spec)
        return defaults.override(self.training)

    def training_for(self, spec: Spec) -> Training:
        """Return the model's defaults for data of that shape."""
        return self.training_defaults

    def budget_for(self, n_rows: int) -> Budget:
        """Return how long to train on so many rows."""
        return Budget.parse(self.budget, self.spec_)

    def validation(self) -> Validation:
        """Return what is computed on held-out rows; the first figure selects the weights."""
        return MeanLoss(self.validation_loss)

    def validation_loss(
        self, net: Any, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the losses of held-out rows: those of the first objective.

        Parameters
        ----------
        net : nn.Module
            The network, in evaluation mode.
        batch : Batch
            Held-out rows.
        generator : torch.Generator
            Of random numbers.

        Returns
        -------
        dict of Tensor
            Scalars by name.
        """
        return self.objectives(net)[0].loss(batch, generator)

    def grown(self, width: int, spec: Spec) -> int:
        """Return the width of a network that is ``width`` wide at the default budget.

        A larger budget is divided evenly between the operations of a row, which grow with the
        square of the width, and the number of rows (Hoffmann et al. 2022, "Training
        compute-optimal large language models").

        Parameters
        ----------
        width : int
            Units or channels.
        spec : Spec
            Shape of the data, which the default budget depends on.

        Returns
        -------
        int
            Units or channels; a multiple of 8 where it has grown.
        """
        growth = Budget.parse(self.budget, spec).growth(spec)
        return max(width, round(width * growth**0.25 / 8) * 8)

    def forward(self, net: Any, batch: Batch, generator: torch.Generator) -> Any:
        """Pass rows once through the network, as the count of its operations has it.

        That of the first objective, unless a model says otherwise.

        Parameters
        ----------
        net : nn.Module
            The network, in evaluation mode.
        batch : Batch
            Rows.
        generator : torch.Generator
            Of random numbers.

        Returns
        -------
        object
            Whatever comes out; only the way there counts.
        """
        return self.objectives(net)[0].loss(batch, generator)

    def begin(self, net: Any, rows: BatchSource, generator: torch.Generator) -> None:
        """Fit what is fitted to the training rows before the training, into the network.

        Parameters
        ----------
        net : nn.Module
            With its first weights, on the processor.
        rows : BatchSource
            The training rows.
        generator : torch.Generator
            Of random numbers.
        """

    def finish(self, net: Any, rows: BatchSource, generator: torch.Generator) -> None:
        """Fit what is fitted to the training rows after the training, into the network.

        Parameters
        ----------
        net, rows, generator
            See :meth:`begin`; with the weights that are kept, wherever the training was.
        """

    # The training --------------------------------------------------------------------------------

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        device = find_device(self.device)
        train = self._source(dataset)
        torch.manual_seed(seed)
        net = self.build(self.spec_)
        self.begin(net, train, torch.Generator().manual_seed(seed_of(seed, "begin")))
        fit: Fit = fit_network(
            net,
            self.objectives(net),
            train,
            None if validation is None else self._source(validation),
            self.validation(),
            training=self.training_settings(),
            budget=self.budget_for(len(train)),
            precision=self.precision,
            device=device,
            seed=seed,
            **loop,
        )
        self.execution_: Execution = fit.execution
        with self.execution_.active(), torch.no_grad():
            placed = PlacedSource(train, self.execution_.place_batch)
            self.finish(net, placed, self.execution_.generator(seed_of(seed, "finish")))
        self.net_: Any = net
        self.n_parameters_ = sum(p.numel() for p in net.parameters())
        self.history_ = pd.DataFrame(fit.history)
        self.best_step_ = fit.best_step
        self.cost_ = fit.to_json()

    def operations_per_row(self, dataset: Dataset) -> float:
        """Return the floating-point operations of one row's way forward through the network.

        Parameters
        ----------
        dataset : Dataset
            Rows like those of the training, with their target.

        Returns
        -------
        float
            A multiplication and an addition are two; elementwise work is left out.
        """
        rows = dataset.take(np.arange(min(len(dataset), 2)))
        batch = self.execution_.place_batch(self._batch(rows))
        generator = self.execution_.generator()
        with torch.no_grad(), self.execution_.active():
            counted = count_flops(lambda: self.forward(self.net_, batch, generator))
        return counted / len(rows)

    def to(self, device: str) -> Self:
        """Move the trained network to a device.

        Parameters
        ----------
        device : {"auto", "cpu", "cuda", "mps"}
            Where what follows is computed; "auto" takes a GPU where there is one.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        InputError
            If this machine has no such device.
        """
        check_is_fitted(self)
        self.execution_ = dataclasses.replace(self.execution_, device=find_device(device))
        self.execution_.place(self.net_)
        return self

    def _rebuild(self) -> None:
        super()._rebuild()
        self.net_ = self.build(self.spec_).eval()

    def _source(self, dataset: Dataset) -> BatchSource:
        if dataset.on_disk:
            return DatasetSource(dataset, self._batch)
        return ArraySource(self._batch(dataset))

    def _batch(self, dataset: Dataset) -> Batch:
        arrays = {"x": self.encoding_.encode(dataset)}
        if self.spec_.target is not None:
            if dataset.target is None:
                raise InputError("The validation rows have no labels, but the training rows do.")
            arrays |= dataset.target.encode()
        return Batch.from_arrays(arrays)

    def _apply(
        self, work: Callable[[Batch], Tensor], arrays: Mapping[str, np.ndarray | None]
    ) -> np.ndarray:
        """Return what the trained network makes of rows, so many at a time."""
        rows = Batch.from_arrays(arrays)
        execution = getattr(self, "execution_", REPRODUCIBLE)
        parts = []
        step = ROWS_AT_A_TIME
        if execution.device == "cpu":
            step = min(step, max(1, VALUES_AT_A_TIME // self.spec_.size))
        with torch.no_grad(), execution.active():
            for start in range(0, rows.n_rows, step):
                part = execution.place_batch(rows.take(slice(start, start + step)))
                made = work(part).cpu()
                parts.append((made if made.dtype is torch.float64 else made.float()).numpy())
        return np.concatenate(parts)
