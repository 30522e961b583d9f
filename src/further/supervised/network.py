"""What is the same for all networks that predict a target, and for those of classes and numbers.

A model says ``network``: what leads from a row to its last numbers η. Loss and output are those of
:mod:`further.supervised.match`. The best weights are chosen on a fifth of the rows, which then
calibrate the probabilities (:mod:`further.supervised.temperature`) or measure the residuals.
"""

from __future__ import annotations

import copy
import math
from abc import abstractmethod
from collections.abc import Callable
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d
from torch import Tensor, nn

from further._sklearn import Interval, StrOptions
from further.data.arrays import classes_of, numbers_of
from further.data.dataset import Dataset, with_target
from further.data.encoding import Encoding
from further.data.kind import fit_encoding
from further.data.preparation.robust_score import RobustScore
from further.data.spec import Spec
from further.data.target import Classes, Numbers
from further.errors import InputError
from further.nn.dropout import drawing_from, dropouts
from further.supervised.loss import LOSSES
from further.supervised.match import match
from further.supervised.output import OUTPUTS, Output, output_from_json
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
        """Return the network from rows ``(n, *spec.shape)`` to their last numbers."""

    def groups(self, net: Any) -> list[Group]:
        """Return the parameters that are trained at rates of their own."""
        return []

    def augment(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Return the rows of a training step, changed at random where a model does so."""
        return x

    def build(self, spec: Spec) -> nn.Module:
        """Return the network for data of that shape."""
        assert spec.target is not None
        width = spec.n_classes or spec.target.shape[0]
        return self.network(spec, self.output_.units(width))

    def objectives(self, net: Any) -> list[Objective]:
        """Return what the loop minimises: the mean loss of the rows."""
        layers = dropouts(net)

        def mean_loss(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            x = self.augment(batch.x, generator)
            with drawing_from(generator, layers):
                eta = net(x)
            return {"loss": self._losses(eta, self._smoothed(batch["t"])).mean()}

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

    def _rows(self, X: Any) -> Dataset:
        check_is_fitted(self)
        return self._dataset(X, None, reset=False)


@hyperparameters
class NetworkClassifier(ClassifierMixin, SupervisedNetwork):
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
        """Return the probability of each class.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows like those of the training.

        Returns
        -------
        array of shape (n, classes)
            In the order of ``classes_``.
        """
        logits = self._logits(self._rows(X)) / self.temperature_
        return torch.from_numpy(logits).softmax(dim=1).numpy()

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows like those of the training.

        Returns
        -------
        array of shape (n,)
            Of ``classes_``.
        """
        best = self.predict_proba(X).argmax(axis=1)
        classes: NDArray[Any] = self.classes_[best]
        return classes

    def validation(self) -> Validation:
        """Return the refinement of the predictions of held-out rows."""
        return PredictionMetric(
            lambda net, batch: _as_logits(net(batch.x), self.output_),
            refined_log_loss,
            lower_is_better=True,
        )

    def _with_target(self, dataset: Dataset, y: Any) -> Dataset:
        if y is None:
            if dataset.classes is None:
                raise InputError(
                    f"{type(self).__name__} requires y to be passed, but the target y is None."
                )
            return dataset
        classes = classes_of(y, len(dataset), _name_of(y))
        check_classification_targets(_column(y))
        return with_target(dataset, classes)

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        names = self.classes_
        if len(names) < 2:
            raise InputError(
                f"{type(self).__name__}: all rows are of the class {names[0]}; there have to be at "
                "least two classes to tell apart."
            )
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
class NetworkRegressor(RegressorMixin, SupervisedNetwork):
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

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the predicted number of each row, within the range of the training.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows like those of the training.

        Returns
        -------
        array of shape (n,), or (n, k) for several numbers
            In the units of the source.
        """
        return _flat(self._predicted(self._rows(X)))

    def predict_interval(self, X: Any, coverage: float = 0.9) -> NDArray[np.float64]:
        """Return an interval around each prediction that holds so large a share of new rows.

        The rows that were held out of the training tell its width, the same for all rows (split
        conformal prediction, Papadopoulos et al. 2002). It covers what it promises on average over
        rows like those, not for each kind of row; and a little less than that where they are few,
        since they also chose the weights.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows like those of the training.
        coverage : float, default=0.9
            Share of the rows, in (0, 1).

        Returns
        -------
        array of shape (n, 2), or (n, k, 2) for several numbers
            Lower and upper end.

        Raises
        ------
        InputError
            If too few rows were held out for such a coverage.
        """
        if not 0 < coverage < 1:
            raise InputError(f"coverage={coverage} must lie between 0 and 1.")
        predicted = self._predicted(self._rows(X))
        n = len(self.residuals_)
        place = math.ceil(coverage * (n + 1)) - 1
        if place >= n:
            least = math.ceil(coverage / (1 - coverage))
            raise InputError(
                f"An interval that covers {coverage:.0%} needs {least} held-out rows, but there "
                f"were {n}; give more rows, or ask for less."
            )
        width = self.residuals_[place]
        ends = np.stack([predicted - width, predicted + width], axis=-1)
        return ends[:, 0] if ends.shape[1] == 1 else ends

    def _with_target(self, dataset: Dataset, y: Any) -> Dataset:
        if y is None:
            if not isinstance(dataset.target, Numbers):
                raise InputError(
                    f"{type(self).__name__} requires y to be passed, but the target y is None."
                )
            return dataset
        return with_target(dataset, numbers_of(_column(y), len(dataset), _name_of(y)))

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
            distance = np.abs(validation.target.values - self._predicted(validation))
            self.residuals_ = np.sort(distance, axis=0)

    def _batch(self, dataset: Dataset) -> Batch:
        batch = super()._batch(dataset)
        target = dataset.target
        assert isinstance(target, Numbers)
        return Batch(**batch, t=torch.from_numpy(self.output_.encode(target.values)))

    def _predicted(self, dataset: Dataset) -> NDArray[np.float64]:
        eta = torch.from_numpy(self._last_numbers(dataset))
        numbers = self.output_.decode(self.output_.predict(eta).numpy())
        return np.clip(numbers, *self.range_)


def _as_logits(eta: Tensor, output: Output) -> Tensor:
    """Return logarithms of the probabilities of the classes, up to a constant a row."""
    if output.is_distribution:
        return eta
    if eta.shape[1] == 1:
        return torch.cat([torch.zeros_like(eta), eta], dim=1)
    return torch.nn.functional.logsigmoid(eta)


def _column(y: Any) -> Any:
    """Return y as one column where it is one, as scikit-learn asks for it."""
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        return column_or_1d(array, warn=True)
    return y if isinstance(y, pd.DataFrame) else array


def _name_of(y: Any) -> str:
    return str(getattr(y, "name", None) or "y")


def _flat(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[:, 0] if values.shape[1] == 1 else values
