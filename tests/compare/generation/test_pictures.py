"""What a report shows of data whose file is sorted by class."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from further.compare.generation.pictures import (
    LEAST_KEPT,
    MAX_MAP_POINTS,
    ROWS_KEPT,
    STEPS,
    kept_rows,
    pictures_by_class,
    write_latent,
    write_real,
)
from further.compare.generation.setting import Setting
from further.data.dataset import as_dataset
from further.train.files import read_json


@pytest.fixture(scope="module")
def setting() -> Setting:
    """Pictures of ten classes, one after the other; a picture is as bright as its class."""
    labels = np.repeat(np.arange(10), 1000)
    pictures = np.repeat(labels, 64).reshape(-1, 1, 8, 8).astype(np.uint8) * 20
    dataset = as_dataset(pictures, labels)
    return Setting(dataset, dataset.split(seed=0), 0, "1 steps", True)


def test_a_sheet_shows_every_class_equally_often(setting):
    shown = pictures_by_class(setting.part("test"))[:, 0, 0, 0] // 20
    assert (np.diff(shown.astype(int)) >= 0).all()
    assert set(np.bincount(shown)) == {6, 7}


def test_rare_classes_are_shown_too():
    labels = np.repeat([0, 1, 2], [500, 3, 97])
    dataset = as_dataset(np.repeat(labels, 64).reshape(-1, 1, 8, 8).astype(np.uint8), labels)
    assert np.bincount(pictures_by_class(dataset)[:, 0, 0, 0]).tolist() == [31, 3, 30]


def test_the_latent_map_and_the_interpolations_cross_classes(setting, tmp_path):
    estimator = SimpleNamespace(
        encoding_=setting.encoding,
        spec_=setting.encoding.spec,
        transform_encoded=lambda x: x.reshape(len(x), -1)[:, :1],
        inverse_transform_encoded=lambda codes, y: np.repeat(codes, 64, 1).reshape(-1, 1, 8, 8),
    )
    write_latent(estimator, setting.part("test"), tmp_path)
    drawn = read_json(tmp_path / "pictures" / "latent.json")
    assert len(drawn["x"]) == len(drawn["label"]) == MAX_MAP_POINTS
    counts = pd.Series(drawn["label"]).value_counts()
    assert len(counts) == 10
    # Of 200 rows of a class, 1,000 draws of 2,000 rows leave 100 on average, 7 the deviation.
    assert counts.between(72, 128).all()
    brightness = pd.Series(drawn["x"]).groupby(drawn["label"]).nunique()
    assert (brightness == 1).all(), "labels belong to other points"
    strips = np.asarray(Image.open(tmp_path / "pictures" / "interpolation.png"))
    ends = strips[::8][:, [0, -1]]
    assert strips.shape == (32, 8 * STEPS)
    assert len(np.unique(ends)) == 8


def test_a_table_shows_rows_of_every_class(tmp_path):
    labels = np.repeat(["a", "b", "c"], 400)
    frame = pd.DataFrame({"value": np.arange(1200) * 0.5, "kind": labels})
    dataset = as_dataset(frame[["value"]], frame["kind"])
    write_real(Setting(dataset, dataset.split(seed=0), 0, "1 steps", True), tmp_path)
    shown = pd.read_csv(tmp_path / "real.csv")
    assert len(shown) == ROWS_KEPT
    assert sorted(shown["kind"][:20].value_counts()) == [6, 7, 7]
    kept = read_json(tmp_path / "held_out.json")
    assert (shown["value"] == frame["value"].to_numpy()[kept["row"]]).all()
    assert kept["class"] == shown["kind"].tolist()


def test_the_kept_pictures_are_the_rows_that_are_told_and_lead_the_map(setting, tmp_path):
    write_real(setting, tmp_path)
    kept = read_json(tmp_path / "held_out.json")
    test = setting.part("test")
    values = np.asarray(test.values)[:, 0, 0, 0]
    sheet = np.asarray(Image.open(tmp_path / "pictures" / "held_out.png"))
    tiles = sheet[::8, ::8].ravel()[:ROWS_KEPT]
    assert (tiles == values[kept["place"]]).all()
    assert (np.asarray(setting.dataset.values)[kept["row"], 0, 0, 0] == tiles).all()
    assert (pd.Series(kept["class"]).value_counts() == 20).all()
    estimator = SimpleNamespace(
        encoding_=setting.encoding,
        spec_=SimpleNamespace(is_image=False),
        transform_encoded=lambda x: np.arange(len(x), dtype=float)[:, None],
    )
    write_latent(estimator, test, tmp_path)
    drawn = read_json(tmp_path / "pictures" / "latent.json")
    assert drawn["kept"] == ROWS_KEPT
    assert drawn["x"][:ROWS_KEPT] == kept["place"]
    assert len(set(drawn["x"])) == MAX_MAP_POINTS


def test_of_large_pictures_fewer_are_kept():
    labels = np.repeat([0, 1], 50)
    large = as_dataset(np.zeros((100, 3, 128, 128), np.uint8), labels)
    assert len(kept_rows(large)) == LEAST_KEPT
