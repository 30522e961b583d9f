r"""The latent diffusion model: a diffusion model of an autoencoder's codes.

A variational autoencoder with a light weight β on its rate turns rows into codes z, a diffusion
model learns the distribution of the codes, and samples are decoded,

.. math:: z \sim p_\theta(z \mid y), \quad x \sim p(x \mid z, y).

Both are trained at once: the diffusion model on the codes as they are at that step, to which it
passes no gradient. It works in a few dozen dimensions whatever the rows are, pictures or tables of
numbers and categories, so that a small perceptron does for it what takes a U-Net in pixels.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, ClassVar

import torch
from torch import Tensor

from further._sklearn import Interval
from further.data.spec import Spec
from further.generate.diffusion import Diffusion
from further.generate.generative import Basis
from further.generate.latent_density import LatentDistribution
from further.generate.prior import CodeScores, Prior
from further.generate.vae import BetaVAE
from further.train.batch import Batch
from further.train.parameters import hyperparameters

WIDTH = 384
DEPTH = 3


@dataclass(frozen=True)
class DiffusionPrior(Prior):
    """A diffusion model of the codes.

    Parameters
    ----------
    guidance : float, default=1.0
        Weight of the class; see :class:`~further.generate.diffusion.Diffusion`.
    """

    guidance: float = 1.0

    def build(self, spec: Spec, latent_dim: int) -> LatentDistribution:
        """Return the diffusion model."""
        model = Diffusion(guidance=self.guidance, width=WIDTH, depth=DEPTH)
        codes = dataclasses.replace(spec, shape=(latent_dim,), levels=None, blocks=())
        return _DiffusedCodes(model, codes)


class _DiffusedCodes(LatentDistribution):
    def __init__(self, model: Diffusion, spec: Spec) -> None:
        super().__init__()
        self.model = model
        self.scores = CodeScores(spec.size)
        self.net = model.build(spec)

    def loss(self, z: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        rows = {"x": self.scores(z.detach())} | ({} if y is None else {"y": y})
        (objective,) = self.model.objectives(self.net)
        # Summed over the code, as the bound of the autoencoder is over the row.
        return objective.loss(Batch(**rows), generator)["loss"] * z.shape[1]

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator) -> Tensor:
        given = {} if y is None else {"y": y}
        return self.scores.inverse(self.model.generate(self.net, n, given, generator))


@hyperparameters
class LatentDiffusion(BetaVAE):
    """Latent diffusion model: noise becomes a latent code, and the code a row.

    Use it where a diffusion model is too slow, and for tables that mix numbers and categories. It
    fails where its autoencoder does: what the code does not carry, no sample has; and it defines
    no likelihood.

    Parameters
    ----------
    latent_dim : int, default=None
        Size of the latent code; 32 if None, or 128 for pictures of more than 1,024 values.
    beta : float, default=0.3
        Weight of the rate: lower keeps more detail in the code, which the diffusion model then has
        to learn.
    guidance : float, default=1.0
        Weight of the class; see :class:`~further.generate.diffusion.Diffusion`.
    likelihood, width, depth, budget, precision, device, training, random_state
        See :class:`~further.generate.vae.VAE`.

    References
    ----------
    Vahdat, Kreis and Kautz 2021, "Score-based generative modeling in latent space".
    Rombach et al. 2022, "High-resolution image synthesis with latent diffusion models".
    Zhang et al. 2024, "Mixed-type tabular data synthesis with score-based diffusion in latent
    space".

    Examples
    --------
    >>> import numpy as np
    >>> from further import LatentDiffusion
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = LatentDiffusion(latent_dim=2, budget="20 steps", precision="float32").fit(X)
    >>> model.sample(5).shape
    (5, 3)
    """

    beta: float = 0.3
    guidance: float = 1.0
    # What codes of samples come from is what makes this model.
    prior: str | Prior = field(default="diffusion", init=False)

    usual_latent_dim: ClassVar[int] = 32
    likelihood_basis: ClassVar[Basis | None] = None
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: rule for name, rule in BetaVAE._parameter_constraints.items() if name != "prior"},
        "guidance": [Interval(Real, 0, None, closed="left")],
    }

    def make_prior(self) -> Prior:
        """Return the diffusion model of the codes."""
        return DiffusionPrior(self.guidance)
