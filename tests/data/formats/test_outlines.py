"""Outlines and run lengths: what libraries make of them, and that masks come back from them."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.draw import polygon2mask
from skimage.morphology import disk

from further.data.formats.annotated.outlines import Polygons, Runs, fill_polygon, outline_of
from further.data.formats.annotated.run_length import (
    decode_runs,
    encode_runs,
    runs_to_text,
    text_to_runs,
)

RNG = np.random.default_rng(0)


def blobs(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return a mask of several parts, some with holes, some at the border."""
    mask = np.zeros(shape, bool)
    for _ in range(5):
        y, x, side = rng.integers(0, [*shape, 9])
        mask[y : y + side, x : x + side] ^= True
    return mask


@pytest.mark.parametrize("seed", range(20))
def test_masks_come_back_from_their_outline_and_their_runs(seed):
    rng = np.random.default_rng(seed)
    mask = blobs((23, 31), rng) if seed else rng.random((23, 31)) < 0.5
    mask[0, 0] = True
    np.testing.assert_array_equal(fill_polygon(outline_of(mask), (31, 23)), mask)
    counts = encode_runs(mask)
    assert text_to_runs(runs_to_text(counts)) == counts
    np.testing.assert_array_equal(decode_runs(counts, (31, 23)), mask)
    np.testing.assert_array_equal(Runs(tuple(counts), (31, 23)).mask((31, 23), (31, 23)), mask)


def test_a_polygon_covers_the_pixels_whose_centres_lie_in_it():
    # Off the centres of pixels, where libraries decide in different ways.
    for _ in range(20):
        points = RNG.random((RNG.integers(3, 9), 2)) * [40, 30] + 0.123456
        expected = polygon2mask((30, 40), points[:, ::-1] - 0.5)
        np.testing.assert_array_equal(fill_polygon(points, (40, 30)), expected)


def test_polygons_are_scaled_with_their_picture_and_cut_where_it_ends():
    square = Polygons((np.array([[-5.0, 2], [4, 2], [4, 100], [-5, 100]]),))
    mask = square.mask((10, 8), (20, 16))
    assert np.flatnonzero(mask.any(axis=0)).tolist() == list(range(8))
    assert np.flatnonzero(mask.any(axis=1)).tolist() == list(range(4, 16))


def test_the_text_of_coco_is_its_own():
    # From the tests of pycocotools.
    assert text_to_runs("61X13mN000`0") == [6, 1, 40, 4, 5, 4, 5, 4, 21]
    mask = np.pad(disk(4).astype(bool), 3)
    assert decode_runs(text_to_runs(runs_to_text(encode_runs(mask))), (15, 15)).sum() == mask.sum()


@pytest.mark.parametrize("text", ["61X13mN000`", "ü", "6 1", "\x00"])
def test_damaged_text_is_refused(text):
    with pytest.raises(ValueError, match="run lengths"):
        decode_runs(text_to_runs(text), (9, 10))


@pytest.mark.parametrize("counts", [[90], [1, 2], [-1, 91], [2**62, 2**62, 90]])
def test_runs_that_do_not_fit_are_refused(counts):
    if counts == [90]:
        assert not decode_runs(counts, (9, 10)).any()
    else:
        with pytest.raises(ValueError, match="9x10"):
            decode_runs(counts, (9, 10))
