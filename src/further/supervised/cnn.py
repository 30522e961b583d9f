r"""The convolutional network: filters that look for the same pattern wherever it stands.

.. math:: h_0 = a(\mathrm{norm}(K_0 * x)), \qquad
          u_l = a(\mathrm{norm}(\mathrm{pool}(K_l * h_{l-1}))), \quad
          h_l = a(\mathrm{norm}(K'_l * u_l)), \qquad \eta = W\, \overline{h_L} + b,

with convolutions K of 3 x 3 pixels, the largest of each 2 x 2 places (pool), batch normalisation,
and the mean of all places before the last layer, so that pictures of any size will do. Normalising
and activating cost more than the products of small convolutions, so the picture is halved before
them; the first convolution steps over every other pixel of pictures that are not tiny.

While it trains, pictures are shifted at random (and mirrored, where that is asked for), and each is
mixed with another one,

.. math:: x = \lambda x_i + (1 - \lambda) x_j, \quad t = \lambda t_i + (1 - \lambda) t_j,
          \qquad \lambda \sim \mathrm{Beta}(1/2, 1/2):

a new picture a picture and epoch, which is worth more than any other regularisation where pictures
are few (Zhang et al. 2018, "mixup: beyond empirical risk minimization").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from further._sklearn import StrOptions
from further.data.spec import Spec
from further.errors import InputError
from further.nn.activation import ACTIVATIONS
from further.nn.augmentation import mirrored, mixed, shifted
from further.nn.dropout import Dropout
from further.supervised.network import NetworkClassifier, whole_sizes
from further.train.budget import Budget
from further.train.flops import count_flops
from further.train.parameters import hyperparameters
from further.train.training import Training

#: The first convolution keeps all pixels of a picture below this side; none is halved below that.
LEAST_SIDE_OF_STEPS, LEAST_SIDE = 16, 2
#: How long it trains: epochs, and times the usual operations that are not exceeded.
EPOCHS, USUAL_BUDGETS = 100, 2
#: Operations of a step on a picture, as a multiple of those of the way forward.
STEP = 3


def _convolution(
    n_in: int, n_out: int, activation: str, *, step: int = 1, pool: int = 1
) -> nn.Module:
    """Return a convolution of 3 x 3 pixels, halved if asked for, normalised and activated."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, stride=step, padding=1, bias=False),
        nn.MaxPool2d(pool) if pool > 1 else nn.Identity(),
        nn.BatchNorm2d(n_out),
        ACTIVATIONS[activation](),
    )


class _Net(nn.Module):
    """A first convolution, stages of two with a halving between, mean over places, last layer."""

    def __init__(
        self, spec: Spec, n_outputs: int, channels: Sequence[int], activation: str, dropout: float
    ) -> None:
        super().__init__()
        first, *later = channels
        side = min(spec.shape[1:])
        step = 2 if side >= LEAST_SIDE_OF_STEPS else 1
        # The statistics of the first layer's inputs are learnt with those of all others.
        stages: list[nn.Module] = [
            nn.BatchNorm2d(spec.shape[0], affine=False),
            _convolution(spec.shape[0], first, activation, step=step),
        ]
        side, before = -(-side // step), first
        for width in later:
            pool = 2 if side >= 2 * LEAST_SIDE else 1
            stages.append(_convolution(before, width, activation, pool=pool))
            stages.append(_convolution(width, width, activation))
            side, before = side // pool, width
        self.stages = nn.Sequential(*stages)
        self.dropout = Dropout(dropout)
        self.last = nn.Linear(before, n_outputs)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Return η (n, outputs) for pictures (n, channels, height, width) in [0, 1]."""
        h = self.stages(x).mean(dim=(2, 3))
        eta: Tensor = self.last(self.dropout(h))
        return eta


@hyperparameters
class CNNClassifier(NetworkClassifier):
    """Convolutional network for pictures of one class each.

    Use it for small pictures, some hundred or more of each class. It fails where objects of a class
    differ in size far more than the training shows, and for pictures with several objects; where
    they are large and few, features of a network that was trained on millions of others are better.

    Parameters
    ----------
    channels : sequence of int, default=(32, 64, 128)
        Filters of each stage; the picture is halved before each but the first, and before that one
        unless it is tiny.
    activation : str, default="gelu"
        Of the convolutions: relu, gelu, silu, ...
    augmentation : {"shift", "mirror", "none"}, default="shift"
        What happens to pictures while training: shifted by up to an eighth of a side and mixed in
        pairs, besides that mirrored left to right at random, or nothing. Mirrored digits and
        letters are other ones; photographs gain by it.
    dropout : float, default=0.1
        Share of features that are left out before the last layer.
    label_smoothing, loss, output
        See :class:`~further.supervised.network.NetworkClassifier`.
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    Attributes
    ----------
    net_ : nn.Module
        The trained network.

    References
    ----------
    LeCun et al. 1998, "Gradient-based learning applied to document recognition".
    Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image
    recognition".

    Examples
    --------
    >>> from further import CNNClassifier
    >>> from further.data import load
    >>> digits = load("digits").take(range(0, 1797, 3))
    >>> model = CNNClassifier(channels=(16, 32), budget="20 epochs", precision="float32",
    ...                       random_state=0).fit(digits)
    >>> model.predict_proba(digits).shape
    (599, 10)
    """

    takes: ClassVar[tuple[str, ...]] = ("images",)

    channels: Sequence[int] = (32, 64, 128)
    activation: str = "gelu"
    augmentation: str = "shift"
    dropout: float = 0.1

    training_defaults: ClassVar[Training] = Training(
        learning_rate=4e-3, weight_decay=0.05, batch_size=64, warmup=0.1, averaging=0.99,
    )  # fmt: skip
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NetworkClassifier._parameter_constraints,
        "channels": ["array-like"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "augmentation": [StrOptions({"shift", "mirror", "none"})],
        "dropout": NetworkClassifier._parameter_constraints["label_smoothing"],
    }

    def network(self, spec: Spec, n_outputs: int) -> nn.Module:
        """Return the network from pictures to their last numbers."""
        if not spec.is_image:
            raise InputError(
                f"CNNClassifier is for pictures, but the rows are {spec.size} numbers of a table; "
                "take MLPClassifier, or give an array (n, height, width)."
            )
        channels = whole_sizes(self, "channels", "one for each stage")
        return _Net(spec, n_outputs, channels, self.activation, self.dropout)

    def budget_for(self, n_rows: int) -> Budget:
        """Return how long to train: 100 epochs, or twice the usual operations if that is less.

        Parameters
        ----------
        n_rows : int
            Training rows.

        Returns
        -------
        Budget
            In steps, unless the user says otherwise.
        """
        usual = super().budget_for(n_rows)
        if self.budget != "auto":
            return usual
        net = self.build(self.spec_).eval()
        picture = torch.zeros(1, *self.spec_.shape)
        batch = min(self.training_settings().batch_size, n_rows)
        with torch.no_grad():
            flops = STEP * batch * count_flops(lambda: net(picture))
        return Budget(
            min(EPOCHS * (n_rows // batch), USUAL_BUDGETS * usual.amount // flops), "steps"
        )

    def augment(self, x: Tensor, t: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Return pictures (n, channels, height, width) shifted and mixed, and their targets.

        Parameters
        ----------
        x, t, generator
            See :meth:`~further.supervised.network.SupervisedNetwork.augment`.

        Returns
        -------
        tuple of two Tensor
            As many pictures and targets.
        """
        if self.augmentation == "none":
            return x, t
        if self.augmentation == "mirror":
            x = mirrored(x, generator)
        return mixed(shifted(x, generator), t, generator)
