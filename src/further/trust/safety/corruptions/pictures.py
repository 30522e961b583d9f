r"""What happens to pictures in use: noise, blur, light, compression, occlusion, rotation.

Amounts are in units of the range of the pictures (0 to 255 of bytes; otherwise from the lowest to
the highest value there is), of their shorter side, or of their area, so that they mean the same at
any size:

=============  ===============================================  ==========================
corruption     unit of the amount                               severities 1 to 5
=============  ===============================================  ==========================
noise          standard deviation, of the range                 0.04, 0.08, 0.12, 0.18, 0.26
blur           standard deviation of the Gaussian, of the side  0.02, 0.035, 0.05, 0.075, 0.1
low contrast   share of the contrast that is left               0.75, 0.5, 0.4, 0.3, 0.15
brightness     added to every value, of the range               0.1, 0.2, 0.3, 0.4, 0.5
JPEG           quality                                          25, 18, 15, 10, 7
occlusion      share of the area under a grey square            0.02, 0.05, 0.1, 0.2, 0.3
rotation       degrees, to either side                          5, 10, 20, 30, 45
=============  ===============================================  ==========================

References
----------
Hendrycks and Dietterich 2019, "Benchmarking neural network robustness to common corruptions and
perturbations" (noise, contrast, brightness and JPEG have its amounts, or nearly so).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from further.trust.safety.corruptions.corruption import Corruption

Floats = NDArray[np.float64]
Pictures = NDArray[Any]
Rng = np.random.Generator


def _within(change: Callable[[Floats, float, Rng], Floats]) -> Callable[[Any, float, Rng], Any]:
    """Turn a change of values from 0 to 1 into one of pictures of any type and range."""

    def changed(X: Pictures, amount: float, rng: Rng) -> Pictures:
        low, high = _range(X)
        found = np.clip(change((X - low) / (high - low), amount, rng), 0, 1) * (high - low) + low
        return (np.rint(found) if np.issubdtype(X.dtype, np.integer) else found).astype(X.dtype)

    return changed


def _range(X: Pictures) -> tuple[float, float]:
    if X.dtype == np.uint8 and X.max() > 16:  # sixteen grey levels are kept in bytes, too
        return 0.0, 255.0
    low, high = float(X.min()), float(X.max())
    return low, high if high > low else low + 1


def _noise(X: Floats, amount: float, rng: Rng) -> Floats:
    return X + rng.normal(0, amount, X.shape)


def _blur(X: Floats, amount: float, rng: Rng) -> Floats:
    sigma = amount * min(X.shape[1:3])
    return ndimage.gaussian_filter(X, (0, sigma, sigma, *[0] * (X.ndim - 3)))


def _low_contrast(X: Floats, amount: float, rng: Rng) -> Floats:
    mean = X.mean(axis=tuple(range(1, X.ndim)), keepdims=True)
    found: Floats = mean + amount * (X - mean)
    return found


def _brightness(X: Floats, amount: float, rng: Rng) -> Floats:
    return X + amount


def _jpeg(X: Floats, amount: float, rng: Rng) -> Floats:
    from PIL import Image

    def compressed(picture: Floats) -> Floats:
        file = io.BytesIO()
        bytes_ = np.rint(255 * picture).astype(np.uint8)
        Image.fromarray(bytes_.squeeze()).save(file, "JPEG", quality=int(amount))
        found: Floats = np.asarray(Image.open(file), np.float64).reshape(picture.shape) / 255
        return found

    return np.array([compressed(picture) for picture in X])


def _occlusion(X: Floats, amount: float, rng: Rng) -> Floats:
    height, width = X.shape[1:3]
    side = max(1, round((amount * height * width) ** 0.5))
    high, wide = min(side, height), min(side, width)
    found = X.copy()
    tops, lefts = (
        rng.integers(height - high + 1, size=len(X)),
        rng.integers(width - wide + 1, size=len(X)),
    )
    for picture, top, left in zip(found, tops, lefts, strict=True):
        picture[top : top + high, left : left + wide] = 0.5
    return found


def _rotation(X: Floats, amount: float, rng: Rng) -> Floats:
    signs = rng.choice([-1, 1], size=len(X))
    return np.array([
        ndimage.rotate(picture, sign * amount, axes=(0, 1), reshape=False, order=1, mode="nearest")
        for picture, sign in zip(X, signs, strict=True)
    ])  # fmt: skip


#: Those above, in the order of the table.
PICTURE_CORRUPTIONS = (
    Corruption("noise", "of the range", (0.04, 0.08, 0.12, 0.18, 0.26), _within(_noise)),
    Corruption("blur", "of the side", (0.02, 0.035, 0.05, 0.075, 0.1), _within(_blur)),
    Corruption(
        "low contrast", "of the contrast left", (0.75, 0.5, 0.4, 0.3, 0.15), _within(_low_contrast)
    ),
    Corruption("brightness", "of the range added", (0.1, 0.2, 0.3, 0.4, 0.5), _within(_brightness)),
    Corruption("JPEG", "quality", (25, 18, 15, 10, 7), _within(_jpeg)),
    Corruption("occlusion", "of the area", (0.02, 0.05, 0.1, 0.2, 0.3), _within(_occlusion)),
    Corruption("rotation", "degrees", (5, 10, 20, 30, 45), _within(_rotation)),
)
