"""The wavelet transform against lifting written sample by sample, and undone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from further.nn.wavelet import inverse_wavelet_transform, wavelet_transform

SHAPES = [
    (1, 64, 64),
    (3, 32, 32),
    (1, 28, 28),
    (3, 37, 21),
    (2, 8, 8),
    (1, 3, 50),
    (1, 1, 20),
]


def lift(line):
    """JPEG 2000's reversible 5/3 lifting of a list of whole numbers, mirrored at its ends."""
    n = len(line)

    def at(values, i):
        return values[-i if i < 0 else 2 * (n - 1) - i if i >= n else i]

    out = list(line)
    for i in range(1, n, 2):
        out[i] -= (at(out, i - 1) + at(out, i + 1)) // 2
    for i in range(0, n, 2):
        out[i] += (at(out, i - 1) + at(out, i + 1) + 2) // 4
    return out[::2], out[1::2]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_pictures_come_back_to_the_last_bit(shape):
    x = torch.randint(0, 256, (5, *shape), generator=torch.Generator().manual_seed(0)).float()
    coefficients = wavelet_transform(x)
    assert coefficients.shape == (5, x[0].numel())
    assert coefficients.equal(coefficients.round())
    assert inverse_wavelet_transform(coefficients, shape).equal(x)


@pytest.mark.parametrize("n", [9, 10, 16])
def test_as_lifting_sample_by_sample(n):
    line = np.random.default_rng(n).integers(0, 256, n).tolist()
    x = torch.tensor(line).float().view(1, 1, 1, n).expand(1, 1, 2, n)
    # Two equal rows: the coarse row is that of the line, the detail between them is 0.
    coarse, details = lift(line)
    found = wavelet_transform(x)[0]
    assert found[: len(coarse)].tolist() == coarse
    assert found[2 * len(coarse) : 2 * len(coarse) + len(details)].tolist() == details


def test_without_rounding_it_is_linear_and_within_some_levels():
    x = torch.randint(0, 256, (8, 3, 40, 33), generator=torch.Generator().manual_seed(0)).float()
    exact, linear = wavelet_transform(x), wavelet_transform(x, whole=False)
    assert (exact - linear).abs().max() < 5
    torch.testing.assert_close(wavelet_transform(2 * x, whole=False), 2 * linear)


def test_smooth_pictures_have_small_details():
    ramp = torch.arange(64.0).view(1, 1, 1, 64).expand(1, 1, 64, 64)
    details = wavelet_transform(ramp)[0, 64:]
    assert (details.abs() > 2).float().mean() < 0.02
