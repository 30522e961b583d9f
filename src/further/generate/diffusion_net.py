"""The network of a diffusion model: noisy rows, noise level and class to a prediction.

Pictures take a U-Net that halves the sides until they are at most 4, where a perceptron joins all
positions; tables and vectors take a residual perceptron. That is the one rule, from 8x8 to 64x64:
on 8x8 digits, with the same operations, such a U-Net reached a lower loss than a perceptron on the
flattened pixels and than attention between 2x2 patches.

Larger pictures enter the U-Net in patches, whose channels are too few to carry their noise through
it. There the network adds to the best linear denoiser, in units of what that lacks: it starts from
a Gaussian of the training rows, not from noise.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from further.data.spec import Spec
from further.generate.diffusion_bound import BoundSettings, published_settings
from further.generate.diffusion_prediction import Prediction
from further.generate.noise_schedule import NoiseSchedule
from further.nn.coder import takes_convolutions
from further.nn.convolution import n_levels
from further.nn.embedding import ClassEmbedding, TimeEmbedding
from further.nn.linear_denoiser import LinearDenoiser
from further.nn.mlp import ResidualMLP
from further.nn.table_blocks import categorical_slices
from further.nn.unet import UNet

TIME_FEATURES = 64
CONDITION = 128
CHANNELS = 16
HIDDEN = 256
# Normal scores of any practical number of rows lie within; a bound keeps estimates from pure noise,
# which divide by a small number where the noise is predicted, from running away.
SCORE_LIMIT = 6.0


class DenoisingNet(nn.Module):
    """Noisy rows, level and class to the prediction; U-Net for pictures, else a perceptron.

    Parameters
    ----------
    spec : Spec
        Shape of the data.
    schedule : NoiseSchedule
        The noise at each level.
    prediction : Prediction
        What is predicted.
    width : int
        Channels of the U-Net or units of the perceptron.
    depth : int
        Residual blocks of the perceptron.

    Attributes
    ----------
    alpha_bar : Tensor of shape (T,)
        ᾱ of every level, float64.
    """

    alpha_bar: Tensor
    angle: Tensor
    shift: Tensor
    gain: Tensor
    limit: Tensor
    start: Tensor
    decoder_scale: Tensor
    proposal: Tensor

    def __init__(
        self, spec: Spec, schedule: NoiseSchedule, prediction: Prediction, width: int, depth: int
    ) -> None:
        super().__init__()
        self.n_classes, self.schedule, self.prediction = spec.n_classes, schedule, prediction
        self.time = nn.Sequential(
            TimeEmbedding(TIME_FEATURES),
            nn.Linear(TIME_FEATURES, CONDITION),
            nn.SiLU(),
            nn.Linear(CONDITION, CONDITION),
        )
        self.embed = ClassEmbedding(spec.n_classes, CONDITION)
        self.trunk: nn.Module
        self.patch = 1
        self.linear: LinearDenoiser | None = None
        if spec.is_image:
            channels, height, columns = spec.shape
            self.patch = patch_side(spec)
            channels *= self.patch**2
            if self.patch > 1:
                self.linear = LinearDenoiser(spec.shape)
            height, columns = -(-height // self.patch), -(-columns // self.patch)
            self.trunk = UNet(
                channels if self.linear is None else 2 * channels,
                channels,
                width=width,
                levels=n_levels(height, columns, 4 if self.patch == 1 else 8),
                condition=CONDITION,
                size=(height, columns),
                bottleneck_width=HIDDEN,
            )
        else:
            self.trunk = ResidualMLP(
                spec.size, spec.size, width=width, depth=depth, condition=CONDITION
            )
        alpha_bar = torch.from_numpy(schedule.alpha_bar())
        # The angle between signal and noise, 0 to 1: the same for every schedule.
        angle = torch.acos(alpha_bar.sqrt()) / (math.pi / 2)
        shift, gain, limit = scaling(spec)
        fixed = {"alpha_bar": alpha_bar, "angle": angle.float()}
        for name, value in {**fixed, "shift": shift, "gain": gain, "limit": limit}.items():
            self.register_buffer(name, value, persistent=False)
        # What is free in the bound, chosen after the training.
        settings = published_settings(alpha_bar)
        self.register_buffer("start", torch.tensor(settings.start))
        self.register_buffer("decoder_scale", torch.tensor(settings.scale))
        self.register_buffer("proposal", settings.proposal)

    def forward(self, x_t: Tensor, level: Tensor, y: Tensor | None) -> Tensor:
        """Map ``x_t`` (n, *shape) at the levels ``level`` (n,) int64 to the prediction."""
        c = self.time(self.angle[level])
        if self.n_classes:
            c = c + self.embed(y, len(x_t))
        c = F.silu(c)
        out: Tensor
        if self.linear is None:
            out = self.trunk(x_t, c).float()
            return out
        alpha, sigma = self.coefficients(level, x_t.ndim)
        expected, lack = self.linear(x_t, alpha, sigma)
        height, width = x_t.shape[2:]
        both = torch.cat([x_t, expected], dim=1)
        padded = F.pad(both, (0, -width % self.patch, 0, -height % self.patch))
        h = F.pixel_unshuffle(padded, self.patch).contiguous(memory_format=torch.channels_last)
        out = F.pixel_shuffle(self.trunk(h, c).float(), self.patch)[..., :height, :width]
        x = expected + lack * out
        return self.prediction.target(x, (x_t - alpha * x) / sigma, alpha, sigma)

    def coefficients(self, level: Tensor, n_dims: int) -> tuple[Tensor, Tensor]:
        """Return α and σ of levels, shaped to multiply rows.

        Parameters
        ----------
        level : Tensor of shape (n,), int64
            Levels.
        n_dims : int
            Number of dimensions of the rows, the first counted.

        Returns
        -------
        alpha, sigma : Tensor of shape (n, 1, ...)
            Shares of signal and noise.
        """
        alpha_bar = self.alpha_bar[level].view(-1, *[1] * (n_dims - 1))
        return alpha_bar.sqrt().float(), (1 - alpha_bar).sqrt().float()

    def to_diffused(self, x: Tensor) -> Tensor:
        """Scale encoded rows: [0, 1] to [-1, 1], standard scores as they are."""
        return (x - self.shift) * self.gain

    def to_encoded(self, x: Tensor) -> Tensor:
        """Undo :meth:`to_diffused`."""
        return x / self.gain + self.shift

    @property
    def bound_settings(self) -> BoundSettings:
        """What is free in the bound."""
        return BoundSettings(int(self.start), float(self.decoder_scale), self.proposal)

    @bound_settings.setter
    def bound_settings(self, settings: BoundSettings) -> None:
        self.start.fill_(settings.start)
        self.decoder_scale.fill_(settings.scale)
        self.proposal.copy_(settings.proposal)


def patch_side(spec: Spec) -> int:
    """Return the side of the square patches that the U-Net takes as one pixel.

    1 for pictures of at most 256 values; otherwise the longer side is brought to at most 16.
    """
    side = 1
    if takes_convolutions(spec):
        while max(spec.shape[1:]) > 16 * side:
            side *= 2
    return side


def scaling(spec: Spec) -> tuple[Tensor, Tensor, Tensor]:
    """Return shift, gain and the limit of what is diffused, each of the shape of a row.

    Pictures and one-hots in [0, 1] go to [-1, 1]; standard scores stay, within ``SCORE_LIMIT``.
    """
    shift, gain = torch.zeros(spec.shape), torch.ones(spec.shape)
    limit = torch.full(spec.shape, SCORE_LIMIT)
    parts = [slice(None)] if spec.is_image else categorical_slices(spec.blocks)
    for part in parts:
        shift[part], gain[part], limit[part] = 0.5, 2.0, 1.0
    return shift, gain, limit
