r"""The generative adversarial network, conditional on the class.

A generator :math:`x = G(z, y)`, :math:`z \sim N(0, I)`, plays against a discriminator that scores
rows by projection on the class (Miyato and Koyama 2018),

.. math:: D(x, y) = w_0^\top \varphi(x) + w_y^\top \varphi(x),

where φ is a network. The loop minimises in turn

.. math:: L_D = \ell_D(D(x, y), D(G(z, y), y)) + \frac{\gamma}{2} \left(
          E \lVert \nabla_x D(x, y) \rVert^2 + E \lVert \nabla_x D(G(z, y), y) \rVert^2 \right),
          \qquad L_G = \ell_G(D(x, y), D(G(z, y), y)),

with ℓ from :mod:`further.generate.gan_losses` and :math:`\gamma = \text{penalty} \cdot
\operatorname{tr} \operatorname{Cov}(x)` over the batch, so that the penalty has no unit: it asks
for a score that changes little over the width of the data, whatever their scale and size.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from further._sklearn import Interval, StrOptions
from further.data.spec import Spec
from further.generate.gan_losses import (
    LOSSES,
    AdversarialLoss,
    make_loss,
    squared_gradient_norm,
)
from further.generate.generative import GenerativeModel
from further.nn.coder import Decoder, Encoder, code_size, is_large
from further.nn.device import device_of, exponential_like
from further.nn.embedding import ClassEmbedding
from further.nn.table_blocks import categorical_slices
from further.train.batch import Batch
from further.train.objective import Objective
from further.train.parameters import hyperparameters
from further.train.training import Training

WIDTH = 192
LATENT_DIM = 32
CONDITION = 32
# Share of the gradient that passes a value that is cut off at 0 or 1, so that it can come back.
LEAK = 0.1
# Fewer generated rows than this make the kernel distance too noisy to choose weights by.
MIN_VALIDATION_SAMPLES = 512
# Kernel widths, in median distances. The median alone sees no more than the rough shape: on digits
# it was at its noise after a fifth of the training while the samples still became better.
BANDWIDTHS = (1.0, 0.5, 0.25)


class _GeneratorNet(nn.Module):
    """Noise and class to rows in encoded form, by convolutions for large pictures.

    Up to 1,024 values a perceptron reaches more in as many operations; above it leaves grain.

    Pictures are cut off at black and white: values there are exact, as in the data, and the
    discriminator need not spend itself on the difference between nothing and nearly nothing.
    """

    def __init__(self, spec: Spec, latent_dim: int, width: int, depth: int) -> None:
        super().__init__()
        self.spec, self.latent_dim = spec, latent_dim
        self.embed = ClassEmbedding(spec.n_classes, CONDITION)
        self.decoder = Decoder(
            spec, latent_dim, outputs=1, width=width, depth=depth,
            condition=self.embed.dim, convolutions=is_large(spec), link=_before_shift,
        )  # fmt: skip

    def forward(self, z: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """Map ``z`` (n, latent_dim) to rows (n, *spec.shape)."""
        out: Tensor = self.decoder(z, self.embed(y, len(z))).float()
        if self.spec.is_image:
            return _leaky_clamp(out + 0.5).unflatten(1, self.spec.shape)
        return _straight_through_categories(out, categorical_slices(self.spec.blocks), generator)


class _DiscriminatorNet(nn.Module):
    """Rows and classes to scores; higher is more real."""

    def __init__(self, spec: Spec, width: int, depth: int) -> None:
        super().__init__()
        self.features = Encoder(
            spec, 1 + spec.n_classes, width=width, depth=depth, convolutions=False
        )
        # A gradient penalty takes the place of normalisation, which would make it meaningless for
        # the scale of the features (Gulrajani et al. 2017, Huang et al. 2024).
        _remove_normalisation(self.features)

    def forward(self, x: Tensor, y: Tensor | None) -> Tensor:
        """Score rows; returns (n,)."""
        scores = self.features(x).float()  # (n, 1 + n_classes)
        if y is None:
            return scores[:, 0]
        return scores[:, 0] + scores[:, 1:].gather(1, y[:, None])[:, 0]


class _GANNet(nn.Module):
    """Generator and discriminator."""

    def __init__(self, spec: Spec, latent_dim: int, width: int, depth: int) -> None:
        super().__init__()
        self.generator = _GeneratorNet(spec, latent_dim, width, depth)
        self.discriminator = _DiscriminatorNet(spec, width, depth)

    def generate(self, n: int, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw z and return the encoded rows G(z, y), ``(n, *shape)``."""
        z = torch.randn(n, self.generator.latent_dim, generator=generator, device=device_of(self))
        out: Tensor = self.generator(z, y, generator)
        return out


@hyperparameters
class GAN(GenerativeModel):
    """Generative adversarial network: a generator learns to deceive a discriminator.

    Use it for sharp samples in one pass and where no likelihood is needed. It fails by leaving
    modes out (collapse), by circling without converging, most with the minimax loss and without
    the penalty, and it has no likelihood: weights are chosen by the kernel distance between
    generated and validation rows.

    Parameters
    ----------
    loss : {"relativistic", "non_saturating", "minimax", "hinge"} or AdversarialLoss, \
default="relativistic"
        What the two networks minimise.
    penalty : float, default=0.2
        Weight of the gradient penalties on real and generated rows, in units of the data's total
        variance; 0 for none, as published in 2014.
    latent_dim : int, default=None
        Size of the noise vector; 32 if None, or 128 for pictures of more than 1,024 values.
    width : int, default=None
        Hidden units of a layer; 192 if None, and more with a larger budget.
    depth : int, default=3
        Residual blocks of each network.
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    Attributes
    ----------
    net_ : nn.Module
        The trained networks.
    history_ : DataFrame
        Losses and accuracies of both networks: the discriminator's accuracy is the share of rows
        (for the relativistic loss, of pairs) that it tells apart, the generator's the share that
        deceives it; the diversity of the generated rows, their mean distance from each other over
        that of real rows; the validation kernel distance.

    References
    ----------
    Goodfellow et al. 2014, "Generative adversarial nets".
    Mescheder, Geiger and Nowozin 2018, "Which training methods for GANs do actually converge?".
    Miyato and Koyama 2018, "cGANs with projection discriminator".
    Huang, Gokaslan, Kuleshov and Tompkin 2024, "The GAN is dead; long live the GAN! A modern GAN
    baseline".

    Examples
    --------
    >>> import numpy as np
    >>> from further import GAN
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> gan = GAN(latent_dim=2, budget="20 steps", precision="float32", random_state=0).fit(X)
    >>> gan.sample(5).shape
    (5, 3)
    """

    loss: str | AdversarialLoss = "relativistic"
    penalty: float = 0.2
    latent_dim: int | None = None
    width: int | None = None
    depth: int = 3

    training_defaults: ClassVar[Training] = Training(
        learning_rate=4e-4, betas=(0.0, 0.99), batch_size=64, averaging=0.999, clip=None
    )
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GenerativeModel._parameter_constraints,
        "loss": [StrOptions(set(LOSSES)), AdversarialLoss],
        "penalty": [Interval(Real, 0, None, closed="left")],
        "latent_dim": [None, Interval(Integral, 1, None, closed="left")],
        "width": [None, Interval(Integral, 1, None, closed="left")],
        "depth": [Interval(Integral, 0, None, closed="left")],
    }

    def build(self, spec: Spec) -> _GANNet:
        """Return generator and discriminator."""
        width = self.width or self.grown(WIDTH, spec)
        latent_dim = self.latent_dim or code_size(spec, LATENT_DIM)
        return _GANNet(spec, latent_dim, width, self.depth)

    def objectives(self, net: Any) -> list[Objective]:
        """Return the discriminator's loss with its penalty, then the generator's."""
        loss = make_loss(self.loss)

        def discriminator(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            with torch.no_grad():
                made = net.generate(len(batch.x), batch.y, generator)
            if not self.penalty:
                real, fake = _score_both(net, batch, made)
                value = loss.discriminator(real, fake)
                return {"loss": value, "accuracy": loss.discriminator_accuracy(real, fake)}
            with torch.enable_grad():
                rows = torch.cat([batch.x, made]).requires_grad_()
                y = None if batch.y is None else torch.cat([batch.y, batch.y])
                scores = net.discriminator(rows, y)
                # The mean over both halves is half the sum of the two penalties.
                penalty = squared_gradient_norm(scores, rows)
            real, fake = scores.chunk(2)
            value = loss.discriminator(real, fake)
            spread = batch.x.flatten(1).var(0, correction=0).sum()
            return {
                "loss": value + self.penalty * spread * penalty,
                "accuracy": loss.discriminator_accuracy(real, fake),
                "penalty": penalty,
            }

        def deceive(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            made = net.generate(len(batch.x), batch.y, generator)
            fake = net.discriminator(made, batch.y)
            with torch.no_grad():
                real = net.discriminator(batch.x, batch.y)
            return {
                "loss": loss.generator(real, fake),
                "accuracy": loss.generator_accuracy(real, fake),
                "diversity": _relative_diversity(made.detach(), batch.x),
            }

        return [
            Objective(discriminator, list(net.discriminator.parameters()), "discriminator"),
            Objective(deceive, list(net.generator.parameters()), "generator"),
        ]

    def forward(self, net: Any, batch: Batch, generator: torch.Generator) -> Tensor:
        """Generate a row for each and pass it through the discriminator."""
        made = net.generate(len(batch.x), batch.y, generator)
        scores: Tensor = net.discriminator(made, batch.y)
        return scores

    def validation_loss(
        self, net: Any, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the kernel distance to generated rows, and the discriminator's accuracy.

        A discriminator that tells validation rows worse than training rows has learnt the latter
        by heart.
        """
        repeats = -(-MIN_VALIDATION_SAMPLES // len(batch.x))
        y = None if batch.y is None else batch.y.repeat(repeats)
        made = net.generate(repeats * len(batch.x), y, generator)
        real, fake = _score_both(net, batch, made[: len(batch.x)])
        return {
            "kernel_distance": _squared_kernel_distance(batch.x.flatten(1), made.flatten(1)),
            "discriminator_accuracy": make_loss(self.loss).discriminator_accuracy(real, fake),
        }

    def generate(
        self, net: Any, n: int, condition: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """Draw z and return G(z, y)."""
        out: Tensor = net.generate(n, condition.get("y"), generator)
        return out


def _before_shift(mean: Tensor) -> Tensor:
    """Return the decoder's outputs that make such a picture."""
    return mean - 0.5


def _score_both(net: _GANNet, batch: Batch, made: Tensor) -> tuple[Tensor, Tensor]:
    """Return the discriminator's scores of real and of as many generated rows, in one pass."""
    y = None if batch.y is None else torch.cat([batch.y, batch.y])
    real, fake = net.discriminator(torch.cat([batch.x, made]), y).chunk(2)
    return real, fake


def _relative_diversity(made: Tensor, real: Tensor) -> Tensor:
    """Return the mean distance of generated rows from each other over that of real rows.

    1 where they are as diverse as the data, 0 where they are all alike. Rows come in no order, so
    that each and the next one are a random pair.

    Examples
    --------
    >>> real = torch.tensor([[0.0], [4.0], [0.0], [4.0]])
    >>> float(_relative_diversity(real / 2, real))
    0.5
    """

    def mean_distance(rows: Tensor) -> Tensor:
        return (rows - rows.roll(1, 0)).flatten(1).norm(dim=1).mean()

    return mean_distance(made) / mean_distance(real).clamp_min(1e-12)


def _leaky_clamp(x: Tensor) -> Tensor:
    """Cut off at 0 and 1; the gradient beyond is ``LEAK``, not 0.

    Examples
    --------
    >>> x = torch.tensor([-1.0, 0.25, 3.0], requires_grad=True)
    >>> _leaky_clamp(x).tolist()
    [0.0, 0.25, 1.0]
    >>> _leaky_clamp(x).sum().backward()
    >>> [round(value, 3) for value in x.grad.tolist()]
    [0.1, 1.0, 0.1]
    """
    cut = x.clamp(0, 1)
    beyond = LEAK * (x - cut)
    return cut + (beyond - beyond.detach())


def _straight_through_categories(
    x: Tensor, parts: list[slice], generator: torch.Generator
) -> Tensor:
    """Replace the logits of each categorical column of ``x`` (n, d) by a one-hot draw.

    The gradient is that of the softmax of the same logits and Gumbel noise (Jang et al. 2017).
    """
    if not parts:
        return x
    columns = list(x.unbind(1))
    for part in parts:
        logits = x[:, part]
        noise = exponential_like(logits, generator).log()
        soft = (logits - noise).softmax(dim=1)
        hard = torch.nn.functional.one_hot(soft.argmax(1), soft.shape[1]).to(soft.dtype)
        columns[part] = (hard + (soft - soft.detach())).unbind(1)
    return torch.stack(columns, dim=1)


def _remove_normalisation(net: nn.Module) -> None:
    """Put the identity in the place of every layer and group normalisation of a network."""
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.LayerNorm | nn.GroupNorm):
                setattr(module, name, nn.Identity())


def _squared_kernel_distance(real: Tensor, fake: Tensor) -> Tensor:
    r"""Return the squared maximum mean discrepancy, estimated without bias (Gretton et al. 2012).

    The kernel is the mean of :math:`\exp(-\lVert a - b \rVert^2 / 2 (s \sigma)^2)` over the scales
    s of ``BANDWIDTHS``, with the median distance of the real rows as σ. With fewer than two rows
    of either, the mean squared distance takes its place. It may be below 0.
    """
    n, m = len(real), len(fake)
    between = torch.cdist(real, fake).square()
    if min(n, m) < 2:
        return between.mean()
    within_real = torch.cdist(real, real).square()
    within_fake = torch.cdist(fake, fake).square()
    upper = torch.triu_indices(n, n, 1)
    pairs = within_real[upper[0], upper[1]]
    # The mean where more than half the rows coincide, one where all do.
    median, mean = pairs.median(), pairs.mean()
    variance = torch.where(median > 0, median, torch.where(mean > 0, mean, torch.ones_like(mean)))
    total = torch.zeros_like(mean)
    for scale in BANDWIDTHS:
        factor = -0.5 / (variance * scale**2)
        # A row is at distance 0 from itself, where the kernel is 1: n ones are left out.
        first = ((factor * within_real).exp().sum() - n) / (n * (n - 1))
        second = ((factor * within_fake).exp().sum() - m) / (m * (m - 1))
        total = total + first + second - 2 * (factor * between).exp().mean()
    return total / len(BANDWIDTHS)
