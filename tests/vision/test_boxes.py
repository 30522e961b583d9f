"""Overlaps of boxes, and suppression, beside values by hand and a plain loop."""

import numpy as np
import pytest
import torch

from further.vision.boxes import complete_iou, iou, suppress


def test_overlaps_by_hand():
    a = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 4, 1]])
    b = torch.tensor([[0.0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 6, 6], [0, 0, 2, 2]])
    np.testing.assert_allclose(iou(a, b), [1, 1 / 7, 0, 2 / 6], atol=1e-6)


def test_the_complete_overlap_falls_with_distance_and_with_another_shape():
    box = torch.tensor([0.0, 0, 10, 10])
    near, far = torch.tensor([12.0, 0, 22, 10]), torch.tensor([40.0, 0, 50, 10])
    assert complete_iou(far, box) < complete_iou(near, box) < 0
    # distance 12, smallest box around both 22 x 10
    assert complete_iou(near, box) == pytest.approx(-(12**2) / (22**2 + 10**2), abs=1e-5)
    wide = torch.tensor([0.0, 2.5, 10, 7.5])
    assert complete_iou(wide, box) < iou(wide, box)


def test_a_box_that_touches_nothing_still_learns_where_to_go():
    box = torch.tensor([40.0, 40, 50, 50], requires_grad=True)
    complete_iou(box, torch.tensor([0.0, 0, 10, 10])).backward()
    assert (box.grad[:2] < 0).all()


def _greedy(boxes, scores, classes, overlap):
    keep = []
    for i in range(len(boxes)):
        rivals = [j for j in keep if classes[j] == classes[i]]
        if scores[i] > 0 and all(iou(boxes[i], boxes[j]) <= overlap for j in rivals):
            keep.append(i)
    return [i in keep for i in range(len(boxes))]


def test_suppression_is_the_greedy_one():
    generator = torch.Generator().manual_seed(0)
    corner = torch.rand(3, 80, 2, generator=generator) * 60
    boxes = torch.cat([corner, corner + 10 + 20 * torch.rand(3, 80, 2, generator=generator)], 2)
    scores = torch.rand(3, 80, generator=generator).sort(descending=True).values
    scores[:, 70:] = 0
    classes = torch.randint(0, 2, (3, 80), generator=generator)
    found = suppress(boxes, scores, classes, 0.4)
    for row in range(3):
        assert found[row].tolist() == _greedy(boxes[row], scores[row], classes[row], 0.4)
    assert 0 < found.sum() < 210
