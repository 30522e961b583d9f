from __future__ import annotations

import torch

from further.nn.augmentation import SHIFT, mirrored, mixed, shifted


def generator():
    return torch.Generator().manual_seed(0)


def test_mirrored_pictures_are_the_picture_or_its_mirror_image():
    x = torch.arange(6.0).reshape(1, 1, 2, 3).repeat(200, 1, 1, 1)
    y = mirrored(x, generator())
    as_it_was = (y == x).flatten(1).all(dim=1)
    turned = (y == x.flip(3)).flatten(1).all(dim=1)
    assert (as_it_was ^ turned).all()
    assert 70 < as_it_was.sum() < 130


def test_shifted_pictures_are_moved_as_a_whole():
    side = 16
    x = torch.zeros(300, 2, side, side)
    x[:, 0, 8, 8] = 1
    x[:, 1, 8, 8] = 2
    y = shifted(x, generator())
    assert torch.equal(2 * y[:, 0], y[:, 1])
    places = y[:, 0].flatten(1).argmax(dim=1)
    most = int(side * SHIFT)
    for moved in (places // side - 8, places % side - 8):
        assert set(moved.tolist()) == set(range(-most, most + 1))


def test_mixed_targets_tell_the_shares_of_the_pictures():
    n = 4000
    x = torch.randn(n, 1, 2, 2, generator=generator())
    t = torch.eye(n)[:, : n // 2]
    t[n // 2 :] = 0
    y, mixture = mixed(x, t, generator())
    share = mixture.diagonal()[: n // 2]
    expected = torch.lerp(x.flip(0)[: n // 2], x[: n // 2], share[:, None, None, None])
    torch.testing.assert_close(y[: n // 2], expected)
    # Of Beta(1/2, 1/2): mean 1/2, variance 1/8.
    assert abs(float(share.mean()) - 1 / 2) < 0.03
    assert abs(float(share.var()) - 1 / 8) < 0.01
