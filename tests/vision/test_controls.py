"""Controls: what is learnt by hand and on real pictures, kept in files, and judged like models."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import further
from further import registry
from further.data import load
from further.data.target import Instances, Mask
from further.errors import InputError
from further.evaluate.vision.detection import average_precision
from further.evaluate.vision.judged import judge
from further.registry import ModelEntry
from further.vision.controls import MajorityClass, MeanBox, Watershed
from made_up_boxes import boxes

CONTROLS = {"mean_box": MeanBox, "majority_class": MajorityClass, "watershed": Watershed}


def pictures(n: int, height: int = 20, width: int = 40) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, height, width), dtype=np.uint8)


def test_the_mean_box_is_that_of_the_class_with_its_frequency() -> None:
    given = boxes([(0, 0, 0, 10, 10), (0, 10, 10, 20, 20), (1, 30, 0, 40, 10)], [(0, 8, 8, 12, 12)])
    found = MeanBox().fit(pictures(2), given).predict(pictures(3))
    assert found.counts.tolist() == [2, 2, 2]
    assert found.corners[:2].tolist() == [[6, 6, 14, 14], [30, 0, 40, 10]]
    assert found.scores.tolist()[:2] == [1.0, 0.5]


def test_the_mean_box_follows_the_size_of_the_picture() -> None:
    given = boxes([(0, 10, 5, 20, 10)])
    model = MeanBox().fit(pictures(1), given)
    assert model.predict(pictures(1, 40, 80)).corners.tolist() == [[20, 10, 40, 20]]


def test_a_class_without_a_box_is_never_predicted() -> None:
    found = MeanBox().fit(pictures(1), boxes([(1, 0, 0, 10, 10)])).predict(pictures(2))
    assert found.codes.tolist() == [1, 1]
    assert found.names == ("a", "b")


def test_places_are_told_apart_where_that_is_right_more_often() -> None:
    rng = np.random.default_rng(0)
    halves = np.where(np.arange(40) < 25, 0, 1) * np.ones((6, 20, 1), dtype=int)
    noise = rng.integers(0, 2, halves.shape)
    for codes, told_apart in ((halves, True), (noise * (rng.random(halves.shape) < 0.9), False)):
        mask = Mask("mask", codes.astype(np.uint8), ("sky", "road"))
        model = MajorityClass().fit(pictures(6), mask)
        assert (model.places_ is not None) == told_apart
        assert model.majority_ == 0
        assert "left out" in model.notes_[0]
        expected = halves[:1] if told_apart else np.zeros((1, 20, 40))
        np.testing.assert_array_equal(model.predict(pictures(1)).codes, expected)
        assert not model.predict(pictures(1, 9, 9)).codes.any()


def discs(*centres: tuple[int, int], radius: int = 8) -> np.ndarray:
    y, x = np.mgrid[:60, :90]
    return np.array([np.hypot(y - a, x - b) <= radius for a, b in centres])


@pytest.mark.parametrize("side", ["brighter", "darker"])
def test_touching_discs_are_cut_apart_on_either_side(side: str) -> None:
    masks = discs((20, 20), (20, 34), (40, 70))
    dim = np.random.default_rng(0).integers(0, 40, (60, 90))
    picture = np.where(masks.any(axis=0), 200, 0) + dim
    picture = picture if side == "brighter" else 255 - picture
    X = picture.astype(np.uint8)[None]
    truth = Instances.pack([masks])
    model = Watershed().fit(X, truth)
    found = model.predict(X)
    assert found.counts.tolist() == [3]
    assert average_precision(truth, found)["ap50"] == pytest.approx(1)
    assert model.predict(np.zeros_like(X)).counts.tolist() == [0]


def test_watershed_finds_most_real_nuclei(real_data: Path, tmp_path: Path) -> None:
    folders = sorted(one for one in (real_data / "nuclei_dsb2018").iterdir() if one.is_dir())
    for folder in folders[:20]:
        shutil.copytree(folder, tmp_path / folder.name)
    every = load(str(tmp_path))
    train, test = every.take(np.arange(0, 12)), every.take(np.arange(12, len(every)))
    found = Watershed().fit(train).predict(test)
    scores = judge(test.target, found, sizes=test.sizes).scores()
    assert scores["ap50"].value > 0.4
    assert scores["aggregated_jaccard"].value > 0.4
    # Foreground as a single object each is worse: cutting it apart is what is learnt.
    assert scores["adapted_rand_error"].value < 0.4


def test_what_is_no_control_of_this_kind_is_refused() -> None:
    with pytest.raises(InputError, match="MeanBox learns from boxes"):
        MeanBox().fit(pictures(2), Mask("m", np.zeros((2, 20, 40), dtype=np.uint8), ("a",)))
    with pytest.raises(InputError, match="has nothing for a target"):
        Watershed().fit(pictures(2))


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """List the controls where the table of models does not."""
    known = {line.name for line in registry.MODELS}
    lines = tuple(
        ModelEntry(name, cls.__module__, cls.__name__, "classification", "classical", "control",
                   name) for name, cls in CONTROLS.items() if name not in known
    )  # fmt: skip
    monkeypatch.setattr(registry, "MODELS", (*registry.MODELS, *lines))


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_comes_back_from_its_files(name: str, tmp_path: Path) -> None:
    masks = [discs((20, 20), (40, 70)), discs((25, 30))]
    truth = replace(Instances.pack(masks), names=("cell",))
    X = np.array([np.where(one.any(axis=0), 200, 10) for one in masks], dtype=np.uint8)
    y = truth.seen_as(CONTROLS[name].finds)
    model = CONTROLS[name]().fit(X, y)
    again = further.load(model.save(tmp_path))
    for field, array in model.predict(X).arrays().items():
        np.testing.assert_array_equal(getattr(again.predict(X), field), array)
    assert again.n_parameters_ == model.n_parameters_
    assert model.cost_["seconds"] >= 0
