"""Backbones: features of several scales, weights from elsewhere, and what stays frozen."""

from __future__ import annotations

import urllib.error

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from further.errors import InputError
from further.supervised import CNNClassifier
from further.vision.backbone import describe, make
from further.vision.backbone_weights import initialise
from further.vision.yolo import YOLO
from small_vision import SMALL, needs_torchvision, rectangles

CSP = {"name": "csp", "channels": [4, 8, 8, 8, 8]}


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """Return the folder of a convolutional network that tells red from green pictures."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = rng.integers(0, 60, (40, 3, 32, 32)).astype(np.uint8)
    x[np.arange(40), y] += 150
    folder = tmp_path_factory.mktemp("classifier")
    model = CNNClassifier(channels=(4, 6, 8, 8), budget="20 steps", precision="float32",
                          random_state=0)  # fmt: skip
    model.fit(x, y, run=folder / "run")
    return folder / "run", model


def test_features_have_cells_of_8_16_and_32_pixels() -> None:
    backbone = make(CSP, 3)
    features = backbone(torch.zeros(2, 3, 64, 96))
    assert [tuple(f.shape) for f in features] == [(2, 8, 8, 12), (2, 8, 4, 6), (2, 8, 2, 3)]
    assert backbone.strides == (8, 16, 32)
    assert make(CSP, 3, finest=4).strides == (4, 8, 16, 32)


@pytest.mark.parametrize(("trainable", "learns"), [("all", 5), (2, 2), ("head", 0)])
def test_what_is_frozen_keeps_weights_and_statistics(trainable, learns) -> None:
    data = rectangles()
    model = YOLO(**SMALL, trainable=trainable)
    before = {}
    model.begin = lambda net, rows, generator: before.update(
        {k: v.clone() for k, v in net.backbone.state_dict().items()}
    )
    model.fit(data)
    after = model.net_.backbone.state_dict()
    moved = {k.split(".")[1] for k in after if k.startswith("stages") and
             not torch.equal(before[k], after[k])}  # fmt: skip
    assert moved == {str(i) for i in range(5 - learns, 5)}


def test_the_convolutions_of_a_classifier_become_a_backbone(classifier) -> None:
    run, trained = classifier
    described = describe("cnn", (16, 32), str(run))
    assert described["channels"] == [4, 6, 8, 8]
    backbone = make(described, 3, finest=4).eval()
    initialise(backbone, described, str(run))
    x = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        last = backbone(x)[-1]
        assert torch.allclose(last, trained.net_.stages(x), atol=1e-6)


def test_a_detector_starts_from_a_classifier_and_comes_back_without_it(
    classifier, tmp_path
) -> None:
    run, trained = classifier
    data = rectangles()
    settings = {**SMALL, "backbone": "cnn", "weights": str(run), "trainable": "head"}
    model = YOLO(**settings).fit(data)
    kept = model.net_.backbone.stages.state_dict()
    own = list(trained.net_.stages.state_dict().values())
    assert all(torch.equal(a, b) for a, b in zip(kept.values(), own, strict=True))
    # All that the network is built from again is in the model.
    other = YOLO(**{**settings, "weights": "a run that is gone"})
    other.backbone_, other.spec_ = model.backbone_, model.spec_
    other.build(other.spec_).load_state_dict(model.net_.state_dict())


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_weights_come_from_a_file(tmp_path, suffix) -> None:
    source, target = make(CSP, 3), make(CSP, 3)
    path = tmp_path / f"weights{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(source.state_dict(), path)
    initialise(target, CSP, str(path))
    stages = zip(source.stages.parameters(), target.stages.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in stages)


class _Code:
    """What no file of weights may hold."""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no such file or run"),
        (b"no weights", "cannot be read as weights"),
        (_Code(), "cannot be read as weights"),
        ({"a": 1}, "holds no tensors"),
        ({"stages.0.0.0.weight": torch.zeros(1)}, "do not fit the backbone"),
    ],
)
def test_a_file_that_will_not_do_is_refused(tmp_path, content, told) -> None:
    path = tmp_path / "weights.pt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(InputError, match=told):
        initialise(make(CSP, 3), CSP, str(path))


def test_there_are_no_official_weights_of_ours() -> None:
    with pytest.raises(InputError, match='weights="imagenet": there are none for backbone="csp"'):
        YOLO(**SMALL, weights="imagenet").fit(rectangles())


def test_too_shallow_a_backbone_is_refused() -> None:
    with pytest.raises(InputError, match="features of too few scales"):
        YOLO(**{**SMALL, "channels": (4, 8, 8)}).fit(rectangles())


@needs_torchvision
@pytest.mark.parametrize(
    "name",
    ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "squeezenet1_1", "regnet_x_400mf"],
)
def test_networks_of_torchvision_have_the_features_of_their_layers(name) -> None:
    backbone = make(describe(name, (), None), 1).eval()
    with torch.no_grad():
        features = backbone(torch.rand(1, 1, 64, 64))
    for feature, stride, channels in zip(
        features, backbone.strides, backbone.channels, strict=True
    ):
        assert feature.shape[1] == channels
        assert feature.shape[2] == pytest.approx(64 / stride, abs=1)  # some are not padded


@needs_torchvision
def test_weights_of_a_whole_network_fill_its_backbone(tmp_path) -> None:
    import torchvision
    from torchvision.models.feature_extraction import create_feature_extractor

    net = torchvision.models.resnet18(num_classes=7).eval()
    torch.save(net.state_dict(), tmp_path / "resnet18.pth")
    described = describe("resnet18", (), None)
    backbone = make(described, 3).eval()
    initialise(backbone, described, str(tmp_path / "resnet18.pth"))
    whole = create_feature_extractor(net, {"layer2": "8", "layer3": "16", "layer4": "32"})
    x = torch.rand(1, 3, 64, 64)
    backbone.enter = torch.nn.Identity()  # theirs leaves normalising to the user
    with torch.no_grad():
        for ours, theirs in zip(backbone(x), whole(x).values(), strict=True):
            assert torch.allclose(ours, theirs, atol=1e-5)


@needs_torchvision
def test_official_weights_that_cannot_be_reached_are_asked_for_as_a_file(monkeypatch) -> None:
    def unreachable(*_args, **_settings):
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    described = describe("resnet18", (), None)
    with pytest.raises(InputError, match="resnet18 cannot be fetched") as told:
        initialise(make(described, 3), described, "imagenet")
    assert ".pth" in str(told.value)
    assert "give its path as weights" in str(told.value)


@needs_torchvision
def test_what_has_no_features_of_several_scales_is_refused() -> None:
    for name in ("vit_b_32", "swin_t"):
        with pytest.raises(InputError, match="features of too few scales"):
            make(describe(name, (), None), 3)
    with pytest.raises(InputError, match='did you mean "resnet18"'):
        describe("resnet_18", (), None)
