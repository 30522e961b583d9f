"""Which predictions learn from which box, by hand."""

import torch

from further.vision.assignment import assign


def _cells(n, side):
    steps = (torch.arange(n) + 0.5) * side
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    centres = torch.stack([x, y], dim=2).flatten(0, 1)
    return centres, torch.full_like(centres, side)


def _boxes_around(centres, half):
    return torch.cat([centres - half, centres + half], dim=1)[None]


def test_the_best_of_those_inside_learn():
    centres, cells = _cells(4, 8.0)
    boxes = _boxes_around(centres, 8.0)
    scores = torch.full((1, 16, 2), 0.1)
    truth = torch.tensor([[[0.0, 0, 16, 16], [0, 0, 0, 0]]])
    found = assign(scores, boxes, centres, cells, truth, torch.tensor([[1, -1]]), candidates=2)
    inside = [0, 1, 4, 5]
    assert found.learns[0].nonzero().flatten().tolist()
    assert found.learns.sum() == 2
    assert all(i in inside for i in found.learns[0].nonzero().flatten().tolist())
    # It learns the class of the box alone, and the best candidate learns its overlap.
    assert found.scores[..., 0].sum() == 0
    overlap = 12 * 12 / (2 * 256 - 144)
    assert abs(float(found.scores[..., 1].max()) - overlap) < 1e-5


def test_where_nothing_is_nothing_learns():
    centres, cells = _cells(4, 8.0)
    found = assign(
        torch.full((1, 16, 2), 0.5), _boxes_around(centres, 4.0), centres, cells,
        torch.zeros(1, 3, 4), torch.full((1, 3), -1),
    )  # fmt: skip
    assert not found.learns.any()
    assert found.scores.sum() == 0


def test_a_prediction_that_suits_two_boxes_takes_the_one_it_overlaps_most():
    centres, cells = _cells(1, 32.0)
    truth = torch.tensor([[[0.0, 0, 32, 32], [8, 8, 24, 24]]])
    boxes = torch.tensor([[[7.0, 7, 25, 25]]])
    found = assign(torch.full((1, 1, 2), 0.5), boxes, centres, cells, truth, torch.tensor([[0, 1]]))
    assert found.boxes[0, 0].tolist() == [8, 8, 24, 24]
    assert found.scores[0, 0].argmax() == 1


def test_a_box_smaller_than_a_cell_is_learnt_by_one():
    centres, cells = _cells(4, 8.0)
    truth = torch.tensor([[[6.5, 6.5, 9.5, 9.5]]])  # between four centres
    found = assign(
        torch.full((1, 16, 1), 0.1), _boxes_around(centres, 4.0), centres, cells, truth,
        torch.zeros(1, 1, dtype=torch.int64),
    )  # fmt: skip
    assert found.learns.any()
