r"""The variational autoencoder and the β-VAE.

The encoder gives :math:`q(z \mid x) = N(z; \mu(x), \operatorname{diag} \sigma^2(x))`, the decoder
:math:`p(x \mid z, y)`, the prior is :math:`p(z) = N(0, I)`. Minimised is the negative evidence
lower bound

.. math:: -\mathrm{ELBO} = \underbrace{-E_{q(z \mid x)} \log p(x \mid z, y)}_{\text{reconstruction}}
          + \beta\, \underbrace{\mathrm{KL}(q(z \mid x) \,\|\, p(z))}_{\text{rate}},
          \quad \beta = 1 \text{ for the VAE}.

The likelihood is bounded more tightly by K importance-weighted samples (Burda et al. 2016),

.. math:: \log p(x \mid y) \ge E \log \frac{1}{K} \sum_{k=1}^{K}
          \frac{p(x \mid z_k, y)\, p(z_k)}{q(z_k \mid x)}.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from further._sklearn import Interval, StrOptions
from further.data.spec import Spec
from further.generate.generative import Basis, GenerativeModel
from further.generate.likelihood import LIKELIHOODS, make_likelihood
from further.nn.coder import Decoder, Encoder
from further.nn.device import device_of
from further.nn.embedding import ClassEmbedding
from further.train.batch import Batch
from further.train.objective import Objective
from further.train.parameters import hyperparameters
from further.train.training import Training

IMPORTANCE_SAMPLES = 64
CONDITION = 32


class _VAENet(nn.Module):
    """Encoder, decoder and likelihood."""

    def __init__(
        self, spec: Spec, latent_dim: int, likelihood: str, width: int, depth: int
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.likelihood = make_likelihood(likelihood, spec)
        self.encoder = Encoder(spec, 2 * latent_dim, width=width, depth=depth)
        self.embed = ClassEmbedding(spec.n_classes, CONDITION)
        self.decoder = Decoder(
            spec, latent_dim, outputs=self.likelihood.outputs, width=width, depth=depth,
            condition=self.embed.dim,
        )  # fmt: skip

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return μ(x) and log σ(x), each ``(n, latent_dim)``."""
        mean, log_scale = self.encoder(x).chunk(2, dim=1)
        return mean, log_scale.clamp(-7, 3)

    def decode(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Return the likelihood's parameters η(z, y), ``(n, outputs * size)``."""
        out: Tensor = self.decoder(z, self.embed(y, len(z)))
        return out


@hyperparameters
class VAE(GenerativeModel):
    """Variational autoencoder: a latent space with a prior to sample from.

    Use it for a compact, smooth latent space, for a bound on the likelihood and for sampling in
    one pass. It fails by blur: samples lack the fine detail that the latent code does not carry,
    and with too strong a decoder the code may carry nothing (posterior collapse).

    Parameters
    ----------
    latent_dim : int, default=16
        Size of the latent code.
    likelihood : {"auto", "bernoulli", "gaussian", "discretized_logistic", "categorical"}, \
default="auto"
        Distribution of a value given the code; "auto" takes the discretized logistic for pictures
        with grey levels (Bernoulli for two), Gaussian and categorical columns for tables.
    width : int, default=256
        Hidden units of a layer, for tables and pictures of at most 256 values.
    depth : int, default=2
        Residual blocks of encoder and decoder, for tables and pictures of at most 256 values.
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    Attributes
    ----------
    net_ : nn.Module
        The trained network.
    history_ : DataFrame
        Loss, reconstruction and rate in nats a row, on training and validation rows.

    References
    ----------
    Kingma and Welling 2014, "Auto-encoding variational Bayes".
    Burda, Grosse and Salakhutdinov 2016, "Importance weighted autoencoders".

    Examples
    --------
    >>> import numpy as np
    >>> from further import VAE
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> vae = VAE(latent_dim=2, budget="20 steps", precision="float32", random_state=0).fit(X)
    >>> vae.sample(5).shape
    (5, 3)
    """

    latent_dim: int = 16
    likelihood: str = "auto"
    width: int = 256
    depth: int = 2

    #: The weight of the rate.
    beta = 1.0
    training_defaults: ClassVar[Training] = Training(
        learning_rate=2e-3, averaging=0.998, weight_decay=0.1
    )
    likelihood_basis: ClassVar[Basis | None] = "bound"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GenerativeModel._parameter_constraints,
        "latent_dim": [Interval(Integral, 1, None, closed="left")],
        "likelihood": [StrOptions({"auto", *LIKELIHOODS})],
        "width": [Interval(Integral, 1, None, closed="left")],
        "depth": [Interval(Integral, 0, None, closed="left")],
    }

    def build(self, spec: Spec) -> _VAENet:
        """Return the encoder, decoder and likelihood."""
        return _VAENet(spec, self.latent_dim, self.likelihood, self.width, self.depth)

    def objectives(self, net: Any) -> list[Objective]:
        """Return the negative ELBO."""

        def negative_elbo(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            mean, log_scale = net.encode(batch.x)
            noise = torch.randn(mean.shape, generator=generator, device=mean.device)
            z = mean + log_scale.exp() * noise
            distortion = -net.likelihood.log_prob(net.decode(z, batch.y), batch.x).mean()
            # KL(N(μ, σ²) || N(0, 1)) = (μ² + σ² - 1) / 2 - log σ
            kl = 0.5 * (mean.square() + (2 * log_scale).exp() - 1) - log_scale
            rate = kl.sum(1).mean()
            loss = distortion + self.beta * rate
            return {"loss": loss, "reconstruction": distortion, "rate": rate}

        return [Objective(negative_elbo, list(net.parameters()))]

    def generate(
        self, net: Any, n: int, condition: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """Draw z from the prior and x from the likelihood."""
        z = torch.randn(n, self.latent_dim, generator=generator, device=device_of(net))
        out: Tensor = net.likelihood.sample(net.decode(z, condition.get("y")), generator)
        return out

    def log_likelihood(self, net: Any, batch: Batch, generator: torch.Generator) -> Tensor | None:
        """Return the importance-weighted bound; None for a loss on grey values that is none."""
        if batch.x.ndim == 4 and not net.likelihood.discrete:
            return None
        mean, log_scale = net.encode(batch.x)
        terms = []
        for noise in _noise_of_rows(batch.x, (IMPORTANCE_SAMPLES, self.latent_dim), generator):
            z = mean + log_scale.exp() * noise
            log_p_z = -0.5 * z.square().sum(1)
            log_q_z = (-0.5 * noise.square() - log_scale).sum(1)
            log_p_x = net.likelihood.log_prob(net.decode(z, batch.y), batch.x)
            terms.append(log_p_x + log_p_z - log_q_z)
        return torch.logsumexp(torch.stack(terms), dim=0) - math.log(IMPORTANCE_SAMPLES)

    def encode_latent(self, net: Any, batch: Batch) -> Tensor:
        """Return μ(x)."""
        mean: Tensor = net.encode(batch.x)[0]
        return mean

    def decode_latent(self, net: Any, z: Tensor, condition: Mapping[str, Tensor]) -> Tensor:
        """Return the mean of p(x | z, y)."""
        out: Tensor = net.likelihood.mean(net.decode(z, condition.get("y")))
        return out


def _noise_of_rows(x: Tensor, shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Return noise (draws, n, dim) of each row that depends on the row and the seed alone.

    It is standard normal; ``shape`` is (draws, dim). A row's likelihood is then the same whatever
    other rows are asked about with it.
    """
    seed, own = generator.initial_seed(), torch.Generator()
    rows = [
        torch.randn(shape, generator=own.manual_seed(seed + zlib.crc32(row.tobytes())))
        for row in x.cpu().numpy()
    ]
    return torch.stack(rows, dim=1).to(x.device)


@hyperparameters
class BetaVAE(VAE):
    """β-VAE: a weight on the rate trades reconstruction for independent latent factors.

    Use it to look for factors of variation, with β above 1, or for sharper reconstructions, with
    β below 1. It fails as a density: with β other than 1 it does not maximise a likelihood.

    Parameters
    ----------
    beta : float, default=4.0
        Weight of the rate.
    latent_dim, likelihood, width, depth, budget, precision, device, training, random_state
        See :class:`VAE`.

    References
    ----------
    Higgins et al. 2017, "beta-VAE: learning basic visual concepts with a constrained variational
    framework".

    Examples
    --------
    >>> import numpy as np
    >>> from further import BetaVAE
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = BetaVAE(beta=2, latent_dim=2, budget="20 steps", precision="float32").fit(X)
    >>> model.transform(X).shape
    (200, 2)
    """

    beta: float = 4.0

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **VAE._parameter_constraints,
        "beta": [Interval(Real, 0, None, closed="left")],
    }
