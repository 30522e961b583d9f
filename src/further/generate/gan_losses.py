r"""Losses of a generative adversarial network, as objects.

With the discriminator's scores :math:`r = D(x)` of real and :math:`f = D(G(z))` of generated rows,
σ the logistic function and :math:`\operatorname{softplus}(t) = \log(1 + e^t)`:

==============  ================================  ==========================  ===================
name            discriminator minimises           generator minimises         reference
==============  ================================  ==========================  ===================
minimax         -log σ(r) - log(1 - σ(f))         log(1 - σ(f))               Goodfellow 2014
non_saturating  -log σ(r) - log(1 - σ(f))         -log σ(f)                   Goodfellow 2014
hinge           max(0, 1 - r) + max(0, 1 + f)     -f                          Lim and Ye 2017
relativistic    softplus(f - r)                   softplus(r - f)             Jolicoeur-Martineau
                                                                              2019
==============  ================================  ==========================  ===================

The zero-centred gradient penalty on real rows (R1, Mescheder et al. 2018) and on generated rows
(R2) is

.. math:: \frac{\gamma}{2} \left( E_x \lVert \nabla_x D(x) \rVert^2
          + E_z \lVert \nabla_x D(G(z)) \rVert^2 \right).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from further.errors import InputError, unknown


@dataclass(frozen=True)
class AdversarialLoss:
    """What discriminator and generator minimise, as functions of the discriminator's scores.

    All take ``real`` and ``fake``, the scores ``(n,)`` of real and of generated rows, and return a
    scalar.
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the discriminator's loss.

        Parameters
        ----------
        real, fake : Tensor of shape (n,)
            The discriminator's scores.

        Returns
        -------
        Tensor
            A scalar.
        """
        raise TypeError(f"{type(self).__name__} does not say what the discriminator minimises.")

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the generator's loss.

        Parameters
        ----------
        real, fake : Tensor of shape (n,)
            The discriminator's scores.

        Returns
        -------
        Tensor
            A scalar.
        """
        raise TypeError(f"{type(self).__name__} does not say what the generator minimises.")

    def discriminator_accuracy(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the share of rows that the discriminator classifies rightly.

        Parameters
        ----------
        real, fake : Tensor of shape (n,)
            The discriminator's scores.

        Returns
        -------
        Tensor
            A scalar; 0.5 is guessing.
        """
        return 0.5 * ((real > 0).float().mean() + (fake < 0).float().mean())

    def generator_accuracy(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the share of generated rows that the discriminator takes for real.

        Parameters
        ----------
        real, fake : Tensor of shape (n,)
            The discriminator's scores.

        Returns
        -------
        Tensor
            A scalar.
        """
        return (fake > 0).float().mean()


@dataclass(frozen=True)
class Minimax(AdversarialLoss):
    """The two-player game of Goodfellow et al. 2014, in which one's loss is the other's gain.

    Use it to show why it is not used: while the discriminator is sure, the generator's gradient
    vanishes. At its optimum, D = 1/2 everywhere, the discriminator's loss is log 4.
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return -E log σ(r) - E log(1 - σ(f))."""
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return E log(1 - σ(f))."""
        return -F.softplus(fake).mean()


@dataclass(frozen=True)
class NonSaturating(Minimax):
    """The generator's loss that Goodfellow et al. 2014 train with: it does not vanish."""

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return -E log σ(f)."""
        return F.softplus(-fake).mean()


@dataclass(frozen=True)
class Hinge(AdversarialLoss):
    """The margin loss of Lim and Ye 2017: rows beyond the margin stop mattering."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return E max(0, 1 - r) + E max(0, 1 + f)."""
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return -E f."""
        return -fake.mean()


@dataclass(frozen=True)
class Relativistic(AdversarialLoss):
    """Is this real row more real than this generated one? (Jolicoeur-Martineau 2019).

    Every generated row is judged beside a real one (of the same class where there are classes), so
    a generator that leaves a mode out cannot be at rest (Sun et al. 2020). With both gradient
    penalties it converges where the plain losses circle (Huang et al. 2024). Only differences of
    scores have a meaning, so accuracies are those of pairs.
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return E softplus(f - r)."""
        return F.softplus(fake - real).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return E softplus(r - f)."""
        return F.softplus(real - fake).mean()

    def discriminator_accuracy(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the share of pairs in which the real row scores higher."""
        return (real > fake).float().mean()

    def generator_accuracy(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the share of pairs in which the generated row scores higher."""
        return (fake > real).float().mean()


LOSSES: dict[str, AdversarialLoss] = {
    "minimax": Minimax(),
    "non_saturating": NonSaturating(),
    "hinge": Hinge(),
    "relativistic": Relativistic(),
}


def make_loss(loss: str | AdversarialLoss) -> AdversarialLoss:
    """Return the loss of that name, or the object itself.

    Raises
    ------
    InputError
        If there is none of that name; the nearest one is named.
    """
    if isinstance(loss, AdversarialLoss):
        return loss
    if loss not in LOSSES:
        raise InputError(unknown("loss", loss, [*LOSSES]))
    return LOSSES[loss]


def squared_gradient_norm(scores: Tensor, rows: Tensor) -> Tensor:
    r"""Return :math:`E \lVert \nabla_x D(x) \rVert^2`, a scalar that can be differentiated again.

    Parameters
    ----------
    scores : Tensor of shape (n,)
        D of the rows; each score must depend on its own row only.
    rows : Tensor of shape (n, *shape)
        With ``requires_grad``.

    Returns
    -------
    Tensor
        A scalar.
    """
    (gradient,) = torch.autograd.grad(scores.sum(), rows, create_graph=True)
    return gradient.flatten(1).square().sum(1).mean()
