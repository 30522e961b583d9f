r"""How well pictures are reconstructed: peak signal-to-noise ratio and structural similarity.

.. math:: \mathrm{PSNR} = 10 \log_{10} \frac{1}{\operatorname{mean}_i (x_i - \hat x_i)^2}
          \quad \text{decibels, for values in } [0, 1].

References
----------
Wang, Bovik, Sheikh, Simoncelli (2004), Image quality assessment: from error visibility to
structural similarity, IEEE Transactions on Image Processing 13.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from further.evaluate.interval import Score, score_from_examples

Floats = NDArray[np.floating[Any]]

# Of a picture that comes back unchanged, whose ratio is infinite; 100 dB is an error of 1e-5.
MOST_DECIBELS = 100.0
WINDOW = 7


def reconstruction(
    clean: Floats,
    reconstructed: Floats,
    *,
    noisy: Floats | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> dict[str, Score]:
    """Return PSNR and SSIM of reconstructed pictures, each averaged over pictures.

    Use it for autoencoders and for denoising, where the noisy input sets the mark to beat.
    It fails as a measure of how good *generated* pictures are, and PSNR favours blur.

    Parameters
    ----------
    clean, reconstructed : ndarray of shape (n, channels, height, width)
        Values in [0, 1].
    noisy : ndarray of the same shape, optional
        What the model was given; its own figures go into the detail.
    groups : array-like of shape (n,), optional
        Pictures that depend on each other.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict of str to Score
        ``reconstruction_psnr`` in decibels (100 at most) and ``reconstruction_ssim``, whose windows
        have 7 x 7 pixels, or the largest odd size that fits; below 3 x 3 pixels it is NaN.

    Examples
    --------
    >>> clean = np.random.default_rng(0).random((3, 1, 8, 8))
    >>> scores = reconstruction(clean, clean - 0.1)
    >>> round(scores["reconstruction_psnr"].value, 6)
    20.0
    """
    scores = {}
    for name, measure, limits in (
        ("reconstruction_psnr", _psnr, None),
        ("reconstruction_ssim", _ssim, (-1.0, 1.0)),
    ):
        detail = {} if noisy is None else {"noisy": float(measure(clean, noisy).mean())}
        found = measure(clean, reconstructed)
        score = score_from_examples(found, groups=groups, limits=limits, seed=seed, detail=detail)
        scores[name] = replace(score, by_row=found)
    return scores


def _psnr(clean: Floats, other: Floats) -> Floats:
    """Return the peak signal-to-noise ratio of each picture, in decibels."""
    difference = np.asarray(clean, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    error = np.square(difference).reshape(len(difference), -1).mean(axis=1)
    return -10.0 * np.log10(np.maximum(error, 10.0 ** (-MOST_DECIBELS / 10.0)))


def _ssim(clean: Floats, other: Floats) -> Floats:
    """Return the structural similarity of each picture, at most 1, which is equality."""
    from skimage.metrics import structural_similarity

    first = np.asarray(clean, dtype=np.float64)
    second = np.asarray(other, dtype=np.float64)
    window = min(WINDOW, *first.shape[2:])
    window -= 1 - window % 2
    if window < 3:
        return np.full(len(first), np.nan)
    return np.array(
        [
            structural_similarity(a, b, win_size=window, data_range=1.0, channel_axis=0)
            for a, b in zip(first, second, strict=True)
        ]
    )
