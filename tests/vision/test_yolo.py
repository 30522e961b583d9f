"""YOLO on small scenes: what it learns, keeps, shows and refuses."""

import dataclasses

import numpy as np
import pytest
import torch

import further
from further.data import load
from further.data.target import Boxes
from further.errors import InputError
from further.evaluate.vision.detection import average_precision
from further.train.batch import Batch
from further.vision.boxes import iou
from further.vision.yolo import YOLO

TINY = {"channels": (4, 8, 8, 8, 8), "size": 64, "precision": "float32", "random_state": 0}


def _squares(n, seed=0):
    """Return pictures with a bright or a dark square each, and their boxes."""
    rng = np.random.default_rng(seed)
    x = rng.integers(100, 140, (n, 1, 64, 64)).astype(np.uint8)
    corners, codes = [], []
    for picture in x[:, 0]:
        side, code = int(rng.integers(14, 28)), int(rng.integers(2))
        left, top = rng.integers(64 - side, size=2)
        picture[top : top + side, left : left + side] = (20, 235)[code]
        corners.append([left, top, left + side, top + side])
        codes.append(code)
    boxes = Boxes(
        "squares", np.ones(n, dtype=np.int64), np.array(codes), ("dark", "light"),
        np.array(corners, dtype=np.float32),
    )  # fmt: skip
    return further.Dataset("squares", "images", x, target=boxes, levels=256)


@pytest.fixture(scope="module")
def fitted():
    return YOLO(**TINY | {"channels": (8, 16, 16, 16, 16)}, budget="400 steps").fit(_squares(64))


def test_it_finds_squares_that_it_never_saw(fitted):
    held_out = _squares(40, seed=1)
    figures = average_precision(held_out.target, fitted.predict(held_out, threshold=0.0))
    assert figures["ap50"] > 0.95
    found = fitted.predict(held_out)
    assert found.counts.sum() == pytest.approx(40, abs=4)
    assert found.names == ("dark", "light")


def _best(model, data):
    x = torch.from_numpy(model.encoding_.encode(data.take([0]))) / 255
    with torch.no_grad():
        return model.net_(x).logits.sigmoid().max()


@pytest.mark.parametrize("grid", [3, 5])
def test_a_grid_is_so_many_cells_with_so_many_boxes(grid):
    data = _squares(64)
    model = YOLO(**TINY, grid=grid, boxes_per_cell=2, budget="2 epochs").fit(data)
    raw = model.net_(torch.zeros(1, 1, 64, 64))
    assert raw.boxes.shape == (1, 2 * grid * grid, 4)
    stages = model.stages(data.take([0]))
    assert stages.cells.counts.tolist() == [grid * grid]
    assert stages.cells.corners.min() == 0
    assert stages.cells.corners.max() == pytest.approx(64)
    assert stages.cells.scores.max() == pytest.approx(float(_best(model, data)), rel=1e-4)
    # Two boxes of a cell share its classes: their scores differ by one factor for all of them.
    p = raw.logits.sigmoid()[0].reshape(-1, 2, 2)
    ratio = p[:, 0] / p[:, 1]
    torch.testing.assert_close(ratio[:, 0], ratio[:, 1], rtol=1e-3, atol=1e-5)
    assert (raw.logits.sigmoid().sum(dim=2) <= 1 + 1e-5).all()


def test_what_suppression_removed_overlaps_what_stays(fitted):
    picture = _squares(8, seed=3).take([2])
    fitted.threshold_, before = 0.01, fitted.threshold_
    stages = fitted.stages(picture)
    fitted.threshold_ = before
    assert stages.raw.counts[0] == stages.kept.counts[0] + stages.suppressed.counts[0]
    assert stages.suppressed.counts[0] > 0
    pairs = iou(
        torch.from_numpy(stages.suppressed.corners)[:, None],
        torch.from_numpy(stages.kept.corners)[None],
    )
    same = stages.suppressed.codes[:, None] == stages.kept.codes[None]
    assert ((pairs > fitted.overlap) & torch.from_numpy(same)).any(dim=1).all()


def test_the_same_seed_is_the_same_model_and_comes_back_from_disk(tmp_path):
    data = _squares(24)
    one, two = (YOLO(**TINY, budget="6 steps").fit(data) for _ in range(2))
    for a, b in zip(one.net_.parameters(), two.net_.parameters(), strict=True):
        assert torch.equal(a, b)
    again = further.load(one.save(tmp_path / "model"))
    a, b = one.predict(data, threshold=0.0), again.predict(data, threshold=0.0)
    assert a.counts.sum() > 0
    np.testing.assert_array_equal(a.corners, b.corners)
    np.testing.assert_array_equal(a.scores, b.scores)
    assert again.threshold_ == one.threshold_
    assert again.notes_ == one.notes_


def test_a_gradient_reaches_every_parameter():
    data = _squares(24)
    model = YOLO(**TINY, budget="1 step").fit(data)
    source = model._batch(model._dataset(data, None, reset=False))
    objective = model.objectives(model.net_.train())[0]
    losses = objective.loss(Batch(**source), torch.Generator().manual_seed(0))
    losses["loss"].backward()
    without = [name for name, p in model.net_.named_parameters() if p.grad is None]
    assert not without
    assert losses["box_loss"] > 0


def test_boxes_come_in_the_pixels_of_the_picture_whatever_its_size(fitted):
    data = _squares(6, seed=5)
    wide = np.full((1, 64, 128), 120, np.uint8)
    wide[0, :, :64] = data.values[0]
    large = data.values[0, 0].repeat(3, axis=0).repeat(3, axis=1)
    small = fitted.predict(data.take([0]))
    assert small.counts[0] == 1
    np.testing.assert_allclose(fitted.predict([large]).corners, small.corners * 3, atol=1.5)
    beside = fitted.predict([large, wide[0]])
    assert beside.counts[0] == 1
    np.testing.assert_allclose(beside.corners[0], small.corners[0] * 3, atol=1.5)


def test_instances_serve_as_boxes():
    scenes = load("scenes").take(np.arange(0, 680, 20))
    model = YOLO(**TINY, budget="2 steps").fit(scenes)
    assert model.names_ == tuple("0123456789")
    assert model.predict(scenes, threshold=0.0).kind == "boxes"


def test_letters_and_digits_are_not_mirrored(monkeypatch):
    asked = []
    real = further.vision.detector.windows

    def listening(*given):
        asked.append(given[4])
        return real(*given)

    monkeypatch.setattr(further.vision.detector, "windows", listening)
    YOLO(**TINY, budget="1 step").fit(load("scenes").take(np.arange(24)))
    assert set(asked) == {"shift"}
    asked.clear()
    YOLO(**TINY, budget="1 step").fit(_squares(24))
    assert set(asked) == {"mirror"}


def test_pictures_without_objects_are_learnt_from_too():
    data = _squares(24)
    empty = data.target.take(np.arange(24)[:12])
    target = dataclasses.replace(empty, counts=np.concatenate([empty.counts, np.zeros(12, int)]))
    model = YOLO(**TINY, budget="3 steps").fit(dataclasses.replace(data, target=target))
    assert np.isfinite(model.history_["train_loss"]).all()


def test_bad_input_is_refused_in_one_sentence():
    data = _squares(12)
    model = YOLO(**TINY, budget="1 step")
    with pytest.raises(InputError, match=r"learns from boxes, but digits has classes"):
        model.fit(load("digits"))
    with pytest.raises(InputError, match="table"):
        model.fit(load("iris"))
    with pytest.raises(InputError, match=r"learns from boxes, but .* has nothing"):
        model.fit(np.zeros((12, 64, 64), np.uint8))
    model.fit(data)
    with pytest.raises(InputError, match="values up to 9000, but"):
        model.predict(np.full((2, 64, 64), 9000, np.uint16))
