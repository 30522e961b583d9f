"""Commands about pictures, as they are typed: train, compare, evaluate, predict, export."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from further.cli.main import main
from further.data.formats import film
from squares import SIDE, TINY_OPTIONS, squares

DATA = squares()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of pictures with instances and their own split."""
    return DATA.save(tmp_path_factory.mktemp("squares") / "squares")


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the run of a detector."""
    folder = tmp_path_factory.mktemp("vision") / "run"
    arguments = ["train", "yolo", data, *TINY_OPTIONS, "--out", folder, "--quiet"]
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    assert not stopped.value.code
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of three plain pictures, one of them of another size."""
    folder = tmp_path_factory.mktemp("plain")
    for i in range(3):
        pixels = np.asarray(DATA.values[16 + i])[0]
        Image.fromarray(pixels[: SIDE - 8 * i]).save(folder / f"{i}.png")
    return folder


def test_evaluate_writes_the_json_that_is_promised(further, run) -> None:
    found = further("evaluate", run, "--json")
    assert found.status == 0, found.err
    told = json.loads(found.out)
    assert (told["run"], told["task"]) == (str(run), "detection")
    assert told["data"]["name"] == "squares"
    (model,) = told["models"]
    assert model["name"] == "yolo"
    assert model["seconds"] > 0
    assert model["seconds_per_picture"] > 0
    assert model["parameters"] > 100
    for name in ("ap", "ap50", "ap75"):
        assert set(model["metrics"][name]) >= {"value", "low", "high"}
    by_class = model["metrics"]["ap50_by_class"]
    assert set(by_class) == {"light", "dark"}
    mean = np.mean([figure["value"] for figure in by_class.values()])
    assert model["metrics"]["ap50"]["value"] == pytest.approx(mean)


def test_pictures_are_drawn_with_what_is_found(further, run, pictures, tmp_path) -> None:
    out = tmp_path / "drawn"
    found = further("predict", run, pictures, "--out", out, "--threshold", "0.01", "--json")
    assert found.status == 0, found.err
    told = json.loads(found.out)
    assert (told["file"], told["pictures"]) == (str(out), 3)
    assert set(told["counts"]) <= {"light", "dark"}
    results = json.loads((out / "predictions.json").read_text())
    assert sum(told["counts"].values()) == len(results)
    assert {Path(one["image_id"]).name for one in results} <= {"0.png", "1.png", "2.png"}
    for i in range(3):
        drawn = np.asarray(Image.open(out / f"{i}.png"))
        assert drawn.shape == (SIDE - 8 * i, SIDE, 3)
    assert all(one["bbox"][1] + one["bbox"][3] <= SIDE for one in results)
    again = further("predict", run, pictures, "--out", out)
    assert again.status == 2
    assert "exists and is not overwritten" in again.err


def test_what_is_found_is_written_as_coco_and_yolo(further, run, pictures, tmp_path) -> None:
    files = sorted(pictures.iterdir())
    for name in ("coco", "yolo"):
        out = tmp_path / name
        found = further(
            "predict", run, *files, "--format", name, "--out", out, "--threshold", "0.01",
        )  # fmt: skip
        assert found.status == 0, found.err
        assert found.out.startswith("3 pictures: ")
        from further.data import load

        read = load(out)
        assert len(read) == 3
        assert read.target.kind == "boxes"
        assert set(read.target.names) <= {"light", "dark"}
    refused = further("predict", run, pictures, "--format", "masks", "--out", tmp_path / "masks")
    assert refused.status == 2
    assert "boxes" in refused.err


def test_frames_of_a_film_are_drawn(further, run, tmp_path) -> None:
    frames = [Image.fromarray(np.asarray(DATA.values[i])[0]) for i in range(18)]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:], duration=40)
    out = tmp_path / "out"
    found = further("predict", run, tmp_path / "film.gif", "--out", out, "--json")
    assert found.status == 0, found.err
    told = json.loads(found.out)
    assert told["pictures"] == 18
    assert "Pictures are seen in grey, as in training." in told["notes"]
    assert len(list(out.glob("*.png"))) == 18
    assert (out / "000018.png").is_file()


def test_a_film_without_a_decoder_is_refused_in_a_sentence(further, run, tmp_path, monkeypatch):
    (tmp_path / "film.mp4").write_bytes(b"no film")
    monkeypatch.setattr(film, "_DECODERS", {"a_decoder_that_nobody_has": None})
    found = further("predict", run, tmp_path / "film.mp4", "--out", tmp_path / "out")
    assert found.status == 2
    assert 'install one with "pip install av"' in found.err
    assert not (tmp_path / "out").exists()


def test_labelled_pictures_are_judged(further, run, data, tmp_path) -> None:
    new = squares(10, 4, seed=1)
    folder = dataclasses.replace(new, official_split=None).save(tmp_path / "new")
    found = further("evaluate", run, folder, "--json", "--out", tmp_path / "other")
    assert found.status == 0, found.err
    told = json.loads(found.out)
    assert told["held_out"]["rows"] == 14
    assert told["models"][0]["metrics"]["ap"]["n"] == 14
    seen = further("evaluate", run, data, "--json", "--out", tmp_path / "seen")
    notes = json.loads(seen.out)["notes"]
    assert any("24 of 24 pictures equal one that the run was made from" in note for note in notes)


def test_bad_input_gets_one_sentence(further, run, data, pictures, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out"
    for arguments, said in (
        (("predict", run, tmp_path / "empty"), "holds no picture"),
        (("predict", run, tmp_path / "absent.png"), "There is no file or folder"),
        (("predict", run, pictures, "--format", "cocoa"), 'did you mean "coco"'),
        (("predict", run, pictures, "--numeric", "a"), 'takes no option "numeric"'),
        (("compare", data, "--task", "detection", "--repeats", 2), 'has no option "repeats"'),
        (("train", "yolo", data, "--grid", "0"), "grid"),
        (("train", "yolo", tmp_path / "absent"), "absent"),
        (("evaluate", run, "digits"), "detection needs boxes or instances"),
    ):
        found = further(*arguments, "--out", out)
        assert found.status == 2, arguments
        assert said in found.err
        assert "Traceback" not in found.err
        assert len(found.err.strip().splitlines()) <= 2
        assert not out.exists()


def test_what_is_no_network_of_pictures_is_not_exported(further, tmp_path) -> None:
    run = tmp_path / "tree"
    further("train", "constant_classifier", "iris", "--out", run, "--quiet")
    found = further("export", run, tmp_path / "tree.onnx")
    assert found.status == 2
    assert "no network that finds something in pictures" in found.err


def test_the_help_of_a_detector_has_its_options(further) -> None:
    found = further("train", "yolo", "--help")
    for option in ("--grid", "--boxes-per-cell", "--learning-curve", "--epochs", "--learning-rate"):
        assert option in found.out
