"""Detectors as ONNX files: ONNX Runtime gives the same boxes, or no file is left."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import torch

from further.errors import InputError
from further.vision.onnx import export_onnx
from further.vision.unet import UNet
from further.vision.yolo import YOLO
from small_vision import SMALL, rectangles


@pytest.fixture(scope="module")
def model():
    """Return a detector that has learnt a little: without, all cells have one score."""
    return YOLO(**SMALL | {"budget": "60 steps"}).fit(rectangles(16))


def test_what_is_missing_is_said_in_one_sentence(model, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError, match=r"needs the package onnx, .*further-ml\[onnx\]"):
        export_onnx(model, tmp_path / "a.onnx")


def test_onnx_runtime_finds_the_same_boxes(model, tmp_path) -> None:
    onnx = pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    file = tmp_path / "deep" / "yolo.onnx"
    assert export_onnx(model, file) < 1e-2
    assert [path.name for path in file.parent.iterdir()] == ["yolo.onnx"]
    data = rectangles(3, seed=5)
    x = model.encoding_.encode(data)
    pictures = {"pictures": x.astype(np.float32) / 255}
    boxes, scores = runtime.InferenceSession(file).run(["boxes", "scores"], pictures)
    with torch.no_grad():
        raw = model.net_(torch.from_numpy(pictures["pictures"]))
    assert np.allclose(boxes, raw.boxes, atol=1e-3)
    # With the same suppression they are the boxes that the model predicts.
    logits = torch.logit(torch.from_numpy(scores))
    sizes = np.tile([[64, 48]], (3, 1))
    # (The surest of them: where scores are the same to six digits, which one stays is chance.)
    least = float(np.quantile(model.predict(data, threshold=0.0).scores, 0.75))
    theirs = raw._replace(boxes=torch.from_numpy(boxes), logits=logits)
    found = model.boxes_of(theirs, np.ones(3), sizes, least)
    expected = model.predict(data, threshold=least)
    assert len(expected.scores) >= 10
    distances = np.abs(found.corners[:, None] - expected.corners[None]).max(axis=2)
    assert (distances.min(axis=0) < 0.05).all()
    assert (distances.min(axis=1) < 0.05).all()
    facts = {entry.key: entry.value for entry in onnx.load(file).metadata_props}
    assert json.loads(facts["classes"]) == ["red", "green"]

    class Wrong(torch.nn.Module):
        def forward(self, x):
            return tuple(torch.zeros(2, len(x), 1) + torch.rand(()) * (1 + x.sum()))

    # Numbers that ONNX Runtime draws itself are never those of torch.
    model.exported = lambda: (Wrong(), ("boxes", "scores"))
    with pytest.raises(InputError, match="no file is left"):
        export_onnx(model, tmp_path / "wrong" / "yolo.onnx")
    assert list((tmp_path / "wrong").iterdir()) == []


def test_a_network_of_masks_is_written_too(tmp_path) -> None:
    for package in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(package)
    model = UNet(width=4, depth=2, budget="2 steps", precision="float32", random_state=0)
    assert export_onnx(model.fit(rectangles()), tmp_path / "unet.onnx") < 1e-4
