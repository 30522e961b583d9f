"""Tiles: they cover the picture, and what they say is what is said of the whole."""

import itertools

import pytest
import torch
from torch import nn

from further.vision.tiles import tile_starts, tiled


@pytest.mark.parametrize(
    ("length", "tile", "step"), [(1000, 512, 384), (513, 512, 256), (96, 64, 32)]
)
def test_starts_cover_the_side_and_overlap(length, tile, step):
    starts = tile_starts(length, tile, step, 32)
    assert starts[0] == 0
    assert starts[-1] + tile >= length
    assert all(start % 32 == 0 for start in starts)
    assert all(b - a <= step for a, b in itertools.pairwise(starts))


def test_a_function_of_each_pixel_is_that_of_the_whole():
    x = torch.rand(2, 3, 150, 101)
    said = tiled(lambda part: part[:, :2] ** 2, x, tile=64, overlap=16, multiple=8)
    torch.testing.assert_close(said, x[:, :2] ** 2)


def test_away_from_seams_a_network_says_what_it_says_of_the_whole():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 2, 3, padding=1))
    x = torch.rand(1, 1, 128, 160)
    with torch.no_grad():
        whole, parts = net(x), tiled(net, x, tile=64, overlap=32, multiple=16)
    # A tile's edge lies within two pixels of what it gets wrong.
    edges = [start for s in (tile_starts(n, 64, 32, 16) for n in (128, 160)) for start in s]
    clear = torch.ones(128, 160, dtype=torch.bool)
    for edge in {*edges, *(start + 64 for start in edges)}:
        clear[max(0, edge - 2) : edge + 2] = False
        clear[:, max(0, edge - 2) : edge + 2] = False
    assert clear.float().mean() > 0.5
    torch.testing.assert_close(parts[..., clear], whole[..., clear], rtol=1e-5, atol=1e-6)
    # And where a tile ends its weight is so small that the seam is hardly seen.
    assert (parts - whole).abs().max() < 0.02 * (whole.max() - whole.min())
