"""Encoders and decoders by one rule of the data's shape.

Tables, vectors and pictures of at most 256 values (up to 16x16 grey) take residual perceptrons,
which at that size reach more for each operation than convolutions do; larger pictures take
convolutions.

Pictures are measured from the mean of the training rows, and written as differences from it: most
of what pictures of one kind share is their mean, and pixels that never vary, as at the margin,
would otherwise drive an output to its end, where it learns no more. What convolutions work on
starts from the principal components of the training rows (:mod:`further.nn.principal_components`):
the network adds to the codes and to the pictures that these give.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from further.data.spec import Spec
from further.nn.convolution import ConvolutionDecoder, ConvolutionEncoder
from further.nn.mlp import ResidualMLP
from further.nn.principal_components import PrincipalComponents, principal_components

LARGEST_FOR_PERCEPTRON = 256


#: Pictures of more values are large: they take longer codes, and steps of fewer rows.
LARGE = 1024
CODE_OF_LARGE = 128


def is_large(spec: Spec) -> bool:
    """Whether pictures of that shape are large."""
    return spec.is_image and spec.size > LARGE


def code_size(spec: Spec, usual: int) -> int:
    """Return the size of codes: the usual one, or that for large pictures.

    Parameters
    ----------
    spec : Spec
        Shape of the rows.
    usual : int
        Of the model, for other rows.

    Returns
    -------
    int
        Numbers.
    """
    return CODE_OF_LARGE if is_large(spec) else usual


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
    log_scales : bool, default=False
        Whether the second half of a vector holds the logarithms of the first half's scales.
    """

    mean: Tensor
    scoring: Tensor
    log_scales: Tensor

    def __init__(
        self,
        spec: Spec,
        n_out: int,
        *,
        width: int,
        depth: int,
        convolutions: bool = True,
        log_scales: bool = False,
    ) -> None:
        super().__init__()
        self.n_components = 0
        self.is_image = spec.is_image
        if spec.is_image:
            self.register_buffer("mean", torch.full(spec.shape, 0.5))
        self.net: nn.Module
        if convolutions and takes_convolutions(spec):
            self.net = ConvolutionEncoder(spec.shape, n_out, width=width, depth=depth)
            self.n_components = n_out // 2 if log_scales else n_out
            self.register_buffer("scoring", torch.zeros(self.n_components, spec.size))
            self.register_buffer("log_scales", torch.zeros(n_out - self.n_components))
        else:
            mlp = ResidualMLP(spec.size, n_out, width=width, depth=depth)
            self.net = nn.Sequential(nn.Flatten(), mlp)

    @torch.no_grad()
    def fit(self, x: Tensor, components: PrincipalComponents) -> None:
        """Take the mean and the components of the training rows.

        Parameters
        ----------
        x : Tensor of shape (n, *shape)
            Encoded rows.
        components : PrincipalComponents
            Theirs.
        """
        if self.is_image:
            self.mean.copy_(x.mean(0))
        if self.n_components:
            k = len(components.variances)
            self.scoring[:k] = components.scoring[: self.n_components]
            self.log_scales[:k] = components.log_scales[: len(self.log_scales)]

    def forward(self, x: Tensor) -> Tensor:
        """Encode."""
        # The range of a picture is two units; standard scores are centred already.
        if not self.is_image:
            out: Tensor = self.net(x)
            return out
        centred = x - self.mean
        out = self.net(2 * centred)
        if self.n_components:
            scores = centred.flatten(1) @ self.scoring.T
            out = out + torch.cat([scores, self.log_scales.expand(len(x), -1)], dim=1)
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

    loadings: Tensor

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
        self.n_components = 0
        sizes = {"width": width, "depth": depth, "condition": condition}
        self.net: nn.Module
        if convolutions and takes_convolutions(spec):
            channels, *sides = spec.shape
            self.net = ConvolutionDecoder(n_in, (channels * outputs, *sides), **sizes)
            if self.link is not None and outputs == 1:
                self.n_components = n_in
                self.register_buffer("loadings", torch.zeros(n_in, spec.size))
        else:
            self.net = ResidualMLP(n_in, outputs * spec.size, **sizes)

    @torch.no_grad()
    def fit(self, x: Tensor, components: PrincipalComponents) -> None:
        """Start from the mean and the components of the training rows.

        Parameters
        ----------
        x : Tensor of shape (n, *shape)
            Encoded rows.
        components : PrincipalComponents
            Theirs.
        """
        if self.start is None or self.link is None:
            return
        mean = x.mean(0).flatten()
        self.start.copy_(self.link(mean))
        if self.n_components:
            with torch.enable_grad():
                mean.requires_grad_()
                (slope,) = torch.autograd.grad(self.link(mean).sum(), mean)
            k = len(components.variances)
            self.loadings[:k] = (components.loadings * slope)[: self.n_components]

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Decode."""
        out: Tensor = self.net(z, c).flatten(1)
        if self.n_components:
            out = out + z @ self.loadings
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
    coders = [module for module in net.modules() if isinstance(module, Encoder | Decoder)]
    # Of fewer rows than that, components say more of the rows than of what they come from.
    most = min(max((coder.n_components for coder in coders), default=0), len(x) // 2)
    components = principal_components(x, most)
    for coder in coders:
        coder.fit(x, components)


def logit(x: Tensor) -> Tensor:
    """Return the logits of values in [0, 1], kept from the ends, where a sigmoid learns nothing."""
    return x.clamp(0.05, 0.95).logit()
