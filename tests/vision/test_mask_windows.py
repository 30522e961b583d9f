"""Windows of pictures and masks: they show the same place, and nothing outside the picture."""

import pytest
import torch

from further.vision.mask_windows import NOTHING, windows

#: Of the sides of the pictures, the least: others are padded.
SIDES = torch.tensor([[40, 50], [64, 48], [20, 64]])


def _pictures() -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures of which a pixel's grey level is its class, and zeros that pad them."""
    generator = torch.Generator().manual_seed(0)
    small = torch.randint(0, 2, (3, 1, 8, 8), generator=generator) * 120 + 60
    x = small.repeat_interleave(8, dim=2).repeat_interleave(8, dim=3).to(torch.uint8)
    mask = x[:, 0].clone()
    for row, (width, height) in enumerate(SIDES.tolist()):
        for whole in (x[row], mask[row][None]):
            whole[:, height:] = 0
            whole[:, :, width:] = 0
    return x, mask


def test_without_augmentation_a_window_is_a_part_of_its_picture():
    x, mask = _pictures()
    seen = windows(x, mask, SIDES, 16, "none", torch.Generator().manual_seed(1))
    for row in range(3):
        parts = mask[row].unfold(0, 16, 1).unfold(1, 16, 1).flatten(0, 1)
        assert (parts == seen.mask[row]).flatten(1).all(dim=1).any()
        torch.testing.assert_close(seen.x[row, 0] * 255, seen.mask[row].float())
    assert not (seen.mask == NOTHING).any()


def test_what_lies_outside_a_picture_is_no_class_and_no_padding_is_seen():
    x, mask = _pictures()
    seen = windows(x, mask, SIDES, 64, "none", torch.Generator().manual_seed(1))
    for row, (width, height) in enumerate(SIDES.tolist()):
        assert (seen.mask[row] != NOTHING).sum() == width * height
    assert (seen.x * 255 >= 59).all()


@pytest.mark.parametrize("augmentation", ["shift", "mirror", "turn"])
def test_picture_and_mask_are_moved_alike(augmentation, monkeypatch):
    monkeypatch.setattr("further.vision.mask_windows.coloured", lambda x, generator: x)
    x, mask = _pictures()
    seen = windows(x, mask, SIDES, 32, augmentation, torch.Generator().manual_seed(3))
    there = seen.mask != NOTHING
    # The picture is interpolated, so that only at edges it is neither of the two levels.
    same = (seen.x[:, 0] * 255 - seen.mask.float()).abs() < 60
    assert same[there].float().mean() > 0.98
    assert there.float().mean() > 0.5


def test_turns_show_all_eight_ways_and_mirrors_two():
    picture = torch.zeros(1, 1, 16, 16, dtype=torch.uint8)
    picture[..., :4, :8] = 200
    corners = {"shift": set(), "mirror": set(), "turn": set()}
    for augmentation, found in corners.items():
        generator = torch.Generator().manual_seed(0)
        for _ in range(60):
            seen = windows(
                picture, picture[:, 0], torch.tensor([[16, 16]]), 16, augmentation, generator
            )
            bright = (seen.mask[0] == 200).nonzero().float()
            down, along = (bright.mean(dim=0) > 7.5).tolist()
            height, width = (bright.amax(dim=0) - bright.amin(dim=0)).tolist()
            found.add((down, along, height > width))
    assert [len(found) for found in corners.values()] == [1, 2, 8]
