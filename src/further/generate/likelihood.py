r"""Likelihoods p(x | η) of encoded rows given the outputs of a decoder.

========================  ============================  ========================================
name                      of                            log p(x | η)
========================  ============================  ========================================
``bernoulli``             values in [0, 1]              x log σ(η) + (1 - x) log σ(-η)
``gaussian``              continuous values             log N(x; η, s²), s learned a value
``discretized_logistic``  grey levels 0 .. K - 1        log(F(x + δ/2) - F(x - δ/2)), F logistic
``categorical``           grey levels 0 .. K - 1        log softmax(η)_x, K outputs a value
``table``                 standard scores and one-hots  Gaussian and categorical columns
========================  ============================  ========================================

Noise that is drawn for each pixel alone is grain on a photograph, whose errors are smooth. Where
the training rows are more probable so, the discretized logistic is one of the coefficients of a
reversible wavelet transform (:mod:`further.nn.wavelet`) instead: a probability of the same pictures
whose noise is coarse and fine.

Only those of grey levels (and Bernoulli for two levels) are likelihoods of discrete pictures; a
Bernoulli on grey values is a loss that looks like one (Loaiza-Ganem and Cunningham 2019).

References
----------
Salimans et al. 2017, "PixelCNN++: improving the PixelCNN with discretized logistic mixture
likelihood".
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from further.data.spec import Spec
from further.errors import InputError
from further.nn.coder import logit
from further.nn.device import exponential_like
from further.nn.table_blocks import (
    categorical_log_prob,
    numeric_columns,
    sample_categories,
)
from further.nn.wavelet import inverse_wavelet_transform, wavelet_transform

MIN_LOG_SCALE = -7.0
# Scale of a logistic distribution of unit variance.
LOGISTIC_SCALE = math.sqrt(3) / math.pi


class Likelihood(nn.Module):
    """A distribution of rows; parameters that do not depend on the row are learned here.

    Parameters
    ----------
    spec : Spec
        Shape of the data.

    Attributes
    ----------
    outputs : int
        How many outputs a decoder has for each value.
    discrete : bool
        Whether it is a probability of the discrete data, not a density or a loss.
    """

    outputs = 1
    discrete = False
    #: Where the logarithms of the scales start that are learned for the values of a row.
    first_log_scale: ClassVar[float | None] = None

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        if self.first_log_scale is not None:
            self.log_scale = nn.Parameter(torch.full((spec.size,), self.first_log_scale))

    @property
    def told(self) -> str | None:
        """What it is of, in words, where the training rows chose it."""
        return None

    def log_prob(self, eta: Tensor, x: Tensor) -> Tensor:
        """Return log p(x | η).

        Parameters
        ----------
        eta : Tensor of shape (n, outputs * size)
            Outputs of the decoder.
        x : Tensor of shape (n, *shape)
            Encoded rows.

        Returns
        -------
        Tensor of shape (n,)
            Nats.
        """
        raise TypeError(f"{type(self).__name__} does not say what it is.")

    def fit(self, eta: Tensor, x: Tensor) -> None:
        """Start from the scales that fit training rows and the outputs for them.

        Parameters
        ----------
        eta, x
            See :meth:`log_prob`.
        """

    def link(self, mean: Tensor) -> Tensor:
        """Return outputs ``(outputs * size,)`` whose mean is near ``mean`` (size,), of pictures."""
        return torch.zeros(self.outputs * len(mean))

    def mean(self, eta: Tensor) -> Tensor:
        """Return the expected rows ``(n, *shape)``."""
        raise TypeError(f"{type(self).__name__} does not say what it is.")

    def sample(self, eta: Tensor, generator: torch.Generator) -> Tensor:
        """Return drawn rows.

        Parameters
        ----------
        eta : Tensor of shape (n, outputs * size)
            Outputs of the decoder.
        generator : torch.Generator
            Source of the draws.

        Returns
        -------
        Tensor of shape (n, *shape)
            Encoded rows.
        """
        raise TypeError(f"{type(self).__name__} does not say what it is.")


class Bernoulli(Likelihood):
    """Values in [0, 1] as probabilities of one; for binary pictures a true likelihood.

    Parameters
    ----------
    spec : Spec
        Shape of the data.
    """

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.discrete = spec.levels == 2

    def log_prob(self, eta: Tensor, x: Tensor) -> Tensor:
        """Return the negative binary cross-entropy."""
        return -F.binary_cross_entropy_with_logits(eta, x.flatten(1), reduction="none").sum(1)

    def link(self, mean: Tensor) -> Tensor:
        """Return the logits of the mean."""
        return logit(mean)

    def mean(self, eta: Tensor) -> Tensor:
        """Return σ(η)."""
        return eta.sigmoid().unflatten(1, self.spec.shape)

    def sample(self, eta: Tensor, generator: torch.Generator) -> Tensor:
        """Draw binary values where the data are binary; otherwise return the mean."""
        mean = self.mean(eta)
        return torch.bernoulli(mean, generator=generator) if self.discrete else mean


class Gaussian(Likelihood):
    """Independent Gaussians with a scale learned for each value."""

    first_log_scale = -1.0

    @torch.no_grad()
    def fit(self, eta: Tensor, x: Tensor) -> None:
        """Start from the standard deviations of the rows around η."""
        self.log_scale.copy_(_deviations(x.flatten(1) - eta).log().clamp_min(MIN_LOG_SCALE))

    def log_prob(self, eta: Tensor, x: Tensor) -> Tensor:
        """Return log N(x; η, s²)."""
        return _gaussian_log_prob(x.flatten(1), eta, self.log_scale.clamp_min(MIN_LOG_SCALE)).sum(1)

    def link(self, mean: Tensor) -> Tensor:
        """Return the mean."""
        return mean

    def mean(self, eta: Tensor) -> Tensor:
        """Return η."""
        return eta.unflatten(1, self.spec.shape)

    def sample(self, eta: Tensor, generator: torch.Generator) -> Tensor:
        """Return η plus noise."""
        noise = torch.randn(eta.shape, generator=generator, device=eta.device)
        scale = self.log_scale.clamp_min(MIN_LOG_SCALE).exp()
        return (eta + noise * scale).unflatten(1, self.spec.shape)


class DiscretizedLogistic(Likelihood):
    """A logistic distribution integrated over each grey level; the ends take the tails.

    The scale is learned for each value of a row, not an output of the decoder (Kingma et al. 2016):
    on few rows a decoder that sets its own scales becomes sure of itself and is wrong on new rows.

    Parameters
    ----------
    spec : Spec
        Shape of the data, with its grey levels.

    Attributes
    ----------
    by_wavelets : Tensor, bool
        Whether the values are wavelet coefficients, which have no ends, and not pixels.
    """

    discrete = True
    first_log_scale = -2.0
    by_wavelets: Tensor

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.register_buffer("by_wavelets", torch.tensor(False))

    @torch.no_grad()
    def fit(self, eta: Tensor, x: Tensor) -> None:
        """Take pixels or wavelet coefficients, and the scales, that make the rows more probable."""
        found = []
        for choice in (False, True):
            self.by_wavelets.fill_(choice)
            values, centre = self._values(eta, x)
            scale = LOGISTIC_SCALE * _deviations(values - centre)
            self.log_scale.copy_(scale.log().clamp(MIN_LOG_SCALE, 0.0))
            found.append((float(self.log_prob(eta, x).mean()), choice, self.log_scale.clone()))
        _, choice, log_scale = max(found, key=lambda option: option[0])
        self.by_wavelets.fill_(choice)
        self.log_scale.copy_(log_scale)

    def log_prob(self, eta: Tensor, x: Tensor) -> Tensor:
        """Return the log-probability of the grey levels."""
        values, centre = self._values(eta, x)
        inverse = torch.exp(-self.log_scale.clamp(MIN_LOG_SCALE, 0.0))
        half = 0.5 / (_levels(self.spec) - 1)
        upper = (values + half - centre) * inverse
        lower = (values - half - centre) * inverse
        # log(σ(b) - σ(a)) = log σ(b) + log σ(-a) + log(1 - exp(a - b)), stable in the tails.
        inside = F.logsigmoid(upper) + F.logsigmoid(-lower)
        inside = inside + torch.log1p(-torch.exp((lower - upper).clamp_max(-1e-6)))
        if not self._takes_wavelets:
            inside = torch.where(values < half, F.logsigmoid(upper), inside)
            inside = torch.where(values > 1 - half, F.logsigmoid(-lower), inside)
        return inside.sum(1)

    def link(self, mean: Tensor) -> Tensor:
        """Return the distances from mid-grey."""
        return mean - 0.5

    def mean(self, eta: Tensor) -> Tensor:
        """Return the centres."""
        return (eta + 0.5).clamp(0, 1).unflatten(1, self.spec.shape)

    def sample(self, eta: Tensor, generator: torch.Generator) -> Tensor:
        """Draw, and round to the grey levels."""
        u = torch.rand(eta.shape, generator=generator, device=eta.device)
        noise = torch.logit(u.clamp(1e-5, 1 - 1e-5))
        drawn = self._centre(eta) + noise * self.log_scale.clamp(MIN_LOG_SCALE, 0.0).exp()
        steps = _levels(self.spec) - 1
        levels = (drawn * steps).round()
        if self._takes_wavelets:
            levels = inverse_wavelet_transform(levels, self.spec.shape)
        return (levels.clamp(0, steps) / steps).view(-1, *self.spec.shape)

    @property
    def told(self) -> str:
        """What it is of, in words."""
        values = "of wavelet coefficients" if self._takes_wavelets else "of single pixels"
        return f"discretized logistic distributions {values}"

    @property
    def _takes_wavelets(self) -> bool:
        return not self.by_wavelets.is_meta and bool(self.by_wavelets)

    def _values(self, eta: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is distributed and its centres, each (n, size), in units of the range."""
        if not self._takes_wavelets:
            return x.flatten(1), self._centre(eta)
        steps = _levels(self.spec) - 1
        return wavelet_transform((x * steps).round()) / steps, self._centre(eta)

    def _centre(self, eta: Tensor) -> Tensor:
        centre = eta + 0.5
        if not self._takes_wavelets:
            return centre
        steps = _levels(self.spec) - 1
        pixels = steps * centre.unflatten(1, self.spec.shape)
        return wavelet_transform(pixels, whole=False) / steps


class Categorical(Likelihood):
    """A probability for each grey level, with no notion of their order.

    Parameters
    ----------
    spec : Spec
        Shape of the data, with its grey levels.
    """

    discrete = True

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        self.outputs = _levels(spec)

    def log_prob(self, eta: Tensor, x: Tensor) -> Tensor:
        """Return the log-probability of the grey levels."""
        logits = eta.unflatten(1, (self.outputs, -1))  # (n, levels, size)
        target = (x.flatten(1) * (self.outputs - 1)).round().long()
        return -F.cross_entropy(logits, target, reduction="none").sum(1)

    def mean(self, eta: Tensor) -> Tensor:
        """Return the expected grey level."""
        values = torch.linspace(0, 1, self.outputs, device=eta.device)
        probabilities = eta.unflatten(1, (self.outputs, -1)).softmax(1)
        return torch.einsum("nks,k->ns", probabilities, values).unflatten(1, self.spec.shape)

    def sample(self, eta: Tensor, generator: torch.Generator) -> Tensor:
        """Draw a grey level for each value by Gumbel's trick."""
        logits = eta.unflatten(1, (self.outputs, -1))
        gumbel = -exponential_like(logits, generator).log()
        drawn = (logits + gumbel).argmax(1).float() / (self.outputs - 1)
        return drawn.unflatten(1, self.spec.shape)


class Table(Likelihood):
    """Gaussian standard scores with a learned scale, categorical one-hots.

    Parameters
    ----------
    spec : Spec
        Shape of the data, with its columns.
    """

    numeric: Tensor

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        columns = numeric_columns(spec.blocks) if spec.blocks else list(range(spec.size))
        self.register_buffer("numeric", torch.tensor(columns, dtype=torch.int64), persistent=False)
        self.log_scale = nn.Parameter(torch.full((len(columns),), -0.5))

    def log_prob(self, eta: Tensor, x: Tensor) -> Tensor:
        """Return the density of the scores times the probability of the categories, logged."""
        log_scale = self.log_scale.clamp_min(MIN_LOG_SCALE)
        numeric = _gaussian_log_prob(x[:, self.numeric], eta[:, self.numeric], log_scale).sum(1)
        return numeric + categorical_log_prob(eta, x, self.spec.blocks)

    def mean(self, eta: Tensor) -> Tensor:
        """Return the mean scores and the likeliest categories."""
        return sample_categories(eta, self.spec.blocks, None)

    def sample(self, eta: Tensor, generator: torch.Generator) -> Tensor:
        """Draw scores and categories."""
        shape = len(eta), len(self.numeric)
        noise = torch.randn(shape, generator=generator, device=eta.device)
        rows = sample_categories(eta, self.spec.blocks, generator)
        scale = self.log_scale.clamp_min(MIN_LOG_SCALE).exp()
        rows[:, self.numeric] = eta[:, self.numeric] + noise * scale
        return rows


LIKELIHOODS: dict[str, type[Likelihood]] = {
    "bernoulli": Bernoulli,
    "gaussian": Gaussian,
    "discretized_logistic": DiscretizedLogistic,
    "categorical": Categorical,
    "table": Table,
}


def make_likelihood(name: str, spec: Spec) -> Likelihood:
    """Return the likelihood of that name for such data.

    "auto" takes ``table`` for tables; for pictures ``bernoulli`` with two levels,
    ``discretized_logistic`` with more, since it knows their order, ``gaussian`` without levels.

    Parameters
    ----------
    name : str
        A key of ``LIKELIHOODS``, or "auto".
    spec : Spec
        Shape of the data.

    Returns
    -------
    Likelihood
        With initial parameters.

    Raises
    ------
    InputError
        If the likelihood does not fit the data.
    """
    if name == "auto":
        if not spec.is_image:
            name = "table"
        elif spec.levels is None:
            name = "gaussian"
        else:
            name = "bernoulli" if spec.levels == 2 else "discretized_logistic"
    if name in ("categorical", "discretized_logistic") and spec.levels is None:
        raise InputError(f'likelihood="{name}" needs pictures with grey levels; take "gaussian".')
    if spec.blocks and name != "table":
        raise InputError(f'likelihood="{name}" does not fit a table; take "auto".')
    return LIKELIHOODS[name](spec)


def _gaussian_log_prob(x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """Return log N(x; mean, exp(log_scale)²) for each value."""
    z = (x - mean) * torch.exp(-log_scale)
    return -0.5 * z.square() - log_scale - 0.5 * math.log(2 * math.pi)


def _deviations(errors: Tensor) -> Tensor:
    """Return the root mean squares (size,) of errors (n, size).

    With one row more, of the mean square: a value that did not vary here may do so elsewhere.
    """
    squares = errors.square()
    return ((squares.sum(0) + squares.mean()) / (len(errors) + 1)).sqrt()


def _levels(spec: Spec) -> int:
    if spec.levels is None:
        raise InputError("These pictures have no grey levels.")
    return spec.levels
