"""Faster R-CNN and Mask R-CNN: refusals without torchvision, and what they learn with it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

import further
from further.errors import InputError
from further.registry import find_model
from further.vision.faster_rcnn import FasterRCNN
from further.vision.mask_rcnn import MaskRCNN, label_map
from small_vision import SMALL, has_torchvision, needs_torchvision, rectangles

BOTH = (FasterRCNN, MaskRCNN)


@pytest.mark.parametrize("cls", BOTH)
def test_what_is_missing_is_said_in_one_sentence(cls, monkeypatch) -> None:
    """None in sys.modules is how Python says that a module cannot be imported."""
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(InputError, match=rf"{cls.__name__} needs the package torchvision") as told:
        cls(**SMALL).fit(rectangles())
    assert "further-ml[vision]" in str(told.value)
    assert "\n" not in str(told.value)


def test_listing_the_models_imports_no_torchvision() -> None:
    script = (
        "import sys; from further.registry import models_for; "
        "[line.load() for t in ('detection', 'instances') for line in models_for(t)]; "
        "print('torchvision' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_the_table_of_models_has_both() -> None:
    assert find_model("faster_rcnn").load() is FasterRCNN is further.FasterRCNN
    assert find_model("mask-rcnn", "instances").load() is MaskRCNN


def test_a_map_of_labels_gives_overlaps_to_the_smaller_object() -> None:
    target = rectangles(3).target
    for row in range(3):
        labels = label_map(target, row)
        assert (np.stack([labels == 1, labels == 2]) == target.masks(row)).all()


@needs_torchvision
@pytest.mark.parametrize("cls", BOTH)
def test_the_same_seed_twice_is_the_same_model_and_a_run_brings_it_back(cls, tmp_path) -> None:
    data = rectangles()
    # What a process drew before must not matter.
    first = cls(**SMALL).fit(data, run=tmp_path / "run")
    torch.rand(5)
    again, loaded = cls(**SMALL).fit(data), further.load(tmp_path / "run")
    found = first.predict(data, threshold=0.0)
    assert found.counts.sum() > 0
    for other in (again, loaded):
        theirs = other.predict(data, threshold=0.0)
        for name, array in found.arrays().items():
            assert np.array_equal(array, theirs.arrays()[name]), name


@needs_torchvision
@pytest.mark.parametrize("cls", BOTH)
def test_it_learns_and_is_judged_in_bfloat16(cls) -> None:
    data = rectangles()
    model = cls(**{**SMALL, "precision": "bfloat16"}).fit(data, validation=data.take([0, 1]))
    found = model.predict(data, threshold=0.0)
    assert found.scores.dtype == np.float32
    assert (found.scores <= 1).all()


@needs_torchvision
@pytest.mark.parametrize("cls", BOTH)
def test_a_gradient_reaches_every_parameter(cls) -> None:
    data = rectangles()
    model = cls(**SMALL).fit(data)
    net = model.net_.requires_grad_(True).train()
    loss = model.objectives(net)[0].loss(model._batch(data), torch.Generator().manual_seed(0))
    next(iter(loss.values())).backward()
    without = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []


@needs_torchvision
def test_losses_are_those_of_torchvision_s_own_assembly() -> None:
    """The same parts within torchvision's model, with its scaling and normalising off."""
    from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN

    from further.vision.augmentation import Boxed

    data = rectangles(4)
    model = FasterRCNN(**SMALL, augmentation="none").fit(data)
    net = model.net_.train()
    batch = model._batch(data)
    seen = Boxed(batch.x / 255.0, batch["boxes"], batch["box_classes"])
    seed = int(torch.randint(2**31, (), generator=torch.Generator().manual_seed(3)))
    ours = net.losses(seen, torch.Generator().manual_seed(3))

    class Features(torch.nn.Module):
        def forward(self, x):
            return net._features(x)[0]

    class AsTheyAre(torch.nn.Module):
        def forward(self, images, targets):
            return net._features(torch.stack(images))[1], targets

        def postprocess(self, found, _sizes, _before):
            return found

    whole = GeneralizedRCNN(Features(), net.proposer, net.regions, AsTheyAre()).train()
    targets = [
        {"boxes": boxes[classes >= 0], "labels": classes[classes >= 0] + 1}
        for boxes, classes in zip(seen.boxes, seen.classes, strict=True)
    ]
    torch.manual_seed(seed)
    theirs = whole(list(seen.x), targets)
    assert ours["loss"].item() == pytest.approx(sum(theirs.values()).item(), rel=1e-5)
    assert set(ours) == {"loss", *(f"{name.removeprefix('loss_')}_loss" for name in theirs)}


@needs_torchvision
def test_boxes_are_the_same_without_masks() -> None:
    net = MaskRCNN(**SMALL).fit(rectangles()).net_
    x = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for alone, whole in zip(net.boxes(x, 0.0), net(x, 0.0), strict=True):
            assert len(alone["scores"]) > 0
            assert all(torch.equal(alone[key], whole[key]) for key in alone)


@needs_torchvision
def test_anchors_have_the_sizes_of_the_boxes_and_that_is_said() -> None:
    model = FasterRCNN(**SMALL).fit(rectangles())
    # All boxes are 18 x 20 pixels of 64, as the network sees them.
    assert model.anchors_.min() == pytest.approx(np.sqrt(18 * 20))
    assert np.allclose(model.ratios_, 20 / 18)
    assert "Anchors have sides of 19, " in " ".join(model.notes_)


@needs_torchvision
def test_proposals_are_boxes_in_the_pixels_of_the_pictures() -> None:
    data = rectangles()
    found = FasterRCNN(**SMALL).fit(data).proposals(data)
    assert found.names == ("object",)
    assert len(found.counts) == len(data)
    assert (found.corners >= 0).all()
    assert (found.corners <= [64, 48, 64, 48]).all()
    for row in range(len(data)):
        assert (np.diff(found.scores[found.of_row(row)]) <= 0).all()


@needs_torchvision
@pytest.mark.slow
def test_rectangles_are_found_and_cut_out() -> None:
    train, test = rectangles(64), rectangles(16, seed=1)
    settings = {
        **SMALL,
        "budget": "150 steps",
        "augmentation": "none",
        "channels": (8, 16, 16, 16, 16),
    }
    model = MaskRCNN(**settings).fit(train)
    found = model.predict(test)
    overlaps, right = [], []
    for row in range(len(test)):
        masks, codes = found.masks(row), found.codes[found.of_row(row)]
        for mask, code in zip(
            test.target.masks(row), test.target.codes[test.target.of_row(row)], strict=True
        ):
            shared = [(mask & m).sum() / (mask | m).sum() for m in masks] or [0.0]
            overlaps.append(max(shared))
            right.append(len(codes) > 0 and codes[int(np.argmax(shared))] == code)
    assert np.mean(overlaps) > 0.7
    assert np.mean(right) > 0.9


def test_torchvision_of_another_torch_is_refused_as_well(monkeypatch) -> None:
    """Its import raises a RuntimeError there: an operator does not exist."""

    def imported(name: str):
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr("further.vision.backbone.importlib.import_module", imported)
    with pytest.raises(InputError, match="which does not load"):
        FasterRCNN(**SMALL).fit(rectangles())
    assert not has_torchvision()
