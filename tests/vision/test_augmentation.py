"""Windows of pictures: the boxes follow what is in them."""

import pytest
import torch

from further.vision.augmentation import coloured, mosaic, windows


def _painted(n, height, width, generator):
    """Return black pictures with one bright rectangle each, and its box."""
    x = torch.zeros(n, 3, height, width, dtype=torch.uint8)
    boxes = torch.zeros(n, 2, 4)
    for i in range(n):
        left, top = (int(torch.randint(8, 40, (1,), generator=generator)) for _ in range(2))
        w, h = (int(torch.randint(12, 30, (1,), generator=generator)) for _ in range(2))
        x[i, :, top : top + h, left : left + w] = 255
        boxes[i, 0] = torch.tensor([left, top, left + w, top + h])
    classes = torch.tensor([[0, -1]]).repeat(n, 1)
    return x, boxes, classes


@pytest.mark.parametrize("augmentation", ["shift", "mirror", "turn"])
def test_boxes_stay_around_what_they_were_around(augmentation):
    generator = torch.Generator().manual_seed(0)
    x, boxes, classes = _painted(64, 72, 96, generator)
    found = windows(x, boxes, classes, 80, augmentation, generator)
    assert found.x.shape == (64, 3, 80, 80)
    assert (found.classes[:, 1] == -1).all()
    seen = 0
    for picture, box, code in zip(found.x, found.boxes[:, 0], found.classes[:, 0], strict=True):
        middle = (picture.amin() + picture.amax()) / 2
        bright = (picture.mean(dim=0) > middle).nonzero()
        if code == -1 or len(bright) < 40:
            continue
        (top, left), (bottom, right) = bright.amin(dim=0), bright.amax(dim=0) + 1
        around = torch.tensor([left, top, right, bottom])
        assert (around - box).abs().max() <= 1.6
        seen += 1
    assert seen > 40


def test_a_mosaic_holds_four_pictures_and_their_boxes():
    generator = torch.Generator().manual_seed(0)
    x, boxes, classes = _painted(16, 72, 96, generator)
    labels = torch.zeros(16, 72, 96, dtype=torch.int64)
    labels[(x[:, 0] > 0)] = 1
    found = mosaic(x, boxes, classes, 96, "turn", generator, labels)
    assert found.x.shape == (16, 3, 96, 96)
    assert found.boxes.shape == (16, 8, 4)
    seen = 0
    for of_one, kept, numbers in zip(found.boxes, found.classes, found.labels, strict=True):
        assert set(numbers.unique().tolist()) <= {0, 1, 3, 5, 7}
        for place in range(8):
            there = (numbers == place + 1).nonzero()
            if kept[place] < 0 or len(there) < 40:
                continue
            (top, left), (bottom, right) = there.amin(dim=0), there.amax(dim=0) + 1
            assert (torch.tensor([left, top, right, bottom]) - of_one[place]).abs().max() <= 1.6
            seen += 1
    assert seen > 20


def test_shifts_neither_mirror_nor_turn():
    generator = torch.Generator().manual_seed(1)
    x = torch.zeros(32, 1, 64, 64, dtype=torch.uint8)
    x[:, :, 20:44, 20:26] = 255  # an L
    x[:, :, 38:44, 20:44] = 255
    boxes = torch.tensor([20.0, 20, 44, 44]).expand(32, 1, 4)
    found = windows(x, boxes, torch.zeros(32, 1).long(), 64, "shift", generator)
    for picture, box in zip(found.x[:, 0], found.boxes[:, 0], strict=True):
        left, top, right, bottom = box.round().long().tolist()
        if left <= 1 or top <= 1 or right >= 63 or bottom >= 63:
            continue
        inside = picture[top:bottom, left:right]
        half = inside.shape[1] // 2
        assert inside[: len(inside) // 2, :half].mean() > inside[: len(inside) // 2, half:].mean()


def test_the_light_changes_and_stays_in_range():
    x = torch.rand(16, 3, 8, 8)
    found = coloured(x, torch.Generator().manual_seed(0))
    assert found.min() >= 0
    assert found.max() <= 1
    assert (found - x).abs().mean() > 0.02
