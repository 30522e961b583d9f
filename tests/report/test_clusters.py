from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from page_reader import Page, read, specs_of
from page_reader import page_of as page

from further.compare.clustering.clustering import cluster_table
from further.report import render
from further.report.page import page_of
from further.report.run_folder import read_run
from real_runs import HOSTILE, iris

TITLES = (
    "The clusters", "Seen in a plane", "Row by row", "How many clusters?", "Does it hold?",
    "How much the initialisation matters", "k-means, step by step", "The most unusual rows",
    "The clusters as rules", "What each column was taken for",
    "What was found in the data", "Time, energy and carbon", "What the figures cannot show",
    "How to get this again",
)  # fmt: skip
Run = Callable[[str], Path]


def write(folder: Path, evaluation: dict[str, Any]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "evaluation.json").write_text(json.dumps(evaluation))
    (folder / "run.json").write_text('{"task": "clustering", "status": "finished"}')


def test_answers_first_and_holds_every_part_in_order(run: Run) -> None:
    parsed, found = page(run("iris")), read(run("iris"))
    source = (run("iris") / "report.html").read_text(encoding="utf-8")
    assert tuple(re.findall("<h2>(.*?)</h2>", source)) == TITLES
    assert source.index("<h1>3 clusters by k-means, of") < source.index("<h2>")
    assert f"Stability {found['stability']['value']:.2f}" in parsed.text
    assert "Columns used 4 of 4" in parsed.text
    assert "further cluster iris --seed 0" in parsed.text
    assert f"Energy is {found['energy']['method']}." in parsed.text
    by_k: dict[int, list[str]] = {}
    for item in found["criteria"]["items"]:
        by_k.setdefault(item["k"], []).append(item["label"])
    assert len(by_k) > 1
    for k, labels in by_k.items():
        if k is not None:
            assert f"k = {k} by {labels[0]}" in parsed.text
    assert found["profile"][0]["features"][0]["text"] in parsed.text
    assert "On the map" not in parsed.text


def test_every_chart_has_words_and_its_data_as_a_table(run: Run) -> None:
    marks: set[str] = set()
    for name in ("iris", "uniform", "airports", "tree"):
        source = render(run(name)).read_text(encoding="utf-8")
        charts = [one for one in Page(source).all("div") if "data-chart" in one]
        assert all(len(one["aria-label"] or "") > 20 for one in charts)
        figures = re.findall(r"<figure class=\"chart.*?</figure>", source, flags=re.S)
        assert len(figures) == len(charts)
        assert all("<details" in figure and "<table>" in figure for figure in figures)
        marks |= {spec.get("mark", "player") for spec in specs_of(run(name))}
    assert marks == {
        "clusters", "degrees", "silhouettes", "criterion", "tendency", "initialisations",
        "clustergram", "dendrogram", "player",
    }  # fmt: skip


def test_no_structure_is_said_first_and_shown(run: Run) -> None:
    text = page(run("uniform")).text
    assert "No cluster structure was found: " in text
    assert text.rindex("Why no clusters") < text.rindex("Seen in a plane")
    assert "within the range of data without structure" in text
    assert "The clusters as rules" not in text
    assert "not stable" not in text


def test_one_cluster_that_was_asked_for_is_not_called_no_structure(damaged: Any) -> None:
    def ask(found: dict[str, Any]) -> None:
        found.update(k=1, asked={"k": 1})

    run = damaged("iris", ask)
    text = page(run).text
    by_rule = read(run)["criteria"]["k"]
    assert f"k = 1 was asked for; the rule of this report would say k = {by_rule}" in text
    assert "no more cluster structure" not in text
    assert "no structure found" not in text
    assert "Why no clusters" not in text


def test_text_of_the_data_is_never_markup(run: Run) -> None:
    for training_examples in (True, False):
        parsed = page(run("hostile iris"), training_examples=training_examples)
        assert not any(name.startswith("on") for _, found in parsed.tags for name in found)
        assert not parsed.all("img")
        # Our own eight, and specifications that run nothing.
        assert sum("type" not in attributes for attributes in parsed.all("script")) == 8
        assert parsed.text.count(" ".join(HOSTILE.split())) > 5
        source = (run("hostile iris") / "report.html").read_text(encoding="utf-8")
        assert "<script>alert" not in source


def test_fetches_nothing(run: Run) -> None:
    parsed = page(run("iris"))
    policy = next(m["content"] for m in parsed.all("meta") if "http-equiv" in m) or ""
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert policy.count("'sha256-") == 8
    assert "unsafe-eval" not in policy
    for _, attributes in parsed.tags:
        assert "srcset" not in attributes
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith("#")
    assert (run("iris") / "report.html").stat().st_size < 1_000_000


def test_rows_of_the_data_can_be_left_out(tmp_path: Path, run: Run) -> None:
    frame = iris().round(1)
    # A value that stands in one row only, the most unusual one, and one in a cluster of two rows.
    frame.iloc[0, 0] = 9.8765
    far = pd.DataFrame([[90.25, 80.5, 70.125, 60.75]] * 2, columns=frame.columns)
    rows = pd.concat([frame, far], ignore_index=True)
    folder = cluster_table(rows, k=3, k_max=3, out=tmp_path / "run").path
    whole = page(folder).text
    assert "9.877" in whole
    assert "90.25" in whole
    shared = page(folder, training_examples=False)
    source = (folder / "report.html").read_text(encoding="utf-8")
    assert "Made to be shared" in shared.text
    assert "Left out on request" in shared.text
    for told in ("9.8765", "9.877", "90.25", "Typical and borderline", "data-kmeans>"):
        assert told not in source
    for spec in specs_of(folder):
        if spec["mark"] in ("clusters", "degrees"):
            assert spec["data"]["x"] == []
    page(run("airports"), training_examples=False)
    shared_map = (run("airports") / "report.html").read_text(encoding="utf-8")
    assert str(round(read(run("airports"))["map"]["latitude"][5], 4)) not in shared_map


def _without(value: Any, change: str) -> Iterator[tuple[str, Any]]:
    """Give every copy of a JSON value that lacks one key, or has null or nonsense there."""
    if isinstance(value, dict):
        for key in value:
            lacking = dict(value)
            if change == "absent":
                del lacking[key]
            else:
                lacking[key] = None if change == "null" else "nonsense"
            yield key, lacking
            for name, inner in _without(value[key], change):
                yield f"{key}.{name}", {**value, key: inner}
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for name, inner in _without(value[0], change):
            yield name, [inner, *value[1:]]


@pytest.mark.parametrize(
    "change", ["absent", pytest.param("null", marks=pytest.mark.slow), "nonsense"]
)
def test_any_key_may_be_missing(run: Run, change: str) -> None:
    counted = 0
    for name_of_run in ("tree", "airports", "iris"):
        folder = run(name_of_run)
        whole, evaluation = read_run(folder), read(folder)
        changed = list(_without(evaluation, change))
        counted += len(changed)
        for place, (name, lacking) in enumerate(changed):
            if name == "task" or (name_of_run == "iris" and place % 4):
                continue
            content = replace(whole, evaluation=lacking, training_examples=place % 4 > 0)
            described = page_of(content)
            sections = [part.html() for part in described.sections if part.content]
            source = "".join([described.headline, described.warnings or "", *sections])
            if place % 8 == 0:
                assert not Page(source).open, name
            words = re.sub("<script.*?</script>|<[^>]*>", " ", source)
            assert not {"None", "nan", "null"} & set(words.split()), name
    assert counted > 300


def test_an_empty_run_says_what_it_lacks(tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    write(folder, {"schema": 1, "task": "clustering"})
    assert "no clustering was recorded" in page(folder).text
    (folder / "evaluation.json").unlink()
    record = {"task": "clustering", "status": "interrupted", "data": {"name": "wine"}}
    (folder / "run.json").write_text(json.dumps(record))
    text = page(folder).text
    assert "wine: no clustering was recorded" in text
    assert "This run was interrupted; resume it with further resume" in text


def test_lists_of_odd_lengths_and_many_clusters(damaged: Any) -> None:
    def damage(evaluation: dict[str, Any]) -> None:
        many = evaluation["profile"][0]
        evaluation["profile"] = [dict(many, cluster=number) for number in range(80)]
        evaluation["projection"]["y"] = evaluation["projection"]["y"][:40]
        evaluation["projection"]["cluster"][:5] = [-1, None, 17, 900, "2"]
        evaluation["criteria"]["items"][0]["low"] = [1.0]
        evaluation["criteria"]["items"][1]["values"] = [None, float("nan"), 0.5]
        evaluation["dendrogram"]["merges"][3][0] = 4000
        evaluation["silhouette"]["clusters"][0]["values"] = []

    parsed = page(damaged("tree", damage))
    assert "68 more clusters" not in parsed.text
    assert "48 more clusters" in parsed.text
    assert "20 more are in evaluation.json" in parsed.text
    assert "Merge by merge" not in parsed.text
    assert "Noise" in parsed.text


def test_sentences_follow_the_figures(damaged: Any) -> None:
    def change(evaluation: dict[str, Any]) -> None:
        evaluation["criteria"]["tendency"].update(found=False, statistic=0.2, low=0.31, high=0.44)
        evaluation["criteria"].update(agree=True, k=2, sentence="")
        evaluation["stability"].update(value=0.41, low=0.3, high=0.52)
        jaccard = {"value": 0.55, "low": 0.4, "high": 0.8, "n": 20, "method": "mean"}
        unstable = {"cluster": 2, "jaccard": jaccard, "recovered": 0.1, "dissolved": 0.45}
        evaluation["cluster_stability"] = {
            "stable_from": 0.75,
            "pattern_from": 0.6,
            "clusters": [unstable | {"verdict": "unstable"}],
        }
        evaluation["silhouette"].update(sampled=True, n=5000)
        evaluation["noise"] = 6

    text = page(damaged("iris", change)).text
    assert "0.200, lies below the range of data without structure" in text
    assert "The criteria agree:" in text
    assert "k = 3 was asked for; the rule of this report would say k = 2." in text
    assert "agree to an adjusted Rand index of 0.41 (0.30–0.52) on average" in text
    assert "Cluster 2 is not stable: another sample of such rows" in text
    assert "From 0.75 on a cluster is stable; from 0.60 on it is a pattern" in text
    assert "Cluster 2 unstable 0.55 0.40–0.80 20 10 % 45 %" in text
    assert "Computed on a seeded sample of the rows: silhouette (5,000 rows)." in text
    assert "In no cluster 6 4.0 %" in text


def test_branches_of_a_dendrogram_have_the_colour_of_their_cluster(run: Run) -> None:
    render(run("tree"))
    tree = next(spec for spec in specs_of(run("tree")) if spec.get("mark") == "dendrogram")
    clusters = tree["data"]["cluster"]
    # The last merge joins the two clusters; each of the others is within one.
    assert clusters[-1] is None
    assert set(clusters[:-1]) == {0, 1}
    assert tree["data"]["height"] == sorted(tree["data"]["height"])
    # Branches do not cross: every merge stands between its two branches.
    for left, right in zip(tree["data"]["left"], tree["data"]["right"], strict=True):
        assert left < right


def test_the_other_pages_stay_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text('{"task": "generation", "status": "finished"}')
    assert page_of(read_run(folder)).scripts == (
        "vendor/d3.min.js", "vendor/plot.min.js", "charts.js",
    )  # fmt: skip
