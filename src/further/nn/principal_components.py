r"""Principal components of pictures, and the Gaussian that they make.

A network for pictures learns nothing faster than what least squares give at once. With the mean m,
the eigenvectors U and eigenvalues Λ of the training rows' covariance, and the mean λ of the
eigenvalues that are left out, the probabilistic principal components are

.. math:: x = m + W z + \epsilon, \quad W = U (\Lambda - \lambda I)^{1/2}, \quad
          z \sim N(0, I), \quad \epsilon \sim N(0, \lambda I),

          z \mid x \sim N(\Lambda^{-1} W^\top (x - m),\; \lambda \Lambda^{-1}) .

Encoders, decoders and denoisers of larger pictures start from it, and learn what it lacks.

References
----------
Tipping and Bishop 1999, "Probabilistic principal component analysis".
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

# Variances are at least this, of values in [0, 1].
SMALLEST_VARIANCE = 1e-8


class PrincipalComponents(NamedTuple):
    """Directions of most variance.

    Attributes
    ----------
    directions : Tensor of shape (k, size)
        Orthonormal.
    variances : Tensor of shape (k,)
        Along them, falling.
    rest : float
        The mean variance along all others.
    """

    directions: Tensor
    variances: Tensor
    rest: float

    @property
    def loadings(self) -> Tensor:
        """W, of shape (k, size)."""
        return self.directions * (self.variances - self.rest).sqrt()[:, None]

    @property
    def scoring(self) -> Tensor:
        """What turns differences from the mean into the expected z, of shape (k, size)."""
        return self.loadings / self.variances[:, None]

    @property
    def log_scales(self) -> Tensor:
        """Logarithms of the standard deviations of z given x, of shape (k,)."""
        return 0.5 * (self.rest / self.variances).log()


def principal_components(x: Tensor, k: int) -> PrincipalComponents:
    """Return the first components of rows.

    Parameters
    ----------
    x : Tensor of shape (n, *shape)
        Rows.
    k : int
        How many, where there are that many.

    Returns
    -------
    PrincipalComponents
        At most n - 1 and one less than the values of a row.

    Examples
    --------
    >>> x = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([9, 1, 1])
    >>> principal_components(x, 1).directions.abs().round(decimals=1)
    tensor([[1., 0., 0.]])
    """
    from sklearn.decomposition import PCA

    rows = x.flatten(1)
    n, size = rows.shape
    k = max(0, min(k, n - 1, size - 1))
    if not k or not rows.std(0).any():
        return PrincipalComponents(rows.new_zeros(0, size), rows.new_zeros(0), SMALLEST_VARIANCE)
    pca = PCA(k, random_state=0).fit(rows.cpu().numpy())
    variances = torch.from_numpy(pca.explained_variance_).to(rows)
    left = (float(rows.var(0).sum()) - float(variances.sum())) / (size - k)
    rest = max(left, SMALLEST_VARIANCE)
    directions = torch.from_numpy(pca.components_).to(rows)
    return PrincipalComponents(directions, variances.clamp_min(1.01 * rest), rest)
