r"""The diffusion model: learn to remove noise, then start from noise alone.

Rows are noised to a random level t of a schedule,
:math:`x_t = \alpha_t x_0 + \sigma_t \epsilon`, and a network f is trained to predict a target u of
which the data follow,

.. math:: \min_f E_{t, x_0, \epsilon} \lVert u(x_0, \epsilon, t) - f(x_t, t, y) \rVert^2, \quad
          u = \epsilon \text{ (Ho et al. 2020) or } u = \alpha_t \epsilon - \sigma_t x_0.

A sampler goes from noise to data by the estimates :math:`\hat x_0(x_t, t, y)`. The class is left
out of a tenth of the training rows, so that guidance with strength w can move away from what is
likely without it (Ho and Salimans 2022),

.. math:: f_w(x_t, t, y) = f(x_t, t, \varnothing) + w\,(f(x_t, t, y) - f(x_t, t, \varnothing)).
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from further._sklearn import Interval, StrOptions
from further.data.spec import Spec
from further.generate.diffusion_bound import choose_settings, negative_bound
from further.generate.diffusion_net import CHANNELS, HIDDEN, DenoisingNet
from further.generate.diffusion_prediction import PREDICTIONS, Prediction
from further.generate.diffusion_samplers import SAMPLERS, Ancestral, Sampler
from further.generate.generative import Basis, GenerativeModel
from further.generate.imputation import Gaps
from further.generate.noise_schedule import SCHEDULES, NoiseSchedule
from further.train.batch import Batch, BatchSource, some_rows
from further.train.objective import Objective
from further.train.parameters import hyperparameters
from further.train.training import Training

# Share of rows that are trained without their class.
LABEL_DROPOUT = 0.1
# Rows on which the free settings of the bound are chosen.
BOUND_ROWS = 256
# Angles between signal and noise, of the right angle, at which training rows are told from others
# by how well the noise is removed, and draws of noise at each.
MEMBERSHIP_LEVELS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
MEMBERSHIP_DRAWS = 2
# Levels of noise at which missing values are drawn, and turns back and forth at each.
INPAINTING_LEVELS = 20
INPAINTING_TURNS = 3


@hyperparameters
class Diffusion(GenerativeModel):
    """Diffusion model: noise is removed in small steps by a network that has learnt how.

    Use it for realism and variety, and where the class should steer what is drawn. It fails where
    sampling must be fast: every sample takes as many passes through the network as the sampler has
    steps; and trained long on few rows it learns them by heart.

    ``Diffusion(schedule="linear", prediction="noise", sampler="ancestral")`` is the model of
    Ho et al. (2020) as published; the defaults sample with 20 evaluations instead of 1,000.

    Parameters
    ----------
    schedule : {"cosine", "linear"} or NoiseSchedule, default="cosine"
        How fast data turn into noise; an object such as ``Cosine(offset=0.008)`` sets it in detail.
    prediction : {"velocity", "noise"} or Prediction, default="velocity"
        What the network predicts.
    sampler : {"dpm_solver", "ddim", "ancestral"} or Sampler, default="dpm_solver"
        The way from noise to data; an object such as ``DPMSolver(steps=20)`` sets the number of
        evaluations.
    guidance : float, default=1.0
        Weight w of the class: 1 samples the class as learnt, above 1 exaggerates what is typical of
        it at the cost of variety, 0 ignores it.
    width : int, default=None
        Hidden units of the perceptron for tables, 256 if None; channels of the U-Net at its highest
        resolution for pictures, 16 if None; more with a larger budget.
    depth : int, default=2
        Residual blocks of the perceptron for tables; the U-Net has as many levels as halve the
        picture's sides to 4.
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    Attributes
    ----------
    net_ : DenoisingNet
        The trained network.
    history_ : DataFrame
        Mean squared error of the prediction on training and validation rows.

    References
    ----------
    Ho, Jain and Abbeel 2020, "Denoising diffusion probabilistic models".
    Nichol and Dhariwal 2021, "Improved denoising diffusion probabilistic models".
    Salimans and Ho 2022, "Progressive distillation for fast sampling of diffusion models".
    Lu et al. 2022, "DPM-Solver++: fast solver for guided sampling of diffusion models".

    Examples
    --------
    >>> import numpy as np
    >>> from further import Diffusion
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = Diffusion(budget="20 steps", precision="float32", random_state=0).fit(X)
    >>> model.sample(5).shape
    (5, 3)
    """

    schedule: str | NoiseSchedule = "cosine"
    prediction: str | Prediction = "velocity"
    sampler: str | Sampler = "dpm_solver"
    guidance: float = 1.0
    width: int | None = None
    depth: int = 2

    training_defaults: ClassVar[Training] = Training(
        learning_rate=3e-3, betas=(0.9, 0.99), batch_size=128, averaging=0.999
    )
    likelihood_basis: ClassVar[Basis | None] = "bound"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GenerativeModel._parameter_constraints,
        "schedule": [StrOptions(set(SCHEDULES)), NoiseSchedule],
        "prediction": [StrOptions(set(PREDICTIONS)), Prediction],
        "sampler": [StrOptions(set(SAMPLERS)), Sampler],
        "guidance": [Interval(Real, 0, None, closed="left")],
        "width": [None, Interval(Integral, 1, None, closed="left")],
        "depth": [Interval(Integral, 1, None, closed="left")],
    }

    def build(self, spec: Spec) -> DenoisingNet:
        """Return the denoising network."""
        schedule = _named(self.schedule, SCHEDULES)
        # A sampler with more evaluations than the schedule has levels is refused before training.
        _named(self.sampler, SAMPLERS).levels(schedule.steps)
        width = self.width or self.grown(CHANNELS if spec.is_image else HIDDEN, spec)
        return DenoisingNet(spec, schedule, _named(self.prediction, PREDICTIONS), width, self.depth)

    def begin(self, net: Any, rows: BatchSource, generator: torch.Generator) -> None:
        """Fit the linear denoiser, where there is one."""
        if net.linear is not None:
            net.linear.fit(net.to_diffused(some_rows(rows, generator).x), generator)

    def objectives(self, net: Any) -> list[Objective]:
        """Return the mean squared error of the prediction."""
        prediction = _named(self.prediction, PREDICTIONS)

        def squared_error(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            x, y = net.to_diffused(batch.x), batch.y
            level = _stratified_levels(len(x), len(net.alpha_bar), generator, x.device)
            alpha, sigma = net.coefficients(level, x.ndim)
            noise = torch.randn(x.shape, generator=generator, device=x.device)
            if y is not None and net.n_classes:
                drawn = torch.rand(len(x), generator=generator, device=x.device)
                y = torch.where(drawn < LABEL_DROPOUT, net.n_classes, y)
            output = net(alpha * x + sigma * noise, level, y)
            return {"loss": F.mse_loss(output, prediction.target(x, noise, alpha, sigma))}

        return [Objective(squared_error, list(net.parameters()))]

    def estimate(
        self, net: Any, x_t: Tensor, level: Tensor, y: Tensor | None, guidance: float = 1.0
    ) -> Tensor:
        """Return the estimate of x_0, scaled as the network sees it, within the data's range.

        Parameters
        ----------
        net : DenoisingNet
            The network.
        x_t : Tensor of shape (n, *shape)
            Noisy rows.
        level : Tensor of shape (n,)
            Index of each row's level, 0 for t = 1.
        y : Tensor of shape (n,) or None
            Class codes; None for no class.
        guidance : float, default=1.0
            Weight of the class.

        Returns
        -------
        Tensor of shape (n, *shape)
            Estimated rows.
        """
        if y is None or guidance == 1:
            output = net(x_t, level, y)
        elif guidance == 0:
            output = net(x_t, level, None)
        else:
            none = torch.full_like(y, net.n_classes)
            both = net(torch.cat([x_t, x_t]), level.repeat(2), torch.cat([y, none]))
            given, free = both.chunk(2)
            output = free + guidance * (given - free)
        alpha, sigma = net.coefficients(level, x_t.ndim)
        x = _named(self.prediction, PREDICTIONS).data(output, x_t, alpha, sigma)
        return torch.minimum(torch.maximum(x, -net.limit), net.limit)

    def generate(
        self, net: Any, n: int, condition: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """Draw noise and let the sampler remove it."""

        device, y = net.shift.device, condition.get("y")

        def denoise(x_t: Tensor, level: int) -> Tensor:
            levels = torch.full((n,), level, device=device)
            return self.estimate(net, x_t, levels, y, self.guidance)

        noise = torch.randn(n, *net.shift.shape, generator=generator, device=device)
        sampler = _named(self.sampler, SAMPLERS)
        x = sampler.sample(denoise, noise, net.schedule.alpha_bar(), generator)
        encoded: Tensor = net.to_encoded(x)
        return encoded

    def complete(
        self, net: Any, x: Tensor, gaps: Gaps, y: Tensor | None, generator: torch.Generator
    ) -> Tensor:
        """Remove noise from the missing values while the known ones are given (RePaint).

        At each level a few steps are taken back and forth, so that the missing values come to agree
        with the known ones.
        """
        given, alpha_bar = net.to_diffused(x), net.schedule.alpha_bar()

        def noise() -> Tensor:
            return torch.randn(x.shape, generator=generator, device=x.device)

        levels = Ancestral(steps=min(INPAINTING_LEVELS, len(alpha_bar))).levels(len(alpha_bar))
        kept = [float(alpha_bar[level]) for level in levels]
        x_t = noise()
        # The last step goes to data without noise.
        for here, a, b in zip(levels, kept, [*kept[1:], 1.0], strict=True):
            for turn in range(INPAINTING_TURNS):
                x_t = torch.where(gaps.known, a**0.5 * given + (1 - a) ** 0.5 * noise(), x_t)
                level = torch.full((len(x),), here, device=x.device)
                estimate = self.estimate(net, x_t, level, y, self.guidance)
                left = (x_t - a**0.5 * estimate) / (1 - a) ** 0.5
                tau = ((1 - b) / (1 - a) * (1 - a / b)) ** 0.5
                nearer = b**0.5 * estimate + max(1 - b - tau**2, 0.0) ** 0.5 * left + tau * noise()
                if turn == INPAINTING_TURNS - 1:
                    x_t = nearer
                else:
                    x_t = (a / b) ** 0.5 * nearer + (1 - a / b) ** 0.5 * noise()
        encoded: Tensor = net.to_encoded(x_t)
        return gaps.fill(x, encoded)

    def finish(self, net: Any, rows: BatchSource, generator: torch.Generator) -> None:
        """Choose the free settings of the bound on training rows."""
        levels = self.spec_.levels
        if levels is None or not self.spec_.is_image:
            return
        order = torch.randperm(len(rows), generator=generator, device=generator.device)
        batch = rows.take(order[:BOUND_ROWS].cpu())
        net.bound_settings = choose_settings(
            lambda x_t, level: self.estimate(net, x_t, level, batch.y),
            net.to_diffused(batch.x), net.alpha_bar, levels, generator,
        )  # fmt: skip

    def log_likelihood(self, net: Any, batch: Batch, generator: torch.Generator) -> Tensor | None:
        """Return the evidence lower bound for pictures with grey levels, None otherwise."""
        levels = self.spec_.levels
        if levels is None or not self.spec_.is_image:
            return None
        return -negative_bound(
            lambda x_t, level: self.estimate(net, x_t, level, batch.y),
            net.to_diffused(batch.x), net.alpha_bar, levels, net.bound_settings, generator,
        )  # fmt: skip

    def membership_score(self, net: Any, batch: Batch, generator: torch.Generator) -> Tensor:
        """Return minus the mean log error of denoising at low noise, higher for rows it knows.

        Parameters
        ----------
        net, batch, generator
            See :meth:`log_likelihood`.

        Returns
        -------
        Tensor of shape (n,)
            By the same noise for all rows.
        """
        x, total = net.to_diffused(batch.x), 0.0
        for place in MEMBERSHIP_LEVELS:
            level = (net.angle - place).abs().argmin().expand(len(x))
            alpha, sigma = net.coefficients(level, x.ndim)
            for _ in range(MEMBERSHIP_DRAWS):
                noise = torch.randn(x.shape[1:], generator=generator, device=x.device)
                error = self.estimate(net, alpha * x + sigma * noise, level, batch.y) - x
                total = total - error.flatten(1).square().sum(1).clamp_min(1e-12).log()
        return torch.as_tensor(total)


def _stratified_levels(
    n: int, n_levels: int, generator: torch.Generator, device: torch.device | str = "cpu"
) -> Tensor:
    """Return n uniform indices of levels, one of each n-th part of the range, in random order.

    The loss of a batch then varies less than with independent levels (Kingma et al. 2021).
    """
    part = torch.randperm(n, generator=generator, device=device)
    position = (part + torch.rand(n, generator=generator, device=device)) / n
    return (position * n_levels).long().clamp(max=n_levels - 1)


def _named(choice: Any, table: dict[str, Any]) -> Any:
    return table[choice] if isinstance(choice, str) else choice
