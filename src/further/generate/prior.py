r"""Where the latent codes of samples come from.

The encoder spreads the training rows over the aggregate posterior
:math:`\hat q(z \mid y) = \frac{1}{n_y} \sum_i q(z \mid x_i)`, which is not N(0, I): codes drawn
from N(0, I) fall between those that the decoder has learnt, and samples between the rows. A prior
may be fitted to the codes instead, and is then the model's p(z | y) in sampling and in the bound of
the likelihood alike:

============  ========================================  ========================================
name          p(z | y)                                  fitted
============  ========================================  ========================================
``standard``  N(0, I), as published                     not at all
``mixture``   Gaussian mixture, its size by BIC         after the training
``flow``      normalizing flow with spline couplings    with the network, to its codes as they are
============  ========================================  ========================================

References
----------
Tomczak and Welling 2018, "VAE with a VampPrior".
Ghosh et al. 2020, "From variational to deterministic autoencoders".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from further.data.spec import Spec
from further.generate.latent_density import COMPONENTS, LatentDensity, LatentDistribution
from further.nn.coupling import CouplingFlow
from further.nn.embedding import ClassEmbedding
from further.train.batch import BatchSource, in_parts

CONDITION = 32
HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
# How much of the running mean and variance of the codes comes from the batch.
MOMENTUM = 0.01


@dataclass(frozen=True)
class Prior:
    """What a model takes for p(z | y)."""

    def build(self, spec: Spec, latent_dim: int) -> LatentDistribution:
        """Return the distribution, not fitted.

        Parameters
        ----------
        spec : Spec
            Shape of the rows, and their classes.
        latent_dim : int
            Size of the codes.

        Returns
        -------
        LatentDistribution
            Of codes.
        """
        raise TypeError(f"{type(self).__name__} does not say what it is.")


@dataclass(frozen=True)
class StandardPrior(Prior):
    """N(0, I), the prior of the evidence lower bound as published (Kingma and Welling 2014)."""

    def build(self, spec: Spec, latent_dim: int) -> LatentDistribution:
        """Return N(0, I)."""
        return _StandardNormal(latent_dim)


class _StandardNormal(LatentDistribution):
    origin: Tensor

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.register_buffer("origin", torch.zeros(latent_dim), persistent=False)

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator) -> Tensor:
        device = self.origin.device
        return torch.randn(n, len(self.origin), generator=generator, device=device)

    def log_prob(self, z: Tensor, y: Tensor | None) -> Tensor:
        return (-0.5 * z.square() - HALF_LOG_TWO_PI).sum(1)


@dataclass(frozen=True)
class MixturePrior(Prior):
    """A Gaussian mixture for each class (Ghosh et al. 2020).

    Parameters
    ----------
    components : tuple of int, default=(1, 2, 4, 8)
        Numbers of components of which BIC chooses one.
    """

    components: tuple[int, ...] = COMPONENTS

    def build(self, spec: Spec, latent_dim: int) -> LatentDistribution:
        """Return the mixture."""
        return LatentDensity(spec.n_classes, latent_dim, self.components)


@dataclass(frozen=True)
class FlowPrior(Prior):
    """A normalizing flow, where codes are not well described by a mixture.

    Parameters
    ----------
    transforms : int, default=6
        Coupling layers.
    width : int, default=128
        Hidden units of the networks in them.
    """

    transforms: int = 6
    width: int = 128

    def build(self, spec: Spec, latent_dim: int) -> LatentDistribution:
        """Return the flow."""
        return _Flow(spec.n_classes, latent_dim, self.transforms, self.width)


class _Flow(LatentDistribution):
    def __init__(self, n_classes: int, latent_dim: int, transforms: int, width: int) -> None:
        super().__init__()
        self.scores = CodeScores(latent_dim)
        self.embed = ClassEmbedding(n_classes, CONDITION)
        self.flow = CouplingFlow(
            (latent_dim,), transforms=transforms, bins=5, width=width, depth=1,
            condition=self.embed.dim, dropout=0.0,
        )  # fmt: skip

    def loss(self, z: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        return -self.log_prob(z.detach(), y).mean()

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator) -> Tensor:
        mean = self.scores.mean
        noise = torch.randn(n, len(mean), generator=generator, device=mean.device)
        return self.scores.inverse(self.flow.inverse(noise, self.embed(y, n)))

    def log_prob(self, z: Tensor, y: Tensor | None) -> Tensor:
        noise, log_det = self.flow(self.scores(z), self.embed(y, len(z)))
        log_normal = (-0.5 * noise.square() - HALF_LOG_TWO_PI).sum(1)
        return log_normal + log_det - 0.5 * self.scores.variance.log().sum()


class CodeScores(nn.Module):
    """Standard scores of codes, by a running mean and variance, since codes move while they train.

    Parameters
    ----------
    latent_dim : int
        Size of the codes.
    """

    mean: Tensor
    variance: Tensor
    batches: Tensor

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(latent_dim))
        self.register_buffer("variance", torch.ones(latent_dim))
        self.register_buffer("batches", torch.zeros(()))

    def forward(self, z: Tensor) -> Tensor:
        """Return scores of codes ``z`` (n, latent_dim), which count in the means while training."""
        if self.training:
            with torch.no_grad():
                self.batches += 1
                share = (1 / self.batches).clamp_min(MOMENTUM)
                self.mean.lerp_(z.mean(0), share)
                self.variance.lerp_(z.var(0, correction=0) + 1e-6, share)
        return (z - self.mean) / self.variance.sqrt()

    def inverse(self, scores: Tensor) -> Tensor:
        """Undo :meth:`forward`."""
        return scores * self.variance.sqrt() + self.mean


PRIORS: dict[str, Prior] = {
    "standard": StandardPrior(),
    "mixture": MixturePrior(),
    "flow": FlowPrior(),
}


def make_prior(choice: str | Prior) -> Prior:
    """Return the prior of that name, or the one that is given."""
    return PRIORS[choice] if isinstance(choice, str) else choice


def fit_prior(
    prior: LatentDistribution, rows: BatchSource, encode: Callable[[Tensor], Tensor], seed: int
) -> None:
    """Fit a prior to the codes of the training rows.

    Parameters
    ----------
    prior : LatentDistribution
        Of a trained network.
    rows : BatchSource
        The training rows.
    encode : callable
        Encoded rows ``(n, *shape)`` to codes ``(n, latent_dim)``.
    seed : int
        Of the fit.
    """
    codes, classes = [], []
    for batch in in_parts(rows):
        codes.append(encode(batch.x).cpu())
        classes.append(batch.y)
    y = None if classes[0] is None else torch.cat(classes)  # type: ignore[arg-type]
    prior.fit(torch.cat(codes), y, seed)
