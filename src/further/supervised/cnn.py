r"""The convolutional network: filters that look for the same pattern wherever it stands.

.. math:: h_{l} = \mathrm{pool}\bigl(a(\mathrm{norm}(K_l * h_{l-1}))\bigr), \qquad
          \eta = W\, \overline{h_L} + b,

with convolutions K of 3 x 3 pixels, two before each halving of the picture, batch normalisation,
and the mean of all places before the last layer, so that pictures of any size will do. While it
trains, pictures are shifted at random (and mirrored, where that is asked for): one new picture a
picture and epoch, which is worth more than any other regularisation where pictures are few.
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
from further.supervised.network import NetworkClassifier, whole_sizes
from further.train.parameters import hyperparameters
from further.train.training import Training

#: Largest shift, as a share of a picture's side.
SHIFT = 1 / 8
#: A picture is not halved below this side.
LEAST_SIDE = 2


def _convolutions(channels: int, n_in: int, activation: str) -> nn.Sequential:
    """Return two convolutions of 3 x 3 pixels, each normalised and activated."""
    layers: list[nn.Module] = []
    for before in (n_in, channels):
        layers += [
            nn.Conv2d(before, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            ACTIVATIONS[activation](),
        ]
    return nn.Sequential(*layers)


class _Net(nn.Module):
    """Stages of convolutions with a halving after each, mean over places, last layer."""

    def __init__(
        self, spec: Spec, n_outputs: int, channels: Sequence[int], activation: str, dropout: float
    ) -> None:
        super().__init__()
        before, side = spec.shape[0], min(spec.shape[1:])
        # The statistics of the first layer's inputs are learnt with those of all others.
        stages: list[nn.Module] = [nn.BatchNorm2d(before, affine=False)]
        for width in channels:
            stages.append(_convolutions(width, before, activation))
            if side >= 2 * LEAST_SIDE:
                stages.append(nn.MaxPool2d(2))
                side //= 2
            before = width
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(dropout)
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
        Filters of each stage; the picture is halved after each.
    activation : str, default="gelu"
        Of the convolutions: relu, gelu, silu, ...
    augmentation : {"shift", "mirror", "none"}, default="shift"
        What happens to pictures while training: shifted by up to an eighth of a side, besides that
        mirrored left to right at random, or neither. Mirrored digits and letters are other ones.
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

    def augment(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Return pictures (n, channels, height, width) shifted, and mirrored if asked for."""
        if self.augmentation == "none":
            return x
        if self.augmentation == "mirror":
            half = torch.rand(len(x), generator=generator, device=x.device) < 0.5
            x = torch.where(half[:, None, None, None], x.flip(3), x)
        return shifted(x, generator)


def shifted(x: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures, each moved by up to an eighth of its sides, its edges repeated.

    Parameters
    ----------
    x : Tensor of shape (n, channels, height, width)
        Pictures.
    generator : torch.Generator
        Of the shifts.

    Returns
    -------
    Tensor of shape (n, channels, height, width)
        Moved by whole pixels.
    """
    n, _, height, width = x.shape
    rows = _places(n, height, generator, x)
    columns = _places(n, width, generator, x)
    picture = torch.arange(n, device=x.device)[:, None, None]
    return x.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _places(n: int, side: int, generator: torch.Generator, like: Tensor) -> Tensor:
    """Return where the pixels (n, side) along one side come from."""
    most = int(side * SHIFT)
    by = torch.randint(-most, most + 1, (n, 1), generator=generator, device=like.device)
    return (torch.arange(side, device=like.device) + by).clamp(0, side - 1)
