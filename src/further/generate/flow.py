r"""The normalizing flow: an invertible map between data and noise, with the density that it gives.

With :math:`z = f(x; y)`, f invertible given the class y and made of coupling layers,

.. math:: \log p(x \mid y) = \log N(f(x; y); \mu_y, \operatorname{diag} \sigma_y^2)
          + \log \left| \det \frac{\partial f}{\partial x} \right|,

which is maximised as it stands; a sample is :math:`f^{-1}(z; y)`, in one pass.

Grey levels and categories are dequantised first (:mod:`further.nn.normal_scores`): noise u
is added that the decoder takes off exactly, and the likelihood of the discrete data is bounded by

.. math:: \log P(x \mid y) \ge E \log \frac{1}{K} \sum_{k=1}^{K}
          \frac{p(v_k \mid y)}{q(v_k \mid x)}, \quad v_k \sim q(v \mid x),

with K = 1 in training and K = 16 where it is reported (Burda et al. 2016; Ho et al. 2019).

Vectors, tables and pictures of at most 256 values take spline couplings with perceptrons
(:mod:`further.nn.coupling`), larger pictures the same for the means
of blocks of pixels, and convolutions for the details (:mod:`further.nn.coarse_to_fine_flow`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from further._sklearn import Interval, StrOptions
from further.data.spec import Spec
from further.generate.generative import Basis, GenerativeModel
from further.nn.coarse_to_fine_flow import BlockScores, CoarseToFineFlow
from further.nn.coder import takes_convolutions
from further.nn.coupling import CouplingFlow
from further.nn.embedding import ClassEmbedding
from further.nn.normal_scores import (
    HALF_LOG_TWO_PI,
    CategoryScores,
    NumericScores,
    PictureScores,
)
from further.nn.table_blocks import categorical_slices, numeric_columns
from further.train.batch import Batch, BatchSource, some_rows
from further.train.objective import Objective
from further.train.parameters import hyperparameters
from further.train.training import Training

CONDITION = 32
IMPORTANCE_SAMPLES = 16
# Noise on numeric columns in training, in standard deviations: without it the density of
# values that repeat, such as whole numbers, grows without bound (Rothfuss et al. 2019).
SMOOTHING = 0.02
# Convolutions share their weights over the picture and need less regularisation.
DROPOUT_OF_SMALL_PICTURES, DROPOUT_OTHERWISE = 0.6, 0.1


class _FlowNet(nn.Module):
    """Normal scores of the values, the coupling layers, and the noise of each class."""

    columns: Tensor

    def __init__(
        self, spec: Spec, *, transforms: int, width: int, depth: int, bins: int, dropout: float
    ) -> None:
        super().__init__()
        self.spec = spec
        numeric = [] if spec.is_image else list(range(spec.size))
        slices: list[slice] = []
        if spec.blocks:
            numeric, slices = numeric_columns(spec.blocks), categorical_slices(spec.blocks)
        categorical = [column for s in slices for column in range(s.start, s.stop)]
        self.n_numeric, self.n_categorical = len(numeric), len(categorical)
        # Normal scores stand as they leave the surfaces; this is where each comes from.
        columns = torch.tensor(numeric + categorical or list(range(spec.size)))
        self.register_buffer("columns", columns, persistent=False)
        self.picture: PictureScores | BlockScores | None = None
        if takes_convolutions(spec):
            self.picture = BlockScores(spec.shape, spec.levels)
        elif spec.is_image:
            self.picture = PictureScores(spec.size, spec.levels)
        self.numeric = NumericScores(len(numeric)) if numeric else None
        self.categorical = CategoryScores([s.stop - s.start for s in slices]) if slices else None
        self.embed = ClassEmbedding(spec.n_classes, CONDITION)
        kind = CoarseToFineFlow if takes_convolutions(spec) else CouplingFlow
        self.flow: CouplingFlow | CoarseToFineFlow = kind(
            spec.shape, transforms=transforms, bins=bins, width=width, depth=depth,
            condition=self.embed.dim, dropout=dropout,
        )  # fmt: skip
        noise = getattr(self.flow, "size", spec.size)
        self.mean = nn.Parameter(torch.zeros(max(1, spec.n_classes), noise))
        self.log_scale = nn.Parameter(torch.zeros(max(1, spec.n_classes), noise))

    @property
    def exact(self) -> bool:
        """Whether :meth:`log_prob` is the log-density itself, not a draw of a lower bound."""
        discrete = self.spec.levels is not None or self.categorical is not None
        return not (discrete or getattr(self.flow, "padded", False))

    def fit_scores(self, x: Tensor) -> None:
        """Fit the normal scores to the marginals of the training rows ``x``."""
        flat = x.flatten(1)
        if self.picture is not None:
            self.picture.fit(flat)
        if self.numeric is not None:
            self.numeric.fit(flat[:, self.columns[: self.n_numeric]])
        if self.categorical is not None:
            self.categorical.fit(flat[:, self.columns[self.n_numeric :]])

    def log_prob(self, x: Tensor, y: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Return the log-density (n,) of continuous rows, or a draw of its lower bound for others.

        The generator makes discrete values continuous.
        """
        flat = x.flatten(1).float()
        z, score = self._scores(flat, generator)
        noise, log_det = self.flow(z, self.embed(y, len(x)), generator)
        rows = y if y is not None else torch.zeros(len(x), dtype=torch.int64, device=x.device)
        log_scale = self.log_scale[rows]
        standard = (noise - self.mean[rows]) * torch.exp(-log_scale)
        log_base = -0.5 * standard.square() - log_scale - HALF_LOG_TWO_PI
        log_normal = -0.5 * z.square() - HALF_LOG_TWO_PI
        return log_base.sum(1) + log_det - log_normal.sum(1) + score

    def sample(
        self, n: int, y: Tensor | None, temperature: float, generator: torch.Generator
    ) -> Tensor:
        """Draw noise and pass it back through the layers, to encoded rows ``(n, *shape)``.

        The temperature is a factor on the noise: below 1 rows are more typical and less varied.
        """
        device = self.mean.device
        rows = torch.zeros(n, dtype=torch.int64, device=device) if y is None else y
        noise = torch.randn(n, self.mean.shape[1], generator=generator, device=device)
        noise = noise * temperature
        noise = noise * self.log_scale[rows].exp() + self.mean[rows]
        z = self.flow.inverse(noise, self.embed(y, n))
        if self.picture is not None:
            return self.picture.inverse(z).unflatten(1, self.spec.shape)
        parts = []
        if self.numeric is not None:
            parts.append(self.numeric.inverse(z[:, : self.n_numeric]))
        if self.categorical is not None:
            parts.append(self.categorical.inverse(z[:, self.n_numeric :]))
        out = torch.empty(n, self.spec.size, device=device)
        out[:, self.columns] = torch.cat(parts, dim=1)
        return out

    def _scores(self, x: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Return normal scores and the term of the likelihood that comes with them."""
        if self.picture is not None:
            scores: tuple[Tensor, Tensor] = self.picture(x, generator)
            return scores
        x = x[:, self.columns]
        parts, score = [], x.new_zeros(len(x))
        if self.numeric is not None:
            numeric = x[:, : self.n_numeric]
            if self.training:
                noise = torch.randn(numeric.shape, generator=generator, device=x.device)
                numeric = numeric + SMOOTHING * self.numeric.scale * noise
            z, term = self.numeric(numeric, generator)
            parts.append(z)
            score = score + term
        if self.categorical is not None:
            z, term = self.categorical(x[:, self.n_numeric :], generator)
            parts.append(z)
            score = score + term
        return torch.cat(parts, dim=1), score


@hyperparameters
class NormalizingFlow(GenerativeModel):
    """Normalizing flow: an exact density and samples in one pass, by an invertible network.

    Use it where a density is wanted, for anomalies or to compare hypotheses, and for tables and
    small pictures, whose detail it keeps. It fails where rows lie on a thin surface: an
    invertible map cannot lose a dimension, so large pictures look noisy or need far more
    training than other models do; and a high density does not mean a typical row (Nalisnick et
    al. 2019).

    The density of continuous rows is exact. The likelihood of grey levels and of tables with
    categories is a lower bound, by dequantisation; ``likelihood_basis`` says which it is.

    Parameters
    ----------
    transforms : int, default=4
        Coupling layers; for pictures of more than 256 values, of the means of blocks of pixels.
    width : int, default=384
        Hidden units of the networks in the couplings; convolutions have a channel for 6 units.
    depth : int, default=1
        Residual blocks of the networks in the couplings.
    bins : int, default=5
        Pieces of a spline.
    dropout : "auto" or float, default="auto"
        Share of the hidden units left out of a training step, in [0, 1); "auto" takes 0.6 for
        pictures of at most 256 values and 0.1 otherwise. Take less where rows are many.
    temperature : float, default=1.0
        Factor on the noise of a sample: below 1 samples are more typical and less varied.
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    Attributes
    ----------
    net_ : nn.Module
        The trained network.
    history_ : DataFrame
        Negative log-likelihood in nats a row, on training and validation rows.
    likelihood_basis : {"exact", "bound"}
        Whether ``score_samples`` is the log-density or a lower bound of a log-likelihood.

    References
    ----------
    Dinh, Sohl-Dickstein and Bengio 2017, "Density estimation using Real NVP".
    Durkan et al. 2019, "Neural spline flows".
    Ho et al. 2019, "Flow++: improving flow-based generative models with variational
    dequantization and architecture design".
    Nalisnick et al. 2019, "Do deep generative models know what they don't know?".
    Rothfuss et al. 2019, "Noise regularization for conditional density estimation".

    Examples
    --------
    >>> import numpy as np
    >>> from further import NormalizingFlow
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> flow = NormalizingFlow(width=16, budget="20 steps", precision="float32", random_state=0)
    >>> flow.fit(X).sample(5).shape
    (5, 3)
    >>> flow.likelihood_basis, flow.score_samples(X[:5]).shape
    ('exact', (5,))
    """

    transforms: int = 4
    width: int = 384
    depth: int = 1
    bins: int = 5
    dropout: str | float = "auto"
    temperature: float = 1.0

    training_defaults: ClassVar[Training] = Training(
        learning_rate=1e-3, weight_decay=0.3, averaging=0.998
    )
    rows_of_larger_pictures: ClassVar[int] = 32
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GenerativeModel._parameter_constraints,
        "transforms": [Interval(Integral, 1, None, closed="left")],
        "width": [Interval(Integral, 1, None, closed="left")],
        "depth": [Interval(Integral, 0, None, closed="left")],
        "bins": [Interval(Integral, 2, None, closed="left")],
        "dropout": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
    }

    @property
    def likelihood_basis(self) -> Basis | None:  # type: ignore[override]
        """Whether the likelihood is exact or a lower bound; it depends on the data."""
        net = getattr(self, "net_", None)
        return None if net is None else "exact" if net.exact else "bound"

    def build(self, spec: Spec) -> _FlowNet:
        """Return the flow."""
        dropout = self.dropout
        if dropout == "auto":
            small = spec.is_image and not takes_convolutions(spec)
            dropout = DROPOUT_OF_SMALL_PICTURES if small else DROPOUT_OTHERWISE
        return _FlowNet(
            spec, transforms=self.transforms, width=self.width, depth=self.depth,
            bins=self.bins, dropout=float(dropout),
        )  # fmt: skip

    def begin(self, net: Any, rows: BatchSource, generator: torch.Generator) -> None:
        """Fit the normal scores of the values."""
        net.fit_scores(some_rows(rows, generator).x)

    def objectives(self, net: Any) -> list[Objective]:
        """Return the negative log-likelihood, or one draw of its bound."""

        def negative_log_likelihood(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            return {"loss": -net.log_prob(batch.x, batch.y, generator).mean()}

        return [Objective(negative_log_likelihood, list(net.parameters()))]

    def generate(
        self, net: Any, n: int, condition: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """Draw noise and pass it back through the layers."""
        rows: Tensor = net.sample(n, condition.get("y"), self.temperature, generator)
        return rows

    def log_likelihood(self, net: Any, batch: Batch, generator: torch.Generator) -> Tensor | None:
        """Return the log-density, or the importance-weighted bound of the log-likelihood."""
        if net.exact:
            density: Tensor = net.log_prob(batch.x, batch.y, generator)
            return density
        draws = [net.log_prob(batch.x, batch.y, generator) for _ in range(IMPORTANCE_SAMPLES)]
        return torch.logsumexp(torch.stack(draws), dim=0) - math.log(IMPORTANCE_SAMPLES)
