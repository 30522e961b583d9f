from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_reader import page_of, read, specs_of
from PIL import Image

from further.errors import RunError
from further.report import render
from further.report.run_folder import read_run
from further.train.run import versions
from real_runs import HOSTILE, HOSTILE_NAME, N_COPIES


@pytest.fixture(scope="module")
def digits(run: Callable[[str], Path]) -> Path:
    return run("digits")


@pytest.fixture(scope="module")
def table(run: Callable[[str], Path]) -> Path:
    return run("table")


def test_answers_first_and_names_every_model(digits: Path) -> None:
    page, evaluation = page_of(digits), read(digits)
    headline = page.text.index(evaluation["recommendation"]["sentence"])
    assert headline < page.text.index("Who is good at what")
    assert len(evaluation["models"]) == 9
    for model in evaluation["models"]:
        assert model["label"] in page.text
    assert render(digits) == digits / "report.html"


def test_holds_every_part_of_the_evidence(digits: Path) -> None:
    page, evaluation = page_of(digits), read(digits)
    for title in (
        "Who is good at what", "Goal by goal", "What to watch out for", "All figures", "Samples",
        "Copied or made?", "Learning curves", "Latent spaces", "Time, energy and carbon",
        "What the figures cannot show", "How to get this again",
    ):  # fmt: skip
        assert title in page.text
    near = evaluation["data"]["near_duplicates"]["count"]
    assert 0 < near <= N_COPIES
    assert f"{near} held-out rows (" in page.text
    assert "further compare digits --seed 0" in page.text
    energy = evaluation["energy"]
    assert f"{energy['grid_g_per_kwh']:.0f} g per kWh: {energy['grid_source']}" in page.text
    assert evaluation["data"]["fingerprint"] in page.text
    assert f"torch {evaluation['versions']['torch']}" in page.text
    assert {"memorizes"} <= {flag for model in evaluation["models"] for flag in model["flags"]}
    for term in ("Kernel distance (MMD²)", "(C2ST)", "(TSTR)", "⚑ memorizes", "bound", "exact"):
        assert term in page.text


def test_the_ties_of_every_goal_are_told(digits: Path, table: Path) -> None:
    ties = 0
    for run in (digits, table):
        evaluation, text = read(run), page_of(run).text
        labels = {model["name"]: model["label"] for model in evaluation["models"]}
        for goal in evaluation["recommendation"]["goals"].values():
            for name in goal["tied"][:1]:
                assert f"tied with {labels[name]}" in text
                ties += 1
    assert ties


def test_figures_are_written_with_intervals_and_both_ends(digits: Path) -> None:
    text, evaluation = page_of(digits).text, read(digits)
    for model in evaluation["models"]:
        found = model["metrics"]["coverage"]
        value, low, high = (found[key] for key in ("value", "low", "high"))
        told = [f"{value:.{n}f} {low:.{n}f}–{high:.{n}f}" for n in range(1, 6)]
        assert any(figures in text for figures in told), model["name"]
    realism = evaluation["recommendation"]["goals"]["realism"]
    best = next(m for m in evaluation["models"] if m["name"] == realism["ranking"][0])
    real, noise = (best["metrics"]["kernel_distance"][end] for end in ("real", "noise"))
    told = [f"noise {noise:.{n}f}, real {real:.{n}f}".replace("-", "−") for n in range(1, 6)]
    assert any(ends in text for ends in told)


def test_every_chart_has_words_and_its_data_as_a_table(digits: Path, table: Path) -> None:
    for run in (digits, table):
        page = page_of(run)
        source = (run / "report.html").read_text(encoding="utf-8")
        charts = [one for one in page.all("div") if "data-chart" in one]
        assert len(charts) > 10
        assert all(len(one["aria-label"] or "") > 20 for one in charts)
        assert all(one["alt"] for one in page.all("img"))
        figures = re.findall(r"<figure class=\"chart.*?</figure>", source, flags=re.S)
        assert len(figures) == len(charts)
        assert all('<details class="data">' in figure and "<table>" in figure for figure in figures)


def test_a_long_answer_sets_the_choice_apart_from_the_reasons(damaged: Any) -> None:
    sentence = "For digits use the flow: " + "its samples are closest to held-out rows; " * 4
    run = damaged("digits", lambda found: found["recommendation"].update(sentence=sentence))
    source = render(run).read_text(encoding="utf-8")
    assert "<h1>For digits use the flow: <span>its samples are" in source


def test_embedded_specifications_are_json(digits: Path) -> None:
    render(digits)
    assert {spec["mark"] for spec in specs_of(digits)} == {"scale", "curve", "map", "bars"}


def test_learning_curves_set_training_rows_beside_validation_rows(digits: Path) -> None:
    assert "while training training rows validation rows weights kept" in page_of(digits).text
    curves = [spec for spec in specs_of(digits) if spec["mark"] == "curve"]
    lines = ["while training", "training rows", "validation rows"]
    loss = next(spec for spec in curves if spec["series"] == lines)
    with (digits / "models" / "autoencoder" / "history.csv").open(encoding="utf-8") as file:
        history = list(csv.DictReader(file))
    for line, column in zip(lines, ("train_loss", "fit_loss", "val_loss"), strict=True):
        values = zip(loss["data"]["series"], loss["data"]["y"], strict=True)
        assert [y for name, y in values if name == line] == [float(row[column]) for row in history]
    # A GAN has no loss to be judged by: those of its two parts are drawn as they were logged.
    parts = ["discriminator, while training", "generator, while training"]
    assert parts in [spec["series"] for spec in curves]
    assert lines[1:] in [spec["series"] for spec in curves]


def test_fetches_nothing(digits: Path) -> None:
    page = page_of(digits)
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")
    for _, attributes in page.tags:
        assert "srcset" not in attributes
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
    source = (digits / "report.html").read_text(encoding="utf-8")
    assert "@import" not in source
    assert "url(http" not in source
    assert len(source) < 1_000_000


def test_training_examples_can_be_left_out(digits: Path, table: Path) -> None:
    for run in (digits, table):
        whole, shared = page_of(run), page_of(run, training_examples=False)
        assert "Made to be shared" in shared.text
        assert "Left out on request" in shared.text
        assert "Made to be shared" not in whole.text
    copying = [model for model in read_run(digits).models if model.shows_training_rows]
    assert "copy" in [model.name for model in copying]
    pairs = list(digits.glob("models/*/pictures/nearest.png"))
    shown = [
        model.folder / "pictures" / name
        for model in copying
        for name in ("samples.png", "interpolation.png")
    ]
    hidden = len(pairs) + sum(path.is_file() for path in shown)
    assert len(pairs) == 9
    pictures = len(page_of(digits).all("img"))
    # Without them no number opens its pictures, so that the sheet of those is left out too.
    assert len(page_of(digits, training_examples=False).all("img")) == pictures - hidden - 1
    copied = _cell(table / "models" / "copy" / "samples.csv", "cholesterol")
    nearest = _cell(
        table / "models" / "vae" / "nearest.csv", "cholesterol", row="nearest training row"
    )
    whole = page_of(table).text
    assert copied in whole
    assert nearest in whole
    shared = page_of(table, training_examples=False).text
    assert copied not in shared
    assert nearest not in shared


def _cell(path: Path, column: str, **wanted: str) -> str:
    """Return the first entry of a column that is not empty, of rows of a kind."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if wanted.items() <= row.items()]
    return next(row[column] for row in rows if row[column])


@pytest.mark.parametrize(("name", "hostile"), [
    ("hostile table", HOSTILE), ("hostile table", HOSTILE_NAME), ("hostile pictures", HOSTILE),
])  # fmt: skip
def test_text_of_the_data_is_never_markup(
    run: Callable[[str], Path], name: str, hostile: str
) -> None:
    page = page_of(run(name))
    assert all(attributes.get("src", "").startswith("data:") for attributes in page.all("img"))
    assert not any(name.startswith("on") for _, found in page.tags for name in found)
    # Specifications and the four scripts of ours: none was added.
    scripts = page.all("script")
    assert sum("type" not in attributes for attributes in scripts) == 4
    assert " ".join(hostile.split()) in page.text
    source = (run(name) / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in source


def test_a_name_cannot_lead_out_of_the_run(damaged: Any, tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text("secret\n1\n")

    def escape(found: dict[str, Any]) -> None:
        found["data"]["kind"] = "table"
        found["models"][0]["name"] = "../.."

    assert "secret" not in page_of(damaged("digits", escape)).text


def test_single_run_has_its_files_in_its_own_folder(run: Callable[[str], Path]) -> None:
    page, evaluation = page_of(run("single")), read(run("single"))
    value = evaluation["models"][0]["metrics"]["kernel_distance"]["value"]
    told = re.search(r"Variational autoencoder on digits: kernel distance ([\d.]+) \(", page.text)
    assert told is not None
    assert float(told[1]) == pytest.approx(value, abs=0.51 * 10.0 ** -len(told[1].split(".")[1]))
    assert "Where it stands" in page.text
    assert "(mmd²)" not in (run("single") / "report.html").read_text(encoding="utf-8")
    assert "Learning curves" in page.text
    assert "Goal by goal" not in page.text


def test_a_member_stands_for_its_comparison(run: Callable[[str], Path], tmp_path: Path) -> None:
    whole, page = run("digits"), tmp_path / "page.html"
    render(whole / "models" / "vae", out=page)
    assert page.read_text() == (render(whole, out=tmp_path / "whole.html")).read_text()


def test_run_that_was_never_evaluated(damaged: Any) -> None:
    run = damaged("single", lambda found: None)
    (run / "evaluation.json").unlink()
    page = page_of(run)
    assert "trained, and not evaluated yet" in page.text
    assert "Learning curves" in page.text
    assert "All figures" not in page.text


def test_repeats_say_for_which_goals_the_ranking_survives(damaged: Any) -> None:
    def change(evaluation: dict[str, Any]) -> None:
        goals = evaluation["recommendation"]["goals"]
        for name, goal in goals.items():
            goal["survives"] = {"realism": True, "variety": False}.get(name)

    text = page_of(damaged("table", change)).text
    assert "leads with every training seed for: Realism." in text
    assert "With another training seed a different model leads for: Variety." in text
    assert "Other training seeds" in text


def test_figures_that_are_missing_or_no_numbers(damaged: Any) -> None:
    def damage(evaluation: dict[str, Any]) -> None:
        for model in evaluation["models"][:3]:
            for figure in model["metrics"].values():
                figure.update(value=float("nan"), low=None, high=float("inf"))
        evaluation["models"][3]["metrics"] = {}
        evaluation["models"][4] = {"name": "flow", "flags": ["unheard_of"], "metrics": None}
        evaluation["energy"] = evaluation["machine"] = evaluation["versions"] = None

    run = damaged("digits", damage)
    (run / "models" / "vae" / "pictures" / "samples.png").write_bytes(b"no picture")
    (run / "models" / "gan" / "history.csv").write_text("step,train_loss\n")
    page = page_of(run)
    assert "NaN" not in page.text
    assert "nan" not in page.text.split()
    assert "not defined" in page.text
    assert "unheard of" in page.text


def test_only_what_is_there_is_shown(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    record = {"task": "generation", "status": "interrupted", "versions": versions()}
    (run / "run.json").write_text(json.dumps(record))
    text = page_of(run).text
    assert "This run was interrupted" in text
    assert f"Made by further {versions()['further-ml']}." in text
    assert "Samples" not in text


def test_large_pictures_are_compressed_and_said_to_be(damaged: Any) -> None:
    run = damaged("digits", lambda found: found["data"].update(shape=[3, 64, 64]))
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:64, :64] / 64
    for path in [run / "pictures" / "real.png", *run.glob("models/*/pictures/samples.png")]:
        # Smooth pictures with a little noise: as hard to compress as photographs are.
        tiles = [
            np.stack(
                [128 + 90 * np.sin(rng.uniform(2, 9) * rows + rng.uniform(2, 9) * columns)] * 3
            )
            + rng.normal(0, 4, (3, 64, 64))
            for _ in range(64)
        ]
        sheet = np.stack(tiles).reshape(8, 8, 3, 64, 64).transpose(0, 3, 1, 4, 2)
        Image.fromarray(sheet.reshape(512, 512, 3).clip(0, 255).astype(np.uint8)).save(path)
    assert render(run).stat().st_size < 2_000_000
    assert "Compressed for this page" in page_of(run).text


@pytest.mark.parametrize("shape", [[1, 0, 8], [1, 8], [1, "8", 8], "8 x 8"])
def test_a_shape_that_no_picture_has_is_passed_over(damaged: Any, shape: object) -> None:
    run = damaged("digits", lambda found: found["data"].update(shape=shape))
    Image.new("L", (1, 1)).save(run / "models" / "vae" / "pictures" / "samples.png")
    assert "Real, held out" in page_of(run).text


def test_same_run_same_page(digits: Path) -> None:
    assert render(digits).read_bytes() == render(digits).read_bytes()
    assert [path.name for path in digits.glob("*report*")] == ["report.html"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is not a folder"),
        ({}, "holds neither run.json nor evaluation.json"),
        ({"evaluation.json": '{"schema": 1,'}, "line 1, column .* remove it and resume the run"),
        ({"run.json": "{"}, "start a new one"),
    ],
)
def test_what_is_wrong_with_a_run_is_said(
    tmp_path: Path, content: dict[str, str] | None, message: str
) -> None:
    run = tmp_path / "damaged"
    if content is not None:
        run.mkdir()
        for name, text in content.items():
            (run / name).write_text(text)
    with pytest.raises(RunError, match=message):
        render(run)
