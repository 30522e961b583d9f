from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from page_reader import Page
from PIL import Image
from run_maker import HOSTILE, MODELS, make_comparison, make_single

from further.errors import RunError
from further.report import render


def page_of(run: Path, **options: bool) -> Page:
    page = Page(render(run, **options).read_text(encoding="utf-8"))
    assert not page.open
    return page


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_comparison(tmp_path_factory.mktemp("runs") / "digits", near_duplicates=3)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_comparison(tmp_path_factory.mktemp("runs") / "table", kind="table", repeats=5)


def test_answers_first_and_names_every_model(digits: Path) -> None:
    page = page_of(digits)
    headline = page.text.index("For realistic and varied samples of digits use diffusion")
    assert headline < page.text.index("Who is good at what")
    for _, label, _ in MODELS:
        assert label in page.text
    assert render(digits) == digits / "report.html"


def test_holds_every_part_of_the_evidence(digits: Path) -> None:
    page = page_of(digits)
    for title in (
        "Who is good at what", "Goal by goal", "What to watch out for", "All figures", "Samples",
        "Copied or made?", "Learning curves", "Latent spaces", "Time, energy and carbon",
        "What the figures cannot show", "How to get this again",
    ):  # fmt: skip
        assert title in page.text
    assert "tied with Normalizing flow" in page.text
    assert "does not beat the control" in page.text
    assert "3 held-out rows (0.83 %) are near-duplicates" in page.text
    assert "further compare digits --seed 0" in page.text
    assert "363 g per kWh: Germany 2024, Ember" in page.text
    assert "3f1c3f1c" in page.text
    assert "torch 2.13.0" in page.text
    assert "bound" in page.text
    assert "exact" in page.text


def test_figures_are_written_with_intervals_and_both_ends(digits: Path) -> None:
    text = page_of(digits).text
    # Coverage of the flow: 0.961, from 0.961 - 0.9 * 0.017 to 0.961 + 1.1 * 0.017.
    assert "0.961 0.946–0.980" in text
    assert "0.0009 (−0.0001 to 0.0021) noise 0.2140, real 0.0003" in text


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


def test_a_long_answer_sets_the_choice_apart_from_the_reasons(tmp_path: Path) -> None:
    run = make_comparison(tmp_path / "run")
    evaluation = json.loads((run / "evaluation.json").read_text())
    sentence = "For digits use the flow: " + "its samples are closest to held-out rows; " * 4
    evaluation["recommendation"]["sentence"] = sentence
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    source = render(run).read_text(encoding="utf-8")
    assert "<h1>For digits use the flow: <span>its samples are" in source


def test_embedded_specifications_are_json(digits: Path) -> None:
    source = render(digits).read_text(encoding="utf-8")
    specs = re.findall(r'<script type="application/json">(.*?)</script>', source, flags=re.S)
    marks = {json.loads(spec)["mark"] for spec in specs}
    assert marks == {"scale", "curve", "map", "bars"}


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
    pictures = len(page_of(digits).all("img"))
    # The pairs of eight models and the samples of the one that copies.
    assert len(page_of(digits, training_examples=False).all("img")) == pictures - 9
    copied = (table / "models" / "copy" / "samples.csv").read_text().splitlines()[1].split(",")[2]
    nearest = (table / "models" / "vae" / "nearest.csv").read_text().splitlines()[2].split(",")[4]
    assert copied in page_of(table).text
    assert nearest in page_of(table).text
    shared = page_of(table, training_examples=False).text
    assert copied not in shared
    assert nearest not in shared


def test_text_of_the_data_is_never_markup(tmp_path: Path) -> None:
    for kind in ("table", "images"):
        run = make_comparison(tmp_path / kind, kind=kind, hostile=True, repeats=3)
        page = page_of(run)
        assert all(attributes.get("src", "").startswith("data:") for attributes in page.all("img"))
        assert not any(name.startswith("on") for _, found in page.tags for name in found)
        # Specifications and the three scripts of ours: none was added.
        scripts = page.all("script")
        assert sum("type" not in attributes for attributes in scripts) == 3
        assert " ".join(HOSTILE.split()) in page.text
        source = (run / "report.html").read_text(encoding="utf-8")
        assert "<script>alert" not in source


def test_a_name_cannot_lead_out_of_the_run(tmp_path: Path) -> None:
    run = make_comparison(tmp_path / "run")
    (tmp_path / "samples.csv").write_text("secret\n1\n")
    evaluation = json.loads((run / "evaluation.json").read_text())
    evaluation["data"]["kind"] = "table"
    evaluation["models"][0]["name"] = "../.."
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    assert "secret" not in page_of(run).text


def test_single_run_has_its_files_in_its_own_folder(tmp_path: Path) -> None:
    page = page_of(make_single(tmp_path / "run"))
    assert (
        "Variational autoencoder on digits: kernel distance 0.0049 (0.0039 to 0.0061)" in page.text
    )
    assert "Where it stands" in page.text
    assert "Learning curves" in page.text
    assert "Goal by goal" not in page.text


def test_run_that_was_never_evaluated(tmp_path: Path) -> None:
    page = page_of(make_single(tmp_path / "run", evaluated=False))
    assert "trained, and not evaluated yet" in page.text
    assert "Learning curves" in page.text
    assert "All figures" not in page.text


def test_repeats_say_whether_the_ranking_survives(table: Path) -> None:
    assert "The ranking survives" in page_of(table).text
    path = table / "evaluation.json"
    before = path.read_text()
    evaluation = json.loads(before)
    evaluation["recommendation"]["survives_repeats"] = False
    path.write_text(json.dumps(evaluation))
    try:
        assert "The ranking does not survive" in page_of(table).text
    finally:
        path.write_text(before)


def test_figures_that_are_missing_or_no_numbers(tmp_path: Path) -> None:
    run = make_comparison(tmp_path / "run")
    evaluation = json.loads((run / "evaluation.json").read_text())
    for model in evaluation["models"][:3]:
        for figure in model["metrics"].values():
            figure.update(value=float("nan"), low=None, high=float("inf"))
    evaluation["models"][3]["metrics"] = {}
    evaluation["models"][4] = {"name": "flow", "flags": ["diverged"], "metrics": None}
    evaluation["energy"] = evaluation["machine"] = evaluation["versions"] = None
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    (run / "models" / "vae" / "pictures" / "samples.png").write_bytes(b"no picture")
    (run / "models" / "gan" / "history.csv").write_text("step,train_loss\n")
    page = page_of(run)
    assert "NaN" not in page.text
    assert "nan" not in page.text.split()
    assert "not defined" in page.text
    assert "diverged" in page.text


def test_only_what_is_there_is_shown(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text('{"task": "generation", "status": "interrupted"}')
    text = page_of(run).text
    assert "This run was interrupted" in text
    assert "Samples" not in text


def test_large_pictures_are_compressed_and_said_to_be(tmp_path: Path) -> None:
    run = make_comparison(tmp_path / "run")
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
    evaluation = json.loads((run / "evaluation.json").read_text())
    evaluation["data"]["shape"] = [3, 64, 64]
    (run / "evaluation.json").write_text(json.dumps(evaluation))
    assert render(run).stat().st_size < 2_000_000
    assert "Compressed for this page" in page_of(run).text


def test_same_run_same_page(digits: Path) -> None:
    assert render(digits).read_bytes() == render(digits).read_bytes()
    assert [path.name for path in digits.glob("*report*")] == ["report.html"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is not a folder"),
        ({}, "holds neither run.json nor evaluation.json"),
        ({"evaluation.json": '{"schema": 1,'}, "line 1, column"),
    ],
)
def test_what_is_wrong_with_a_run_is_said(
    tmp_path: Path, content: dict[str, str] | None, message: str
) -> None:
    run = tmp_path / "run"
    if content is not None:
        run.mkdir()
        for name, text in content.items():
            (run / name).write_text(text)
    with pytest.raises(RunError, match=message):
        render(run)
