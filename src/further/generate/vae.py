r"""The variational autoencoder and the β-VAE.

The encoder gives :math:`q(z \mid x) = N(z; \mu(x), \operatorname{diag} \sigma^2(x))`, the decoder
:math:`p(x \mid z, y)`, and the codes are drawn to :math:`p(z) = N(0, I)`. Minimised is the
negative evidence lower bound

.. math:: -\mathrm{ELBO} = \underbrace{-E_{q(z \mid x)} \log p(x \mid z, y)}_{\text{reconstruction}}
          + \beta\, \underbrace{\mathrm{KL}(q(z \mid x) \,\|\, p(z))}_{\text{rate}},
          \quad \beta = 1 \text{ for the VAE}.

Samples have codes of the prior :math:`p(z \mid y)` of :mod:`further.generate.prior`: N(0, I), or
what is fitted to the codes of the training rows. The likelihood of the model with that prior is
bounded by K importance-weighted samples (Burda et al. 2016),

.. math:: \log p(x \mid y) \ge E \log \frac{1}{K} \sum_{k=1}^{K}
          \frac{p(x \mid z_k, y)\, p(z_k \mid y)}{q(z_k \mid x)}, \quad z_k \sim q(z \mid x).
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
from further.generate.imputation import Gaps
from further.generate.likelihood import LIKELIHOODS, make_likelihood
from further.generate.prior import PRIORS, Prior, fit_prior, make_prior
from further.nn.coder import Decoder, Encoder, code_size, takes_convolutions
from further.nn.embedding import ClassEmbedding
from further.train.batch import Batch, BatchSource, some_rows
from further.train.objective import Objective
from further.train.parameters import hyperparameters
from further.train.training import Training

IMPORTANCE_SAMPLES = 64
#: Turns of code and missing values.
GIBBS_STEPS = 20
# Training rows from which the scales of the likelihood start.
ROWS_OF_SCALES = 512
WIDTH = 256
CONDITION = 32
LOG_TWO_PI = math.log(2 * math.pi)


class _VAENet(nn.Module):
    """Encoder, decoder and likelihood."""

    def __init__(
        self, spec: Spec, latent_dim: int, likelihood: str, prior: Prior, width: int, depth: int
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.likelihood = make_likelihood(likelihood, spec)
        self.encoder = Encoder(spec, 2 * latent_dim, width=width, depth=depth, log_scales=True)
        self.embed = ClassEmbedding(spec.n_classes, CONDITION)
        self.decoder = Decoder(
            spec, latent_dim, outputs=self.likelihood.outputs, width=width, depth=depth,
            condition=self.embed.dim, link=self.likelihood.link,
        )  # fmt: skip
        self.prior = prior.build(spec, latent_dim)

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
    latent_dim : int, default=None
        Size of the latent code; 16 if None, or 128 for pictures of more than 1,024 values.
    likelihood : {"auto", "bernoulli", "gaussian", "discretized_logistic", "categorical"}, \
default="auto"
        Distribution of a value given the code; "auto" takes the discretized logistic for pictures
        with grey levels (Bernoulli for two), Gaussian and categorical columns for tables. Of
        pictures of more than 256 values the discretized logistic is that of single pixels or of
        wavelet coefficients, whichever makes the training rows more probable before the training.
    prior : {"mixture", "standard", "flow"} or Prior, default="mixture"
        Where the codes of samples come from: "standard" is N(0, I), as published; the others are
        fitted to the codes of the training rows, without which most samples of pictures fall
        between them. See :mod:`further.generate.prior`.
    width : int, default=None
        Hidden units of a layer, which the channels of convolutions for larger pictures follow;
        256 if None, and more with a larger budget.
    depth : int, default=2
        Residual blocks of encoder and decoder.
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

    latent_dim: int | None = None
    likelihood: str = "auto"
    prior: str | Prior = "mixture"
    width: int | None = None
    depth: int = 2

    #: The weight of the rate.
    beta = 1.0
    #: Size of the latent code where none is asked for.
    usual_latent_dim: ClassVar[int] = 16
    training_defaults: ClassVar[Training] = Training(
        learning_rate=2e-3, averaging=0.998, weight_decay=0.1
    )
    likelihood_basis: ClassVar[Basis | None] = "bound"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GenerativeModel._parameter_constraints,
        "latent_dim": [None, Interval(Integral, 1, None, closed="left")],
        "likelihood": [StrOptions({"auto", *LIKELIHOODS})],
        "prior": [StrOptions(set(PRIORS)), Prior],
        "width": [None, Interval(Integral, 1, None, closed="left")],
        "depth": [Interval(Integral, 0, None, closed="left")],
    }

    def build(self, spec: Spec) -> _VAENet:
        """Return the encoder, decoder, likelihood and prior."""
        width = self.width or self.grown(WIDTH, spec)
        prior = self.make_prior()
        latent_dim = self.latent_dim or code_size(spec, self.usual_latent_dim)
        return _VAENet(spec, latent_dim, self.likelihood, prior, width, self.depth)

    def begin(self, net: Any, rows: BatchSource, generator: torch.Generator) -> None:
        """Fit encoder and decoder, and for larger pictures the scales of the likelihood."""
        super().begin(net, rows, generator)
        if takes_convolutions(self.spec_):
            some = some_rows(rows, generator)
            chosen = torch.randperm(some.n_rows, generator=generator)[:ROWS_OF_SCALES]
            batch = some.take(chosen)
            with torch.no_grad():
                net.likelihood.fit(net.decode(net.encode(batch.x)[0], batch.y), batch.x)

    def make_prior(self) -> Prior:
        """Return what the codes of samples come from."""
        return make_prior(self.prior)

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
            parts = {"reconstruction": distortion, "rate": rate}
            prior = net.prior.loss(z, batch.y, generator)
            if prior is not None:
                loss, parts = loss + prior, {**parts, "prior": prior}
            return {"loss": loss, **parts}

        return [Objective(negative_elbo, list(net.parameters()))]

    def finish(self, net: Any, rows: BatchSource, generator: torch.Generator) -> None:
        """Fit the prior to codes drawn for the training rows."""

        def draw(x: Tensor) -> Tensor:
            mean, log_scale = net.encode(x)
            noise = torch.randn(mean.shape, generator=generator, device=mean.device)
            out: Tensor = mean + log_scale.exp() * noise
            return out

        fit_prior(net.prior, rows, draw, generator.initial_seed())

    def generate(
        self, net: Any, n: int, condition: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """Draw z from the prior and x from the likelihood."""
        eta = self._draw_eta(net, n, condition, generator)
        out: Tensor = net.likelihood.sample(eta, generator)
        return out

    def expect(
        self, net: Any, n: int, condition: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """Draw z from the prior and return the mean of p(x | z, y)."""
        out: Tensor = net.likelihood.mean(self._draw_eta(net, n, condition, generator))
        return out

    def _draw_eta(
        self, net: Any, n: int, condition: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        y = condition.get("y")
        out: Tensor = net.decode(net.prior.sample(n, y, generator), y)
        return out

    @property
    def likelihood_told(self) -> str | None:
        """Return in words what the training rows chose in the likelihood."""
        told: str | None = self.net_.likelihood.told
        return told

    def log_likelihood(self, net: Any, batch: Batch, generator: torch.Generator) -> Tensor | None:
        """Return the importance-weighted bound; None for a loss on grey values that is none."""
        if batch.x.ndim == 4 and not net.likelihood.discrete:
            return None
        mean, log_scale = net.encode(batch.x)
        terms = []
        for noise in _noise_of_rows(batch.x, (IMPORTANCE_SAMPLES, net.latent_dim), generator):
            z = mean + log_scale.exp() * noise
            log_p_z = net.prior.log_prob(z, batch.y)
            if log_p_z is None:
                return None
            log_q_z = (-0.5 * (noise.square() + LOG_TWO_PI) - log_scale).sum(1)
            log_p_x = net.likelihood.log_prob(net.decode(z, batch.y), batch.x)
            terms.append(log_p_x + log_p_z - log_q_z)
        return torch.logsumexp(torch.stack(terms), dim=0) - math.log(IMPORTANCE_SAMPLES)

    def complete(
        self, net: Any, x: Tensor, gaps: Gaps, y: Tensor | None, generator: torch.Generator
    ) -> Tensor:
        """Draw missing values by Metropolis within Gibbs, which the encoder proposes codes for.

        Where the prior has no density every proposal is accepted: pseudo-Gibbs sampling.
        """

        def propose(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            mean, log_scale = net.encode(x)
            noise = torch.randn(mean.shape, generator=generator, device=mean.device)
            return mean, log_scale, mean + log_scale.exp() * noise

        def weight(z: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor | None:
            prior = net.prior.log_prob(z, y)
            if prior is None:
                return None
            proposed = -0.5 * ((z - mean) / log_scale.exp()).square() - log_scale
            fit: Tensor = net.likelihood.log_prob(net.decode(z, y), x)
            return fit + prior - proposed.sum(1)

        z = propose(x)[2]
        for _ in range(GIBBS_STEPS):
            mean, log_scale, new = propose(x)
            old, wanted = weight(z, mean, log_scale), weight(new, mean, log_scale)
            if old is not None and wanted is not None:
                chance = torch.rand(len(x), generator=generator, device=x.device).log()
                new = torch.where((chance < wanted - old)[:, None], new, z)
            z = new
            x = gaps.fill(x, net.likelihood.sample(net.decode(z, y), generator))
        return x

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
    latent_dim, likelihood, prior, width, depth, budget, precision, device, training, random_state
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
