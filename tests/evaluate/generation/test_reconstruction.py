from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from further.evaluate.generation.reconstruction import reconstruction


def test_agrees_with_scikit_image():
    clean, other = np.random.default_rng(0).random((2, 4, 3, 12, 9))
    psnr, ssim = (score.per_example for score in reconstruction(clean, other).values())
    assert psnr[0] == pytest.approx(peak_signal_noise_ratio(clean[0], other[0], data_range=1))
    assert ssim[1] == pytest.approx(
        structural_similarity(clean[1], other[1], data_range=1, channel_axis=0)
    )


def test_denoising_is_read_against_the_noisy_input():
    rng = np.random.default_rng(0)
    clean = rng.random((20, 1, 8, 8))
    noisy = clean + 0.2 * rng.normal(size=clean.shape)
    scores = reconstruction(clean, (clean + noisy) / 2, noisy=noisy)
    score = scores["reconstruction_psnr"]
    assert score.value - score.detail["noisy"] == pytest.approx(20 * np.log10(2))
    assert scores["reconstruction_ssim"].value > scores["reconstruction_ssim"].detail["noisy"]


def test_unchanged_pictures_and_tiny_ones():
    clean = np.random.default_rng(0).random((5, 1, 4, 6))
    scores = reconstruction(clean, clean)
    assert scores["reconstruction_psnr"].value == 100
    assert scores["reconstruction_ssim"].value == pytest.approx(1)
    tiny = reconstruction(clean[:, :, :2], clean[:, :, :2])["reconstruction_ssim"]
    assert np.isnan(tiny.per_example).all()
