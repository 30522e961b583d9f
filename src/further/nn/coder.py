"""Encoders and decoders by one rule of the data's shape.

Tables, vectors and pictures of at most 256 values (up to 16x16 grey) take residual perceptrons,
which at that size reach more for each operation than convolutions do; larger pictures take
convolutions.

Pictures are measured from the mean of the training rows, and written as differences from it: most
of what pictures of one kind share is their mean, and pixels that never vary, as at the margin,
would otherwise drive an output to its end, where it learns no more.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from further.data.spec import Spec
from further.nn.convolution import ConvolutionDecoder, ConvolutionEncoder
from further.nn.mlp import ResidualMLP

LARGEST_FOR_PERCEPTRON = 256


def takes_convolutions(spec: Spec) -> bool:
    """Whether pictures of that shape take convolutions."""
    return spec.is_image and spec.size > LARGEST_FOR_PERCEPTRON


class Encoder(nn.Module):
    """Rows ``(n, *shape)`` to vectors ``(n, n_out)``.

    Parameters
    ----------
    spec : Spec
        Shape of the rows.
    n_out : int
        Size of the vectors.
    width : int
        Hidden units of a layer of the perceptron, which convolutions grow with.
    depth : int
        Its residual blocks.
    convolutions : bool, default=True
        Whether larger pictures take them.
    """

    mean: Tensor

    def __init__(
        self, spec: Spec, n_out: int, *, width: int, depth: int, convolutions: bool = True
    ) -> None:
        super().__init__()
        self.is_image = spec.is_image
        if spec.is_image:
            self.register_buffer("mean", torch.full(spec.shape, 0.5))
        self.net: nn.Module
        if convolutions and takes_convolutions(spec):
            self.net = ConvolutionEncoder(spec.shape, n_out, width=width, depth=depth)
        else:
            mlp = ResidualMLP(spec.size, n_out, width=width, depth=depth)
            self.net = nn.Sequential(nn.Flatten(), mlp)

    def fit(self, x: Tensor) -> None:
        """Take the mean of the training rows ``x`` (n, *shape)."""
        if self.is_image:
            self.mean.copy_(x.mean(0))

    def forward(self, x: Tensor) -> Tensor:
        """Encode."""
        # The range of a picture is two units; standard scores are centred already.
        out: Tensor = self.net(2 * (x - self.mean) if self.is_image else x)
        return out


class Decoder(nn.Module):
    """Vectors ``(n, n_in)``, given a condition, to ``(n, outputs * size)`` numbers.

    Parameters
    ----------
    spec : Spec
        Shape of the rows.
    n_in : int
        Size of the vectors.
    outputs : int
        Numbers for each value of a row, such as 2 for a mean and a variance.
    width : int
        Hidden units of a layer of the perceptron, which convolutions grow with.
    depth : int
        Its residual blocks.
    condition : int, default=0
        Size of the condition vector; 0 for none.
    convolutions : bool, default=True
        Whether larger pictures take them.
    link : callable, optional
        The outputs ``(outputs * size,)`` that mean a picture ``(size,)``; those of the mean picture
        are what the outputs start from.
    """

    def __init__(
        self,
        spec: Spec,
        n_in: int,
        *,
        outputs: int,
        width: int,
        depth: int,
        condition: int = 0,
        convolutions: bool = True,
        link: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.link = link if spec.is_image else None
        self.start = nn.Parameter(torch.zeros(outputs * spec.size)) if self.link else None
        sizes = {"width": width, "depth": depth, "condition": condition}
        self.net: nn.Module
        if convolutions and takes_convolutions(spec):
            channels, *sides = spec.shape
            self.net = ConvolutionDecoder(n_in, (channels * outputs, *sides), **sizes)
        else:
            self.net = ResidualMLP(n_in, outputs * spec.size, **sizes)

    @torch.no_grad()
    def fit(self, x: Tensor) -> None:
        """Start from the mean of the training rows ``x`` (n, *shape)."""
        if self.start is not None and self.link is not None:
            self.start.copy_(self.link(x.mean(0).flatten()))

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Decode."""
        out: Tensor = self.net(z, c).flatten(1)
        return out if self.start is None else out + self.start


def fit_coders(net: nn.Module, x: Tensor) -> None:
    """Fit what the encoders and decoders in a network know of the training rows.

    Parameters
    ----------
    net : nn.Module
        The network.
    x : Tensor of shape (n, *shape)
        Encoded rows.
    """
    for module in net.modules():
        if isinstance(module, Encoder | Decoder):
            module.fit(x)


def logit(x: Tensor) -> Tensor:
    """Return the logits of values in [0, 1], kept from the ends, where a sigmoid learns nothing."""
    return x.clamp(0.05, 0.95).logit()
