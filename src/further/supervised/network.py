"""What is the same for all networks that predict a target, and for those of classes and numbers.

A model says ``network``: what leads from a row to its last numbers η. Loss and output are those of
:mod:`further.supervised.match`. The best weights are chosen on a fifth of the rows, which then
calibrate the probabilities (:mod:`further.supervised.temperature`) or measure the residuals.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.encoding import Encoding
from further.data.kind import fit_encoding
from further.data.preparation.robust_score import RobustScore
from further.data.spec import Spec
from further.data.target import Classes, Numbers
from further.errors import InputError
from further.nn.dropout import drawing_from, dropouts
from further.supervised.conformal import sorted_residuals
from further.supervised.constant_loss import constant_losses
from further.supervised.loss import LOSSES
from further.supervised.match import match
from further.supervised.output import OUTPUTS, Output, output_from_json
from further.supervised.targets import ClassPredictor, NumberPredictor
from further.supervised.temperature import fit_temperature, refined_log_loss
from further.train.batch import Batch
from further.train.network import NetworkEstimator
from further.train.objective import Group, Objective
from further.train.parameters import hyperparameters
from further.train.validation import PredictionMetric, Validation


@hyperparameters
class SupervisedNetwork(NetworkEstimator):
    """A network that predicts the target of a row.

    Parameters
    ----------
    loss : str, default="auto"
        Of :mod:`further.supervised.loss`; "auto" goes with target and output.
    output : str, default="auto"
        Of :mod:`further.supervised.output`; "auto" goes with target and loss.
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    Attributes
    ----------
    loss_ : str
        The loss that was taken.
    output_ : Output
        The output that was taken.
    """

    #: Whether :mod:`further.supervised.advice` can say how to set it.
    takes_advice: ClassVar[bool] = True

    loss: str = "auto"
    output: str = "auto"

    held_out_share: ClassVar[float] = 0.2
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NetworkEstimator._parameter_constraints,
        "loss": [StrOptions({"auto", *LOSSES})],
        "output": [StrOptions({"auto", *(name for of in OUTPUTS.values() for name in of)})],
    }
    _entries: ClassVar[dict[str, Callable[[Any], Any]]] = {
        **NetworkEstimator._entries,
        "output_": output_from_json,
    }

    def _fit_encoding(self, dataset: Dataset) -> Encoding:
        return fit_encoding(dataset, RobustScore.fit)

    @abstractmethod
    def network(self, spec: Spec, n_outputs: int) -> nn.Module:
        """Return the network from rows to their last numbers.

        Parameters
        ----------
        spec : Spec
            Shape of the rows, ``(n, *spec.shape)``.
        n_outputs : int
            How many last numbers there are.

        Returns
        -------
        nn.Module
            With its first weights.
        """

    def groups(self, net: Any) -> list[Group]:
        """Return the parameters that are trained at rates of their own."""
        return []

    def augment(self, x: Tensor, t: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return the rows of a training step, changed at random where a model does so.

        Parameters
        ----------
        x : Tensor of shape (n, *spec.shape)
            Encoded rows.
        t : Tensor of shape (n, outputs)
            Their targets.
        generator : torch.Generator
            Of the changes.

        Returns
        -------
        tuple of two Tensor
            Rows and targets, as they are unless a model says otherwise.
        """
        return x, t

    def build(self, spec: Spec) -> nn.Module:
        """Return the network for data of that shape."""
        assert spec.target is not None
        width = spec.n_classes or spec.target.shape[0]
        return self.network(spec, self.output_.units(width))

    def objectives(self, net: Any) -> list[Objective]:
        """Return what the loop minimises: the mean loss of the rows."""
        layers = dropouts(net)

        def mean_loss(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            x, t = self.augment(batch.x, self._smoothed(batch["t"]), generator)
            with drawing_from(generator, layers):
                eta = net(x)
            return {"loss": self._losses(eta, t).mean()}

        return [Objective(mean_loss, list(net.parameters()), groups=self.groups(net))]

    def validation_loss(
        self, net: Any, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the mean loss of held-out rows."""
        return {"loss": self._losses(net(batch.x), batch["t"]).mean()}

    def forward(self, net: Any, batch: Batch, generator: torch.Generator) -> Tensor:
        """Return the last numbers of rows."""
        eta: Tensor = net(batch.x)
        return eta

    def _losses(self, eta: Tensor, t: Tensor) -> Tensor:
        return LOSSES[self.loss_].of(eta.float(), t, self.output_)

    def _smoothed(self, t: Tensor) -> Tensor:
        return t

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        target = dataset.target
        if not isinstance(target, Classes | Numbers):
            what = "no target" if target is None else f"{target.kind} for a target"
            raise InputError(f"{type(self).__name__}: {dataset.name} has {what}; give y.")
        loss, output = match(target, self.loss, self.output)
        self.loss_ = loss.name
        self.output_: Output = output()
        if isinstance(target, Numbers):
            self.output_ = self.output_.fit(target.values)
        if loop.get("run") is not None:
            loop["run"].update(baseline=constant_losses(self.loss_, self.output_, target))
        super()._learn(dataset, validation, seed, **loop)
        layers = [m for m in self.net_.modules() if hasattr(m, "mask") and m.mask is not None]
        self.n_parameters_ -= sum(int((layer.mask == 0).sum()) for layer in layers)

    def _last_numbers(self, dataset: Dataset) -> NDArray[Any]:
        """Return η of rows (n, units)."""
        rows = {"x": self.encoding_.encode(dataset)}
        if self.spec_.is_image or self.execution_.device == "mps":
            return self._apply(lambda batch: self.net_(batch.x), rows)
        # In single precision a prediction depends, in its last digits, on the rows beside it.
        net = copy.deepcopy(self.net_).double()
        return self._apply(lambda batch: net(batch.x.double()), rows)


@hyperparameters
class NetworkClassifier(ClassPredictor, SupervisedNetwork):
    """A network that predicts classes, with probabilities that are calibrated.

    Parameters
    ----------
    label_smoothing : float, default=0.0
        Share of a row's target that is spread over all classes while training.
    loss, output
        See :class:`SupervisedNetwork`.
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    Attributes
    ----------
    classes_ : array
        The classes.
    temperature_ : float
        What the last numbers are divided by: above 1 where the network was too sure of itself; 1
        where no rows were held out.
    """

    label_smoothing: float = 0.0

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SupervisedNetwork._parameter_constraints,
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
    }

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of each class, in the order of ``classes_``."""
        logits = self._logits(self._rows(X)) / self.temperature_
        return torch.from_numpy(logits).softmax(dim=1).numpy()

    def validation(self) -> Validation:
        """Return the refinement of the predictions of held-out rows."""
        return PredictionMetric(
            lambda net, batch: _as_logits(net(batch.x), self.output_),
            refined_log_loss,
            lower_is_better=True,
        )

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        self._refuse_one_class()
        super()._learn(dataset, validation, seed, **loop)
        self.temperature_: float = 1.0
        if validation is not None and validation.codes is not None:
            logits = torch.from_numpy(self._logits(validation))
            self.temperature_ = fit_temperature(logits, torch.from_numpy(validation.codes))

    def _batch(self, dataset: Dataset) -> Batch:
        batch = super()._batch(dataset)
        one_hot = torch.nn.functional.one_hot(batch["y"], self.spec_.n_classes).float()
        return Batch(**batch, t=one_hot)

    def _smoothed(self, t: Tensor) -> Tensor:
        return t.lerp(torch.full_like(t, 1 / t.shape[1]), self.label_smoothing)

    def _logits(self, dataset: Dataset) -> NDArray[np.float64]:
        eta = torch.from_numpy(self._last_numbers(dataset)).double()
        return _as_logits(eta, self.output_).numpy()


@hyperparameters
class NetworkRegressor(NumberPredictor, SupervisedNetwork):
    """A network that predicts numbers, with intervals.

    Parameters
    ----------
    loss, output
        See :class:`SupervisedNetwork`.
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    Attributes
    ----------
    residuals_ : array of shape (n, k)
        Distances of predictions from the numbers of the held-out rows, each column sorted.
    range_ : array of shape (2, k)
        Lowest and highest number of the training rows, between which predictions stay.
    """

    def validation(self) -> Validation:
        """Return the loss on held-out rows, all of them."""
        return PredictionMetric(
            lambda net, batch: torch.stack([self._losses(net(batch.x), batch["t"])], dim=1),
            lambda losses, y: {"loss": float(losses.double().mean())},
            lower_is_better=True,
        )

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        if isinstance(dataset.target, Numbers):
            values = dataset.target.values
            self.range_ = np.stack([values.min(axis=0), values.max(axis=0)])
        super()._learn(dataset, validation, seed, **loop)
        self.residuals_ = np.zeros((0, self.range_.shape[1]))
        if validation is not None and isinstance(validation.target, Numbers):
            self.residuals_ = sorted_residuals(
                validation.target.values, self._predicted(validation)
            )

    def _batch(self, dataset: Dataset) -> Batch:
        batch = super()._batch(dataset)
        target = dataset.target
        assert isinstance(target, Numbers)
        return Batch(**batch, t=torch.from_numpy(self.output_.encode(target.values)))

    def _predicted(self, dataset: Dataset) -> NDArray[np.float64]:
        eta = torch.from_numpy(self._last_numbers(dataset))
        numbers = self.output_.decode(self.output_.predict(eta).numpy())
        return np.clip(numbers, *self.range_)


def whole_sizes(estimator: Any, name: str, each: str) -> list[int]:
    """Return the sizes of layers that a hyperparameter names.

    Parameters
    ----------
    estimator : estimator
        Whose hyperparameter it is.
    name : str
        Of the hyperparameter.
    each : str
        What there is a number for.

    Returns
    -------
    list of int
        All of them at least 1.

    Raises
    ------
    InputError
        If one is not.
    """
    sizes = list(getattr(estimator, name))
    for size in sizes:
        if not isinstance(size, Integral) or size < 1:
            raise InputError(
                f"{type(estimator).__name__}: {name}={sizes!r} must be whole numbers of at least "
                f"1, {each}."
            )
    return [int(size) for size in sizes]


def _as_logits(eta: Tensor, output: Output) -> Tensor:
    """Return logarithms of the probabilities of the classes, up to a constant a row."""
    if output.is_distribution:
        return eta
    if eta.shape[1] == 1:
        return torch.cat([torch.zeros_like(eta), eta], dim=1)
    return torch.nn.functional.logsigmoid(eta)
