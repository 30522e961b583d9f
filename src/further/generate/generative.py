"""What is generative in a model made of a network: likelihood and latent space beside the samples.

A model says ``build``, ``objectives`` and ``generate``, and what else it can do once trained.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from sklearn.utils import Tags, TransformerTags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from further.data.dataset import Dataset
from further.data.spec import Spec
from further.generate.generative_estimator import Condition, GenerativeEstimator
from further.generate.imputation import Gaps
from further.nn.coder import fit_coders, is_large, takes_convolutions
from further.train.batch import Batch, BatchSource, some_rows
from further.train.network import NetworkEstimator
from further.train.training import Training

Basis = Literal["exact", "bound"]

#: Rows of a training step of large pictures.
FEW_ROWS = 32


def _can(capability: str) -> Any:
    """Offer a method only for models that define what it needs."""

    def check(self: GenerativeModel) -> bool:
        if capability == "log_likelihood" and not getattr(self, "defines_likelihood_", True):
            raise AttributeError(
                f"{type(self).__name__} as configured defines no likelihood of such data."
            )
        return getattr(type(self), capability) is not getattr(GenerativeModel, capability)

    return available_if(check)


class GenerativeModel(NetworkEstimator, GenerativeEstimator):
    """A generative model made of a network that the training loop trains.

    Attributes
    ----------
    defines_likelihood_ : bool
        Whether there are ``score_samples`` and ``score`` for such data.
    """

    #: Whether :meth:`log_likelihood` is the likelihood or a lower bound of it.
    likelihood_basis: ClassVar[Basis | None] = None
    #: Rows of a training step of pictures of more than 256 values, where its own are not fewer.
    rows_of_larger_pictures: ClassVar[int] = 64

    @abstractmethod
    def generate(
        self, net: Any, n: int, condition: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """Return generated rows.

        Parameters
        ----------
        net : Module
            The trained network.
        n : int
            How many rows.
        condition : mapping of str to Tensor
            Class codes ``y`` where there are classes.
        generator : torch.Generator
            Source of the draws.

        Returns
        -------
        Tensor of shape (n, *spec.shape)
            Encoded rows.
        """

    def expect(
        self, net: Any, n: int, condition: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """Return the expected rows where :meth:`generate` draws them, for the same codes.

        Parameters
        ----------
        net, n, condition, generator
            See :meth:`generate`.

        Returns
        -------
        Tensor of shape (n, *spec.shape)
            Encoded rows.
        """
        raise TypeError(f"{type(self).__name__} draws no noise on single values.")

    def training_for(self, spec: Spec) -> Training:
        """Return the defaults, for larger pictures with more steps of fewer rows.

        Operations are few where a row costs many, and steps then count more than rows.
        """
        defaults = self.training_defaults
        if not takes_convolutions(spec):
            return defaults
        most = FEW_ROWS if is_large(spec) else self.rows_of_larger_pictures
        return defaults.override({"batch_size": min(defaults.batch_size, most)})

    def begin(self, net: Any, rows: BatchSource, generator: torch.Generator) -> None:
        """Fit what encoders and decoders know of the rows."""
        fit_coders(net, some_rows(rows, generator).x)

    def log_likelihood(self, net: Any, batch: Batch, generator: torch.Generator) -> Tensor | None:
        """Return the log-likelihood of each row, or a lower bound of it.

        Parameters
        ----------
        net : Module
            The trained network.
        batch : Batch
            Encoded rows, with class codes where there are classes.
        generator : torch.Generator
            Source of the draws of a bound.

        Returns
        -------
        Tensor of shape (n,) or None
            Nats: of the discrete data for pictures with grey levels, a density of the encoded
            values otherwise; None where it is not defined.
        """
        return None

    def complete(
        self, net: Any, x: Tensor, gaps: Gaps, y: Tensor | None, generator: torch.Generator
    ) -> Tensor:
        """Draw the missing values of rows given the known ones.

        Parameters
        ----------
        net : Module
            The trained network.
        x : Tensor of shape (n, *spec.shape)
            Encoded rows, with the values of the nearest generated rows where none are known.
        gaps : Gaps
            Where they have none.
        y : Tensor of shape (n,) or None
            Class codes where there are classes.
        generator : torch.Generator
            Source of the draws.

        Returns
        -------
        Tensor of shape (n, *spec.shape)
            Encoded rows; by default as they are.
        """
        return x

    def encode_latent(self, net: Any, batch: Batch) -> Tensor:
        """Return latent codes.

        Parameters
        ----------
        net, batch
            See :meth:`log_likelihood`.

        Returns
        -------
        Tensor of shape (n, latent_dim)
            Codes.
        """
        raise TypeError(f"{type(self).__name__} has no latent space.")

    def decode_latent(self, net: Any, z: Tensor, condition: Mapping[str, Tensor]) -> Tensor:
        """Return encoded rows for latent codes.

        Parameters
        ----------
        net : Module
            The trained network.
        z : Tensor of shape (n, latent_dim)
            Codes.
        condition : mapping of str to Tensor
            Class codes ``y`` where there are classes.

        Returns
        -------
        Tensor of shape (n, *spec.shape)
            Encoded rows.
        """
        raise TypeError(f"{type(self).__name__} has no latent space.")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        if hasattr(self, "transform"):
            tags.transformer_tags = TransformerTags(preserves_dtype=[])
        return tags

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
        """Return the mean log-likelihood of the rows in nats.

        Parameters
        ----------
        X, y
            See :meth:`score_samples`.

        Returns
        -------
        float
            Nats; of a lower bound where ``likelihood_basis`` says so.
        """
        return float(self.score_samples(X, y).mean())

    @_can("encode_latent")
    def transform(self, X: Any) -> np.ndarray:
        """Return the latent codes ``(n, latent_dim)`` of the rows."""
        check_is_fitted(self)
        return self.transform_encoded(self.encoding_.encode(self._dataset(X, None, reset=False)))

    @_can("decode_latent")
    def inverse_transform(self, X: Any, y: Any = None) -> np.ndarray | pd.DataFrame:
        """Return rows for latent codes.

        Parameters
        ----------
        X : array of shape (n, latent_dim)
            Latent codes.
        y : array of shape (n,), optional
            Class labels, for a model that was fitted with labels; without them classes are drawn
            from the training prior.

        Returns
        -------
        array or DataFrame
            As the training data.
        """
        check_is_fitted(self)
        z = np.asarray(X, dtype=np.float32)
        return self.encoding_.decode(
            self.inverse_transform_encoded(z, self.condition(len(z), y, 0).get("y"))
        )

    @_can("encode_latent")
    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Fit and return the latent codes of the same rows.

        Parameters
        ----------
        X, y, **fit_params
            See :meth:`fit`.

        Returns
        -------
        array of shape (n, latent_dim), float32
            Latent codes.
        """
        return self.fit(X, y, **fit_params).transform(X)

    @_can("encode_latent")
    def transform_encoded(self, x: np.ndarray) -> np.ndarray:
        """Return the latent codes of encoded rows ``(n, *spec.shape)``."""
        return self._apply(lambda batch: self.encode_latent(self.net_, batch), {"x": x})

    @_can("decode_latent")
    def inverse_transform_encoded(self, z: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
        """Return encoded rows for latent codes.

        Parameters
        ----------
        z : array of shape (n, latent_dim), float32
            Latent codes.
        codes : array of shape (n,), or None
            Class codes.

        Returns
        -------
        array of shape (n, *spec.shape), float32
            Encoded rows.
        """
        return self._apply(
            lambda batch: self.decode_latent(self.net_, batch["z"], batch), {"z": z, "y": codes}
        )

    def log_likelihoods_encoded(self, x: np.ndarray, codes: np.ndarray | None) -> np.ndarray | None:
        """Return log-likelihoods of encoded rows given their class.

        Parameters
        ----------
        x : array of shape (n, *spec.shape), float32
            Encoded rows.
        codes : array of shape (n,), or None
            Class codes.

        Returns
        -------
        array of shape (n,), float32, or None
            In nats; None where the model defines no likelihood of such data.
        """
        return self._log_likelihoods(x, codes) if self.defines_likelihood_ else None

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        super()._learn(dataset, validation, seed, **loop)
        row = self.execution_.place_batch(self._batch(dataset.take([0])))
        with torch.no_grad(), self.execution_.active():
            value = self.log_likelihood(self.net_, row, self.execution_.generator())
        self.defines_likelihood_ = value is not None

    @_can("expect")
    def expected_encoded(self, n: int, condition: Condition, seed: int) -> np.ndarray:
        """Return the samples of :meth:`sample_encoded` without the noise of single values.

        Parameters
        ----------
        n, condition, seed
            See :meth:`sample_encoded`.

        Returns
        -------
        array of shape (n, *spec.shape), float32
            What the decoder expects for the same latent codes.
        """
        return self._in_parts(partial(self._draw, generate=self.expect), n, condition, seed)

    def _draw(
        self, n: int, condition: Condition, seed: int, generate: Callable[..., Tensor] | None = None
    ) -> np.ndarray:
        generate = generate or self.generate
        given = self.execution_.place_batch(Batch.from_arrays(condition))
        with torch.no_grad(), self.execution_.active():
            rows = generate(self.net_, n, given, self.execution_.generator(seed))
        drawn: np.ndarray = rows.float().cpu().numpy()
        return drawn

    def _log_likelihoods(self, x: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
        generator = self.execution_.generator()

        def work(batch: Batch) -> Tensor:
            value = self.log_likelihood(self.net_, batch, generator)
            if value is None:
                raise TypeError(f"{type(self).__name__} defines a likelihood of some rows only.")
            return value

        return self._apply(work, {"x": x, "y": codes})
