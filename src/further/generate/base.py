"""A generative model made of a network, trained by the loop.

A model that derives from :class:`GenerativeModel` says what it is in ``build``, ``objectives`` and
``generate``, and what else it can do once trained; everything else is here or in
:class:`~further.generate.generator.Generator`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from sklearn.utils import Tags, TransformerTags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.spec import Spec
from further.errors import InputError
from further.generate.generator import SAMPLE_BATCH, Generator
from further.train.budget import Budget
from further.train.callback import Callback
from further.train.execution import REPRODUCIBLE, Engine
from further.train.fit import Fit, fit_network
from further.train.loop import hash_seed
from further.train.objective import Batch, Objective
from further.train.run import Run
from further.train.training import Training

Basis = Literal["exact", "bound"]


def _can(capability: str) -> Any:
    """Offer a method only for models that define what it needs."""

    def check(self: GenerativeModel) -> bool:
        if capability == "log_likelihood" and not getattr(self, "defines_likelihood_", True):
            raise AttributeError(
                f"{type(self).__name__} as configured defines no likelihood of such data."
            )
        return _overrides(self, capability)

    return available_if(check)


def _overrides(model: GenerativeModel, method: str) -> bool:
    return getattr(type(model), method) is not getattr(GenerativeModel, method)


class GenerativeModel(Generator):
    """A generative model made of a network that the training loop trains.

    Attributes
    ----------
    net_ : nn.Module
        The trained network.
    history_ : DataFrame
        The learning curves.
    best_step_ : int
        When the kept weights came.
    defines_likelihood_ : bool
        Whether there are ``score_samples`` and ``score`` for such data.
    cost_ : dict
        Steps, floating-point operations, seconds and watt-hours of the training.
    """

    training_defaults: ClassVar[Training] = Training()
    #: Whether :meth:`log_likelihood` is the likelihood or a lower bound of it.
    likelihood_basis: ClassVar[Basis | None] = None
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "budget": [str, Interval(Real, 0, None, closed="neither"), Budget],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "training": [None, dict, Training],
        "random_state": ["random_state"],
    }
    budget: Any
    precision: Any
    training: Any

    # What a model says -------------------------------------------------------------------------

    def build(self, spec: Spec) -> nn.Module:
        """Return the network for data of that shape."""
        raise TypeError(f"{type(self).__name__} does not say what its network is.")

    def objectives(self, net: nn.Module) -> list[Objective]:
        """Return what the loop minimises, in turn."""
        raise TypeError(f"{type(self).__name__} does not say what it minimises.")

    def generate(self, net: Any, n: int, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """Return n encoded rows, ``(n, *spec.shape)``, given class codes."""
        raise TypeError(f"{type(self).__name__} does not say how it samples.")

    def training_settings(self) -> Training:
        """Return how the network is trained: the model's defaults with the user's changes."""
        return self.training_defaults.override(self.training)

    def validation_loss(
        self, net: nn.Module, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return what is computed on validation rows; the first entry selects the weights."""
        return self.objectives(net)[0].loss(batch, generator)

    def finish(self, net: Any, batch: Batch, generator: torch.Generator) -> None:
        """Fit what is fitted after the training, into the network's buffers."""

    def log_likelihood(self, net: Any, batch: Batch, generator: torch.Generator) -> Tensor | None:
        """Return log-likelihoods in nats ``(batch,)``: of the discrete data for pictures with grey
        levels, a density of the encoded values otherwise; None where it is not defined."""
        return None

    def encode_latent(self, net: Any, batch: Batch) -> Tensor:
        """Return latent codes ``(batch, latent_dim)``."""
        raise TypeError(f"{type(self).__name__} has no latent space.")

    def decode_latent(self, net: Any, z: Tensor, y: Tensor | None) -> Tensor:
        """Return encoded rows for latent codes."""
        raise TypeError(f"{type(self).__name__} has no latent space.")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        if hasattr(self, "transform"):
            tags.transformer_tags = TransformerTags(preserves_dtype=[])
        return tags

    # What users call -----------------------------------------------------------------------------

    @_can("log_likelihood")
    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """Return the log-likelihood of each row in nats; higher is more typical.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows like those of the training.
        y : array, optional
            Their classes, for a model that was fitted with labels; without them the likelihood
            is averaged over the classes, weighted with the training prior.

        Returns
        -------
        array of shape (n,), float32
            Of the discrete data for pictures with grey levels; a density of the encoded values
            for tables. ``likelihood_basis`` says whether it is exact or a lower bound.
        """
        check_is_fitted(self)
        dataset = self._dataset(X, y, reset=False)
        x = self.encoding_.encode(dataset)
        if self.spec_.n_classes == 0:
            return self._log_likelihoods(x, None)
        if dataset.codes is not None:
            return self._log_likelihoods(x, dataset.codes)
        by_class = np.stack(
            [
                math.log(prior) + self._log_likelihoods(x, np.full(len(x), code))
                for code, prior in enumerate(self.class_prior_)
                if prior > 0
            ]
        )
        total: np.ndarray = np.logaddexp.reduce(by_class, axis=0)
        return total

    @_can("log_likelihood")
    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean log-likelihood of the rows in nats; see :meth:`score_samples`."""
        return float(self.score_samples(X, y).mean())

    @_can("encode_latent")
    def transform(self, X: Any) -> np.ndarray:
        """Return the latent codes ``(n, latent_dim)`` of the rows."""
        check_is_fitted(self)
        return self.transform_encoded(self.encoding_.encode(self._dataset(X, None, reset=False)))

    @_can("decode_latent")
    def inverse_transform(self, X: Any, y: Any = None) -> Any:
        """Return rows for latent codes ``(n, latent_dim)``, given their class if there is one."""
        check_is_fitted(self)
        z = np.asarray(X, dtype=np.float32)
        return self.encoding_.decode(
            self.inverse_transform_encoded(z, self.class_codes(len(z), y, 0))
        )

    @_can("encode_latent")
    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Fit and return the latent codes of the same rows."""
        return self.fit(X, y, **fit_params).transform(X)

    @_can("encode_latent")
    def transform_encoded(self, x: np.ndarray) -> np.ndarray:
        """Return the latent codes of encoded rows ``(n, *spec.shape)``."""
        return self._in_batches(lambda b: self.encode_latent(self.net_, b), x, None)

    @_can("decode_latent")
    def inverse_transform_encoded(self, z: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
        """Return encoded rows for latent codes and class codes."""
        return self._in_batches(lambda b: self.decode_latent(self.net_, b.x, b.y), z, codes)

    def log_likelihoods_encoded(self, x: np.ndarray, codes: np.ndarray | None) -> np.ndarray | None:
        """Return log-likelihoods in nats ``(n,)`` of encoded rows given their class codes.

        None where the model defines no likelihood of such data.
        """
        return self._log_likelihoods(x, codes) if self.defines_likelihood_ else None

    # The training --------------------------------------------------------------------------------

    def _learn(
        self,
        dataset: Dataset,
        validation: Dataset | None,
        seed: int,
        run: Run | None,
        callbacks: Sequence[Callback],
    ) -> None:
        train = self._batch(dataset)
        torch.manual_seed(seed)
        net = self.build(self.spec_)
        training = self.training_settings()
        fit: Fit = fit_network(
            net,
            self.objectives(net),
            train,
            None if validation is None else self._batch(validation),
            self.validation_loss,
            training=training,
            budget=Budget.parse(self.budget, self.spec_),
            precision=self.precision,
            seed=seed,
            run=run,
            callbacks=callbacks,
        )
        self.engine_: Engine = fit.engine
        with self.engine_.active(), torch.no_grad():
            self.finish(net, train, torch.Generator().manual_seed(hash_seed(seed, -3)))
        self.net_ = net
        self.defines_likelihood_ = self._has_likelihood(train)
        self.n_parameters_ = sum(p.numel() for p in net.parameters())
        self.history_ = pd.DataFrame(fit.history)
        self.best_step_ = fit.best_step
        self.cost_ = fit.to_json()

    def _draw(self, n: int, codes: np.ndarray | None, seed: int) -> np.ndarray:
        y = None if codes is None else torch.from_numpy(np.asarray(codes, dtype=np.int64))
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad(), self.engine_.active():
            rows: np.ndarray = self.generate(self.net_, n, y, generator).float().numpy()
        return rows

    def _state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays = {name: value.numpy() for name, value in self.net_.state_dict().items()}
        facts = {
            "best_step": self.best_step_,
            "engine": self.engine_.to_json(),
            "defines_likelihood": self.defines_likelihood_,
        }
        return arrays, facts

    def _restore(self, arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> None:
        self.net_ = self.build(self.spec_)
        self.net_.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})
        self.net_.eval()
        self.best_step_, self.engine_ = facts["best_step"], Engine(**facts["engine"])
        self.defines_likelihood_ = facts["defines_likelihood"]

    def _batch(self, dataset: Dataset) -> Batch:
        x = torch.from_numpy(np.ascontiguousarray(self.encoding_.encode(dataset)))
        if self.spec_.n_classes == 0:
            return Batch(x, None)
        if dataset.codes is None:
            raise InputError("The validation rows have no labels, but the training rows do.")
        return Batch(x, torch.from_numpy(dataset.codes))

    def _has_likelihood(self, batch: Batch) -> bool:
        if not _overrides(self, "log_likelihood"):
            return False
        row = Batch(batch.x[:1], None if batch.y is None else batch.y[:1])
        with torch.no_grad(), self.engine_.active():
            value = self.log_likelihood(self.net_, row, torch.Generator().manual_seed(0))
        return value is not None

    def _log_likelihoods(self, x: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
        generator = torch.Generator().manual_seed(0)

        def work(batch: Batch) -> Tensor:
            value = self.log_likelihood(self.net_, batch, generator)
            if value is None:
                raise TypeError(f"{type(self).__name__} defines a likelihood of some rows only.")
            return value

        return self._in_batches(work, x, codes)

    def _in_batches(self, work: Any, x: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
        parts = []
        with torch.no_grad(), getattr(self, "engine_", REPRODUCIBLE).active():
            for start in range(0, len(x), SAMPLE_BATCH):
                rows = torch.from_numpy(np.ascontiguousarray(x[start : start + SAMPLE_BATCH]))
                y = None
                if codes is not None:
                    y = torch.from_numpy(np.asarray(codes[start : start + SAMPLE_BATCH])).long()
                parts.append(work(Batch(rows, y)).float().numpy())
        return np.concatenate(parts)
