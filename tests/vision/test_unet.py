"""U-Net: what it chooses, refuses and finds, and that it finds it again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from further.data.target import Boxes, Instances, Mask
from further.errors import InputError
from further.train.batch import Batch
from further.train.load import load
from further.vision.mask_windows import NOTHING
from further.vision.pictures import as_pictures
from further.vision.unet import UNet
from further.vision.unet_watershed import (
    UNetWatershed,
    borders_and_interiors,
    instances_of,
)

#: Small windows, few a step.
SHORT = {"patch": 32, "training": {"batch_size": 8}, "budget": "100 steps"}
RNG = np.random.default_rng(0)
QUICK = {"width": 8, "precision": "float32", "random_state": 0}


def scenes(n: int, side: int = 48, channels: int = 1) -> tuple[np.ndarray, Mask]:
    """Return pictures of a dark disc on noise, a bright square elsewhere, and their classes."""
    y, x = np.mgrid[:side, :side]
    pictures = RNG.normal(120, 15, (n, side, side))
    codes = np.zeros((n, side, side), dtype=np.uint8)
    for i in range(n):
        cy, cx = RNG.integers(8, side - 8, 2)
        codes[i, (y - cy) ** 2 + (x - cx) ** 2 < 36] = 1
        top, left = RNG.integers(0, side - 10, 2)
        codes[i, top : top + 10, left : left + 10] = 2
    pictures += np.array([0, -50, 50])[codes]
    pictures = np.clip(pictures, 0, 255).astype(np.uint8)
    pictures = np.repeat(pictures[:, None], channels, axis=1)
    return pictures, Mask("shapes", codes, ("ground", "disc", "square"))


def cells(n: int, side: int = 48) -> tuple[np.ndarray, Instances]:
    """Return pictures of two bright cells that touch, and the mask of each."""
    y, x = np.mgrid[:side, :side]
    masks = np.zeros((n, 2, side, side), dtype=bool)
    for i in range(n):
        cy, cx = RNG.integers(14, side - 14, 2)
        near = (y - cy) ** 2 + (x - cx) ** 2 < 144
        masks[i, 0], masks[i, 1] = near & (x < cx), near & (x > cx)
    pictures = RNG.normal(60, 10, (n, side, side)) + 120 * masks.any(axis=1)
    return np.clip(pictures, 0, 255).astype(np.uint8), Instances.pack(list(masks))


def dice(truth: np.ndarray, found: np.ndarray, code: int) -> float:
    a, b = truth == code, found == code
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


@pytest.mark.parametrize("channels", [1, 3], ids=["grey", "colour"])
def test_it_finds_shapes_in_new_pictures(channels):
    X, y = scenes(40, channels=channels)
    model = UNet(**QUICK, **SHORT).fit(X[:32], y.take(np.arange(32)))
    found = model.predict(X[32:])
    assert found.kind == "mask"
    assert found.names == y.names
    for code in range(3):
        assert dice(y.codes[32:], found.codes, code) > 0.85


def test_classes_follow_from_probabilities_that_add_up():
    X, y = scenes(6)
    model = UNet(**QUICK, budget="5 steps").fit(X, y)
    p = model.predict_proba(X[:2])
    assert [part.shape for part in p] == [(3, 48, 48)] * 2
    np.testing.assert_allclose(p[0].sum(axis=0), 1, atol=1e-5)
    assert (p[1].argmax(axis=0) == model.predict(X[:2]).codes[1]).all()


@pytest.mark.parametrize("Model", [UNet, UNetWatershed])
def test_the_same_seed_is_the_same_model_and_it_comes_back_from_a_folder(Model, tmp_path):
    X, y = scenes(6) if Model is UNet else cells(6)
    models = [Model(**QUICK, budget="4 steps").fit(X, y) for _ in range(2)]
    first, second, again = (
        model.predict_proba(X) for model in (*models, load(models[0].save(tmp_path)))
    )
    for a, b, c in zip(first, second, again, strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(a, c)


@pytest.mark.parametrize("up", ["transposed", "resize"])
@pytest.mark.parametrize("loss", ["cross_entropy", "dice", "tversky"])
def test_a_gradient_reaches_every_parameter(up, loss):
    X, y = scenes(4, side=130)
    model = UNet(**QUICK, budget="3 steps", up=up, loss=loss, patch=128).fit(X, y)
    net = model.net_.train()
    model.objectives(net)[0].loss(model._batch(_dataset(X, y)), torch.Generator().manual_seed(0))[
        "loss"
    ].backward()
    without = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


def _dataset(X, y):
    import dataclasses

    return dataclasses.replace(as_pictures(X), target=y)


def test_pictures_of_different_sizes_are_seen_without_what_pads_them():
    X, y = scenes(8)
    pictures = [X[i, 0, : 48 - 3 * i, : 30 + 2 * i] for i in range(8)]
    model = UNet(**QUICK, budget="5 steps").fit(pictures, y)
    batch = model._batch(_dataset(pictures, Mask("m", y.codes[:, :48, :44], y.names)))
    for i in range(8):
        assert (batch["mask"][i] != NOTHING).sum() == pictures[i].size
    alone = [model.predict_proba([picture])[0] for picture in pictures]
    for p, picture, single in zip(model.predict_proba(pictures), pictures, alone, strict=True):
        assert p.shape[1:] == picture.shape
        np.testing.assert_allclose(p, single, atol=1e-5)
    codes = model.predict(pictures).codes
    assert not codes[7, 27:].any()


def test_sixteen_bits_are_seen_as_eight_are():
    X, y = scenes(6)
    X[0, 0, 0, :2] = 0, 255
    deep = X.astype(np.uint16) * 257
    found = [UNet(**QUICK, budget="5 steps").fit(x, y).predict(x).codes for x in (X, deep)]
    assert (found[0] == found[1]).all()


def test_large_pictures_are_seen_in_tiles(monkeypatch):
    X, y = scenes(4, side=96)
    model = UNet(**QUICK, budget="40 steps", depth=1, patch=64).fit(X, y)
    whole = model.predict_proba(X[:1])[0]
    monkeypatch.setattr("further.vision.unet.TILE", 64)
    parts = model.predict_proba(X[:1])[0]
    # Tiles end at 32 and 64; their network sees some ten pixels far.
    np.testing.assert_allclose(parts[:, :16, :16], whole[:, :16, :16], atol=1e-4)
    assert np.abs(parts - whole).mean() < 0.01


def test_it_says_what_it_chose_from_the_data():
    X, y = scenes(6, side=60)
    model = UNet(**QUICK, budget="1 steps").fit(X, y)
    assert (model.patch_, model.depth_) == (64, 3)
    assert any("64 x 64" in note and "halved 3 times" in note for note in model.notes_)
    assert any(
        "rarest class, square" in note or "rarest class, disc" in note for note in model.notes_
    )
    given = UNet(**QUICK, budget="1 steps", depth=2, patch=32).fit(X, y)
    assert (given.patch_, given.depth_) == (32, 2)


def test_pictures_are_made_smaller_only_where_masks_lose_nothing(monkeypatch):
    monkeypatch.setattr("further.vision.unet.LONG_SIDE", 128)
    side = 256
    coarse, fine = (np.zeros((1, side, side), dtype=np.uint8) for _ in range(2))
    coarse[:, 25:112, 38:188] = 1
    fine[:, ::2] = 1
    X = RNG.integers(0, 256, (1, side, side), dtype=np.uint8)
    for codes, seen in ((coarse, 128), (fine, 0)):
        model = UNet(**QUICK, budget="1 steps", patch=32, depth=1)
        y = Mask("m", codes, ("a", "b"))
        model.fit(X, y)
        assert model.encoding_.longest == seen
        assert any("256 pixels wide or high" in note for note in model.notes_)
        assert model.predict(X).codes.shape == (1, side, side)


def test_balanced_weights_are_those_of_scikit_learn():
    from sklearn.utils.class_weight import compute_class_weight

    X, y = scenes(6)
    model = UNet(**QUICK, budget="1 steps", class_weights="balanced").fit(X, y)
    expected = compute_class_weight("balanced", classes=np.arange(3), y=y.codes.ravel())
    np.testing.assert_allclose(model.class_weights_, expected, rtol=1e-5)


def test_what_cannot_be_used_is_refused_in_a_sentence():
    X, y = scenes(4)
    one = Mask("m", np.zeros_like(y.codes), ("all", "none"))
    boxes = Boxes(
        "b", np.ones(4, np.int64), np.zeros(4, np.int64), ("a",), np.zeros((4, 4), np.float32)
    )
    table = np.zeros((10, 3))
    for words, call in {
        "nothing to tell apart": lambda: UNet(**QUICK).fit(X, one),
        "learns from mask, but": lambda: UNet(**QUICK).fit(X, boxes),
        "is a table; give pictures": lambda: UNet(**QUICK).fit(table, y),
        "has nothing for a target": lambda: UNet(**QUICK).fit(X),
        "give a target with mask": lambda: UNet(**QUICK).fit(X, y.codes),
        "3 numbers above 0": lambda: UNet(**QUICK, class_weights=[1.0, 2.0]).fit(X, y),
        'loss="dice" has not': lambda: UNet(**QUICK, loss="dice", class_weights="balanced").fit(
            X, y
        ),
    }.items():
        with pytest.raises(InputError, match=words):
            call()


def test_validation_says_the_dice_of_classes():
    X, y = scenes(12)
    val = _dataset(X[8:], y.take(np.arange(8, 12)))
    model = UNet(**QUICK, budget="5 steps").fit(X[:8], y.take(np.arange(8)), validation=val)
    assert model.history_["val_mean_dice"].between(0, 1).all()


def test_watershed_separates_cells_that_touch():
    X, y = cells(40)
    model = UNetWatershed(**QUICK, **SHORT).fit(X[:32], y.take(np.arange(32)))
    found, truth = model.predict(X[32:]), y.take(np.arange(32, 40))
    assert found.scores is not None
    assert ((found.scores > 0.5) & (found.scores <= 1)).all()
    matched = 0
    for row in range(8):
        for mask in truth.masks(row):
            ious = [(mask & m).sum() / (mask | m).sum() for m in found.masks(row)]
            matched += max(ious, default=0) > 0.7
    assert matched >= 14
    assert found.counts.sum() <= 20


def test_watershed_of_what_is_told_exactly_gives_the_objects_back():
    masks = np.zeros((3, 40, 50), dtype=bool)
    masks[0, 2:20, 2:20] = masks[1, 2:20, 20:45] = masks[2, 25:28, 5:40] = True
    kinds = borders_and_interiors(masks, np.array([0, 1, 0]))
    p = np.eye(4)[kinds].transpose(2, 0, 1)
    found = instances_of([p, np.eye(4)[np.zeros((40, 50), int)].transpose(2, 0, 1)], ("a", "b"))
    assert found.counts.tolist() == [3, 0]
    again = {
        tuple(np.argwhere(m)[0]): (m, c) for m, c in zip(found.masks(0), found.codes, strict=True)
    }
    for mask, code in zip(masks, [0, 1, 0], strict=True):
        m, c = again[tuple(np.argwhere(mask)[0])]
        assert (m == mask).all()
        assert c == code


def test_interiors_that_run_together_are_cut_at_a_neck_but_not_where_there_is_none():
    y, x = np.mgrid[:40, :120]
    two = ((y - 20) ** 2 + (x - 20) ** 2 < 121) | ((y - 20) ** 2 + (x - 40) ** 2 < 121)
    bar = (abs(y - 20) < 9) & (x > 65) & (x < 115)
    p = np.zeros((3, 40, 120))
    p[2], p[0] = two | bar, ~(two | bar)
    cut, whole = (instances_of([p], neck=neck) for neck in (0.9, 0.0))
    middles = sorted(np.nonzero(m)[1].mean() for m in cut.masks(0))
    assert middles == pytest.approx([19, 41, 90], abs=1)
    assert (cut.masks(0).sum(axis=0) == whole.masks(0).sum(axis=0)).all(), "nothing is lost"
    assert whole.counts.tolist() == [2]


@pytest.mark.parametrize("neck", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("side", [4, 5, 10])
def test_no_object_is_too_small_for_its_neck(neck, side):
    p = np.zeros((3, 60, 60))
    p[2, 4 : 4 + side, 4 : 4 + side] = p[2, 20:50, 20:50] = 1
    p[0] = 1 - p[2]
    assert instances_of([p], neck=neck).counts.tolist() == [2]


def test_a_batch_is_as_large_as_its_bytes():
    X, y = scenes(4)
    model = UNet(**QUICK, budget="1 steps").fit(X, y)
    batch: Batch = model._batch(_dataset(X, y))
    assert batch.x.dtype == batch["mask"].dtype == torch.uint8


def test_pictures_of_unlike_exposure_are_stretched_and_that_is_said():
    X, y = scenes(12)
    dark = X.copy()
    dark[::2] //= 8
    model = UNet(**QUICK, budget="1 steps").fit(dark, y)
    assert any("each is stretched" in note for note in model.notes_)
    assert not any("stretched" in note for note in UNet(**QUICK, budget="1 steps").fit(X, y).notes_)
    light, low = model.predict_proba(X[:1])[0], model.predict_proba(X[:1] // 4 + 20)[0]
    assert np.abs(light - low).max() < 0.1, "it sees the same at another exposure"
    given = UNet(**QUICK, budget="1 steps", contrast="given").fit(dark, y)
    assert given.encoding_.least_range is None


def test_the_noise_of_empty_pictures_is_not_taken_for_objects():
    X, y = scenes(12)
    dark = X.copy()
    dark[::2] //= 8
    model = UNet(**QUICK, budget="1 steps").fit(dark, y)
    empty = RNG.integers(5, 8, (1, 48, 48), dtype=np.uint8)
    seen = model.encoding_.encode(_dataset(empty, None))[0, 0, :48, :48]
    assert np.ptp(seen) < 100


@pytest.mark.parametrize("up", ["transposed", "resize"])
def test_it_learns_on_a_backbone_that_was_trained_before(tmp_path, up):
    X, y = scenes(16)
    shared = {**QUICK, "backbone": "csp", "channels": (8, 16, 24, 32), "up": up}
    first = UNet(**shared, **SHORT).fit(X, y, run=tmp_path / "run")
    assert first.depth_ == 4
    found = first.predict(X).codes
    assert min(dice(y.codes, found, code) for code in range(3)) > 0.7
    assert (load(tmp_path / "run").predict(X).codes == found).all()
    frozen = UNet(
        **{**shared, "weights": str(tmp_path / "run"), "trainable": "head", "budget": "2 steps"}
    ).fit(X, y)
    ours, theirs = (dict(m.net_.backbone.stages.named_parameters()) for m in (first, frozen))
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_what_belongs_to_a_backbone_is_refused_without_one():
    X, y = scenes(4)
    with pytest.raises(InputError, match="are those of a backbone"):
        UNet(**QUICK, weights="imagenet").fit(X, y)
    with pytest.raises(InputError, match="are those of a backbone"):
        UNet(**QUICK, trainable="head").fit(X, y)
    with pytest.raises(InputError, match="leave depth or backbone out"):
        UNet(**QUICK, backbone="csp", depth=2).fit(X, y)
