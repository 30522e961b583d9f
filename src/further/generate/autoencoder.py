r"""The autoencoder.

Encoder e and decoder d minimise the mean reconstruction loss

.. math:: \frac{1}{n} \sum_i L(x_i, a(d(e(x_i))))

through a bottleneck e(x) of ``latent_dim`` numbers, where a is the output activation. It has no
distribution of its own: samples come from a Gaussian mixture that is fitted to the latent codes
after the training, one for each class (Ghosh et al. 2020), and decoded.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from further._sklearn import Interval, StrOptions
from further.data.spec import Spec
from further.errors import InputError
from further.generate.generative import GenerativeModel
from further.generate.imputation import Gaps
from further.generate.prior import PRIORS, Prior, fit_prior, make_prior
from further.nn.coder import Decoder, Encoder, code_size, logit
from further.nn.table_blocks import (
    categorical_log_prob,
    numeric_columns,
    sample_categories,
)
from further.train.batch import Batch, BatchSource
from further.train.objective import Objective
from further.train.parameters import hyperparameters
from further.train.training import Training

WIDTH = 256
DEPTH = 2
#: How often missing values are rebuilt.
REBUILDS = 10


class _AutoencoderNet(nn.Module):
    """Encoder, decoder, output activation and the prior of the codes.

    ``hidden`` and ``latent_dim`` are those of :class:`Autoencoder`; ``activation`` is "sigmoid" or
    else none.
    """

    def __init__(
        self,
        spec: Spec,
        latent_dim: int,
        hidden: Sequence[int] | None,
        activation: str,
        prior: Prior,
        width: int,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.activation = activation
        self.encoder: nn.Module
        self.decoder: nn.Module
        if hidden is None:
            self.encoder = Encoder(spec, latent_dim, width=width, depth=DEPTH)
            link = logit if activation == "sigmoid" else torch.clone
            self.decoder = Decoder(spec, latent_dim, outputs=1, width=width, depth=DEPTH, link=link)
        else:
            sizes = [spec.size, *hidden, latent_dim]
            self.encoder = nn.Sequential(nn.Flatten(), _dense(sizes))
            self.decoder = _dense(sizes[::-1])
        self.prior = prior.build(spec, latent_dim)

    def output(self, eta: Tensor) -> Tensor:
        """Return rows ``(n, *shape)`` for the decoder's outputs ``(n, size)``."""
        rows = eta.sigmoid() if self.activation == "sigmoid" else eta
        return sample_categories(rows, self.spec.blocks, None).unflatten(1, self.spec.shape)


def _dense(sizes: Sequence[int]) -> nn.Sequential:
    """Return fully connected layers of those sizes with ReLU between them."""
    layers: list[nn.Module] = []
    for n_in, n_out in itertools.pairwise(sizes):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@hyperparameters
class Autoencoder(GenerativeModel):
    """Autoencoder: a bottleneck that keeps what is needed to rebuild a row.

    Use it for compact representations, reconstruction and as a first generator. It fails as a
    generator where the latent codes are not well described by a Gaussian mixture, which is fitted
    to them after the training (Ghosh et al. 2020) and from which samples are decoded; it defines
    no likelihood.

    Parameters
    ----------
    latent_dim : int, default=None
        Size of the bottleneck; 16 if None, or 128 for pictures of more than 1,024 values. Larger
        than the input is allowed.
    hidden : tuple of int, default=None
        Units of the encoder's fully connected ReLU layers, mirrored in the decoder; None takes
        residual layers, or convolutions for pictures of more than 256 values.
    output_activation : {"auto", "linear", "sigmoid"}, default="auto"
        Of the decoder; "auto" is linear for tables and sigmoid for pictures in [0, 1].
    loss : {"auto", "mean_squared_error", "binary_cross_entropy"}, default="auto"
        Averaged over the values of a row; "auto" is the mean squared error, with cross-entropy for
        the categories of tables.
    prior : {"mixture", "flow"} or Prior, default="mixture"
        Where the codes of samples come from; see :mod:`further.generate.prior`.
    optimizer : {"auto", "adamw", "adam", "adadelta", "sgd"}, default="auto"
        Update rule; "auto" is that of ``training``.
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    Attributes
    ----------
    net_ : nn.Module
        The trained network.
    history_ : DataFrame
        The loss on training and validation rows.

    References
    ----------
    Hinton and Salakhutdinov 2006, "Reducing the dimensionality of data with neural networks".
    Ghosh et al. 2020, "From variational to deterministic autoencoders".

    Examples
    --------
    >>> import numpy as np
    >>> from further import Autoencoder
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = Autoencoder(latent_dim=2, budget="20 steps", precision="float32").fit(X)
    >>> model.transform(X).shape
    (200, 2)
    """

    latent_dim: int | None = None
    hidden: Sequence[int] | None = None
    output_activation: str = "auto"
    loss: str = "auto"
    prior: str | Prior = "mixture"
    optimizer: str = "auto"

    #: Size of the bottleneck where none is asked for.
    usual_latent_dim: ClassVar[int] = 16
    training_defaults: ClassVar[Training] = Training(learning_rate=2e-3, averaging=0.998)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GenerativeModel._parameter_constraints,
        "latent_dim": [None, Interval(Integral, 1, None, closed="left")],
        "hidden": [None, "array-like"],
        "output_activation": [StrOptions({"auto", "linear", "sigmoid"})],
        "loss": [StrOptions({"auto", "mean_squared_error", "binary_cross_entropy"})],
        "prior": [StrOptions(set(PRIORS) - {"standard"}), Prior],
        "optimizer": [StrOptions({"auto", "adamw", "adam", "adadelta", "sgd"})],
    }

    def build(self, spec: Spec) -> _AutoencoderNet:
        """Return encoder and decoder."""
        activation = self.output_activation
        if activation == "auto":
            activation = "sigmoid" if spec.is_image else "linear"
        if self.loss == "binary_cross_entropy" and not spec.is_image:
            raise InputError(
                'loss="binary_cross_entropy" is for pictures, whose values lie in [0, 1]; '
                'take "auto" for a table.'
            )
        prior, width = make_prior(self.prior), self.grown(WIDTH, spec)
        latent_dim = self.latent_dim or code_size(spec, self.usual_latent_dim)
        return _AutoencoderNet(spec, latent_dim, self.hidden, activation, prior, width)

    def objectives(self, net: Any) -> list[Objective]:
        """Return the reconstruction loss."""

        def reconstruction(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            seen = self.corrupt(batch.x, net.spec, generator)
            z = net.encoder(seen)
            loss = _reconstruction_loss(self.loss, net, net.decoder(z), batch.x)
            prior = net.prior.loss(z, batch.y, generator)
            if prior is None:
                return {"loss": loss}
            return {"loss": loss + prior, "reconstruction": loss, "prior": prior}

        return [Objective(reconstruction, list(net.parameters()))]

    def training_settings(self) -> Training:
        """Return the settings of the training, with the chosen optimizer."""
        settings = super().training_settings()
        if self.optimizer == "auto":
            return settings
        return settings.override({"optimizer": self.optimizer})

    def corrupt(self, x: Tensor, spec: Spec, generator: torch.Generator) -> Tensor:
        """Return what the encoder sees of a row: here the row itself.

        Parameters
        ----------
        x : Tensor of shape (n, *shape)
            Encoded rows.
        spec : Spec
            Shape of the data.
        generator : torch.Generator
            Source of the noise.

        Returns
        -------
        Tensor of shape (n, *shape)
            Rows for the encoder.
        """
        return x

    def finish(self, net: Any, rows: BatchSource, generator: torch.Generator) -> None:
        """Fit the prior to the codes."""
        fit_prior(net.prior, rows, net.encoder, generator.initial_seed())

    def generate(
        self, net: Any, n: int, condition: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """Draw codes from the prior and decode them."""
        z = net.prior.sample(n, condition.get("y"), generator)
        return self.decode_latent(net, z, condition)

    def complete(
        self, net: Any, x: Tensor, gaps: Gaps, y: Tensor | None, generator: torch.Generator
    ) -> Tensor:
        """Rebuild the missing values from the code, again and again."""
        condition = {} if y is None else {"y": y}
        for _ in range(REBUILDS):
            x = gaps.fill(x, self.decode_latent(net, net.encoder(x), condition))
        return x

    def encode_latent(self, net: Any, batch: Batch) -> Tensor:
        """Return e(x)."""
        z: Tensor = net.encoder(batch.x)
        return z

    def decode_latent(self, net: Any, z: Tensor, condition: Mapping[str, Tensor]) -> Tensor:
        """Return a(d(z)); the class is in the code."""
        rows: Tensor = net.output(net.decoder(z))
        return rows


def _reconstruction_loss(loss: str, net: _AutoencoderNet, eta: Tensor, x: Tensor) -> Tensor:
    """Return the loss of outputs ``eta`` (n, size) before activation, a mean over all values."""
    flat = x.flatten(1)
    if loss == "auto" and net.spec.blocks:
        numeric = numeric_columns(net.spec.blocks)
        squared = (eta[:, numeric] - flat[:, numeric]).square().sum(1)
        return (squared - categorical_log_prob(eta, flat, net.spec.blocks)).mean() / flat.shape[1]
    if loss == "binary_cross_entropy" and net.activation == "sigmoid":
        return F.binary_cross_entropy_with_logits(eta, flat)
    if loss == "binary_cross_entropy":
        return F.binary_cross_entropy(eta.clamp(1e-6, 1 - 1e-6), flat)
    return F.mse_loss(eta.sigmoid() if net.activation == "sigmoid" else eta, flat)
