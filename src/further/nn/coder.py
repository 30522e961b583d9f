"""Encoders and decoders by one rule of the data's shape, shared by the autoencoders and the VAE.

Tables, vectors and pictures of at most 256 values (up to 16x16 grey) take residual perceptrons,
which at that size reach more for each operation than convolutions do; larger pictures take
convolutions.
"""

from __future__ import annotations

from torch import Tensor, nn

from further.data.spec import Spec
from further.nn.convolution import ConvolutionDecoder, ConvolutionEncoder
from further.nn.mlp import ResidualMLP

LARGEST_FOR_PERCEPTRON = 256
CONVOLUTION_WIDTH = 32


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
        Hidden units of a layer of the perceptron.
    depth : int
        Its residual blocks.
    """

    def __init__(self, spec: Spec, n_out: int, *, width: int, depth: int) -> None:
        super().__init__()
        self.is_image = spec.is_image
        self.net: nn.Module
        if takes_convolutions(spec):
            self.net = ConvolutionEncoder(spec.shape, n_out, width=CONVOLUTION_WIDTH)
        else:
            mlp = ResidualMLP(spec.size, n_out, width=width, depth=depth)
            self.net = nn.Sequential(nn.Flatten(), mlp)

    def forward(self, x: Tensor) -> Tensor:
        """Encode."""
        # Pictures in [0, 1] are centred; standard scores are already.
        out: Tensor = self.net(x * 2 - 1 if self.is_image else x)
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
        Hidden units of a layer of the perceptron.
    depth : int
        Its residual blocks.
    condition : int, default=0
        Size of the condition vector; 0 for none.
    """

    def __init__(
        self, spec: Spec, n_in: int, *, outputs: int, width: int, depth: int, condition: int = 0
    ) -> None:
        super().__init__()
        self.net: nn.Module
        if takes_convolutions(spec):
            channels, *sides = spec.shape
            shape = (channels * outputs, *sides)
            self.net = ConvolutionDecoder(n_in, shape, width=CONVOLUTION_WIDTH, condition=condition)
        else:
            self.net = ResidualMLP(
                n_in, outputs * spec.size, width=width, depth=depth, condition=condition
            )

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Decode."""
        out: Tensor = self.net(z, c).flatten(1)
        return out
