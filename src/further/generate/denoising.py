r"""The denoising autoencoder: rebuild the clean row from a corrupted one.

.. math:: \min E_{x, \tilde x \sim C(\tilde x \mid x)} L(x, a(d(e(\tilde x)))),

with C Gaussian noise, masking (values set to their resting value) or salt and pepper (values set
to one extreme or the other). Samples come, as the autoencoder's, from a Gaussian mixture fitted to
the codes of the clean rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from further._sklearn import Interval, StrOptions
from further.data.spec import Spec
from further.generate.autoencoder import Autoencoder
from further.generate.generative import GenerativeModel
from further.generate.prior import Prior
from further.train.parameters import hyperparameters
from further.train.seeds import seed_of


@hyperparameters
class DenoisingAutoencoder(Autoencoder):
    """Denoising autoencoder: learn what a row looks like by repairing corrupted ones.

    Use it to remove noise of a known kind and for features that do not depend on single values.
    It fails on noise of another kind or strength than it was trained on; as a generator it has the
    autoencoder's limits.

    Parameters
    ----------
    noise : {"gaussian", "masking", "salt_and_pepper"}, default="gaussian"
        Kind of corruption.
    noise_level : float, default=0.2
        Standard deviation of Gaussian noise, in units of the picture's range or of the column's
        standard deviation; otherwise the share of values that are corrupted.
    latent_dim : int, default=None
        Size of the bottleneck; 32 if None, or 128 for pictures of more than 1,024 values.
    loss, budget, precision, device, training, random_state
        See :class:`~further.generate.autoencoder.Autoencoder`.

    References
    ----------
    Vincent et al. 2010, "Stacked denoising autoencoders".

    Examples
    --------
    >>> import numpy as np
    >>> from further import DenoisingAutoencoder
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = DenoisingAutoencoder(budget="20 steps", precision="float32").fit(X)
    >>> model.denoise(model.add_noise(X)).shape
    (200, 3)
    """

    noise: str = "gaussian"
    noise_level: float = 0.2
    latent_dim: int | None = None
    # What else the autoencoder lets its user choose is fixed here.
    hidden: Sequence[int] | None = field(default=None, init=False)
    output_activation: str = field(default="auto", init=False)
    prior: str | Prior = field(default="mixture", init=False)
    optimizer: str = field(default="auto", init=False)

    usual_latent_dim: ClassVar[int] = 32
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GenerativeModel._parameter_constraints,
        "noise": [StrOptions({"gaussian", "masking", "salt_and_pepper"})],
        "noise_level": [Interval(Real, 0, None, closed="left")],
        "latent_dim": [None, Interval(Integral, 1, None, closed="left")],
        "loss": Autoencoder._parameter_constraints["loss"],
    }

    def corrupt(self, x: Tensor, spec: Spec, generator: torch.Generator) -> Tensor:
        """Return corrupted rows ``(n, *shape)``."""
        if self.noise == "gaussian":
            noise = torch.randn(x.shape, generator=generator, device=x.device)
            return x + self.noise_level * noise
        hit = torch.rand(x.shape, generator=generator, device=x.device) < self.noise_level
        if self.noise == "masking":
            return torch.where(hit, torch.zeros_like(x), x)
        # The extremes of pictures in [0, 1]; two standard deviations of standard scores.
        low, high = (0.0, 1.0) if spec.is_image else (-2.0, 2.0)
        salt = torch.rand(x.shape, generator=generator, device=x.device) < 0.5
        return torch.where(hit, torch.where(salt, high, low), x)

    def add_noise(self, X: Any, random_state: int | None = None) -> np.ndarray:
        """Return rows with the noise of the training on them.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows like those of the training.
        random_state : int, optional
            Seed of the noise; that of the estimator by default.

        Returns
        -------
        array of shape (n, *spec.shape), float32
            Encoded noisy rows.
        """
        check_is_fitted(self)
        x = torch.from_numpy(self.encoding_.encode(self._dataset(X, None, reset=False)))
        generator = torch.Generator().manual_seed(seed_of(self._seed(random_state), "corruption"))
        return self.corrupt(x, self.spec_, generator).numpy()

    def denoise(self, noisy: np.ndarray) -> np.ndarray:
        """Return repaired rows for encoded noisy rows ``(n, *spec.shape)``, encoded as well."""
        check_is_fitted(self)
        return self._apply(
            lambda batch: self.decode_latent(
                self.net_, self.encode_latent(self.net_, batch), batch
            ),
            {"x": np.asarray(noisy, dtype=np.float32)},
        )
