"""Detections of any framework in files of COCO with attributes; rows that depend on each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from further.compare.auditing import audit
from further.errors import InputError
from further.evaluate.clustered_share import clustered_share_intervals
from further.evaluate.share import share_intervals


def write(folder: Path, pictures: int = 60, seed: int = 0) -> tuple[Path, Path, dict[str, int]]:
    """Write six people a picture, of whom those in dark clothes are often missed at night."""
    rng = np.random.default_rng(seed)
    images, people, found = [], [], []
    missed = {"dark": 0, "bright": 0}
    for i in range(pictures):
        night = bool(i % 2)
        images.append({
            "id": 100 + i, "file_name": f"{i}.png", "width": 640, "height": 480,
            "attributes": {"light": "night" if night else "day"},
        })  # fmt: skip
        for j in range(6):
            clothes = "dark" if j < 3 else "bright"
            box = [100.0 * j, 20.0, 30.0, 100.0]
            people.append({
                "id": len(people), "image_id": 100 + i, "category_id": 7, "bbox": box,
                "area": 3000.0, "iscrowd": 0, "attributes": {"clothes": clothes},
            })  # fmt: skip
            if rng.random() < (0.5 if night and clothes == "dark" else 0.1):
                missed[clothes] += 1
                continue
            shifted = [box[0] + 1, box[1] - 2, *box[2:]]
            found.append({
                "image_id": 100 + i, "category_id": 7, "bbox": shifted,
                "score": float(rng.uniform(0.5, 1)),
            })  # fmt: skip
        if i % 3 == 0:
            alarm = {"image_id": 100 + i, "category_id": 7, "bbox": [5, 300, 20, 40], "score": 0.9}
            found.append(alarm)
        # Below the threshold it counts neither way.
        found.append({**found[-1], "bbox": [300, 300, 20, 40], "score": 0.1})
    truth = {
        "images": images, "annotations": people, "categories": [{"id": 7, "name": "person"}]
    }  # fmt: skip
    files = folder / "truth.json", folder / "found.json"
    for file, content in zip(files, (truth, found), strict=True):
        file.write_text(json.dumps(content))
    return *files, missed


def test_misses_are_counted_by_attributes_of_objects_and_pictures(tmp_path):
    truth, found, missed = write(tmp_path)
    record = audit(found, label=str(truth), group="clothes,light", threshold=0.5).to_json()
    assert record["kind"] == "objects"
    of = {tuple(g["group"].values()): g for g in record["groups"]}
    assert of["dark",]["fn"] == missed["dark"]
    assert of["dark",]["tp"] + of["dark",]["fn"] == 180
    # False alarms wear no clothes.
    assert any("false alarms have no clothes" in note for note in record["notes"])
    assert record["sentence"].startswith("False negative rate by ")
    night = of["dark", "night"]["metrics"]["fnr"]
    assert night["low"] > of["bright", "night"]["metrics"]["fnr"]["high"]


def test_false_alarms_are_counted_by_attributes_of_pictures(tmp_path):
    truth, found, _ = write(tmp_path)
    record = audit(found, label=str(truth), group="light", threshold=0.5).to_json()
    assert sum(g["fp"] for g in record["groups"]) == 20
    day = record["groups"][0]
    assert day["metrics"]["ppv"]["value"] == pytest.approx(day["tp"] / (day["tp"] + day["fp"]))
    assert "fpr" not in day["metrics"]
    sizes = audit(found, label=str(truth), group="size,class", threshold=0.5).to_json()
    assert {g["group"].get("size") for g in sizes["groups"]} == {"small", "medium", None}


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda t, f: f[0].update(image_id=5), "there is no image 5"),
        (lambda t, f: f[0].update(category_id=5), "there is no category 5"),
        (lambda t, f: f[0].update(bbox=[1, 2, 3]), "four numbers"),
        (lambda t, f: f[0].update(bbox=[1, 2, 3, "a"]), "four numbers"),
        (lambda t, f: f[0].pop("score"), "score must be a number"),
        (lambda t, f: t.pop("images"), "no annotation file of COCO"),
    ],
)
def test_damaged_files_are_refused_with_the_place(tmp_path, spoil, told):
    truth, found, _ = write(tmp_path, pictures=4)
    tables = [json.loads(file.read_text()) for file in (truth, found)]
    spoil(*tables)
    for file, table in zip((truth, found), tables, strict=True):
        file.write_text(json.dumps(table))
    with pytest.raises(InputError, match=told):
        audit(found, label=str(truth), group="light", threshold=0.5)


def test_what_is_missing_is_asked_for(tmp_path):
    truth, found, _ = write(tmp_path, pictures=4)
    with pytest.raises(InputError, match="--threshold T"):
        audit(found, label=str(truth), group="light")
    with pytest.raises(InputError, match="--label FILE"):
        audit(found, group="light", threshold=0.5)
    truth.write_text("{")
    with pytest.raises(InputError, match="line 1, column 2: not valid JSON"):
        audit(found, label=str(truth), group="light", threshold=0.5)


def test_a_run_of_a_detector_is_audited_by_size_and_class(real_runs):
    record = audit(real_runs.path("boxes"), group="size,class", threshold=0.1, model="model0")
    assert record.to_json()["kind"] == "objects"


def test_visits_of_a_person_are_not_as_many_people():
    rng = np.random.default_rng(0)
    people, visits = 60, 20
    y = np.repeat(rng.random(people) < 0.5, visits)
    wrong = np.repeat(rng.random(people) < 0.3, visits)
    frame = pd.DataFrame({
        "y": y.astype(int), "said": (y ^ wrong).astype(int), "who": np.arange(len(y)) // visits,
        "sex": np.repeat(rng.choice(["f", "m"], people), visits),
    })  # fmt: skip
    plain = audit(frame, label="y", score="said", group="sex").to_json()
    aware = audit(frame, label="y", score="said", group="sex", unit="who").to_json()
    one, other = (r["groups"][0]["metrics"]["fpr"] for r in (plain, aware))
    assert one["value"] == other["value"]
    # Twenty visits that are all alike say no more than one.
    assert other["high"] - other["low"] > 3 * (one["high"] - one["low"])
    assert any('60 different "who"' in note for note in aware["notes"])


CLUSTERS = [(12, 5, 0.2, 0.3), (30, 10, 0.1, 0.2), (100, 6, 0.3, 0.3), (200, 5, 0.2, 0.5)]


@pytest.mark.parametrize(("clusters", "size", "alike", "share"), CLUSTERS)
def test_shares_of_clustered_rows_are_held_as_often_as_said(clusters, size, alike, share):
    rng = np.random.default_rng(0)
    held = plain = 0
    repetitions = 1000
    spread = (1 - alike) / alike
    for _ in range(repetitions):
        of = np.repeat(np.arange(clusters), 1 + rng.poisson(size - 1, clusters))
        rates = rng.beta(share * spread, (1 - share) * spread, clusters)
        x = rng.random(len(of)) < rates[of]
        within, codes = np.ones(len(x), dtype=bool), np.zeros(len(x), dtype=np.int64)
        found = clustered_share_intervals(x, within, codes, of, 1)
        held += bool(found.low[0] <= share <= found.high[0])
        naive = share_intervals(x.sum(), len(x))
        plain += bool(naive.low <= share <= naive.high)
    assert 0.93 <= held / repetitions <= 0.985
    assert plain / repetitions < 0.9
