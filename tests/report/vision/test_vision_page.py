"""The page of models that find something in pictures: every number opens its part of a picture."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import CONTRAST, opened
from page_reader import page_of, read, specs_of

from further.compare.vision.comparison import VisionComparison
from further.report import render
from further.report.vision.summary import summary
from further.train.run import Run
from real_runs import HOSTILE

NAMES = ("boxes", "outlines", "pixels", "detector", "hostile boxes")
DIALOG = ".row-store dialog"


@pytest.fixture(scope="module")
def reports(run: Callable[[str], Path]) -> dict[str, Path]:
    return {name: render(run(name)) for name in NAMES}


@pytest.fixture(scope="module")
def boxes(browser: Any, reports: dict[str, Path]) -> Any:
    page, complaints, _ = opened(browser, reports["boxes"])
    yield page
    assert complaints == []
    page.context.close()


def _best(folder: Path) -> dict[str, Any]:
    """Return the model that the page looks at first."""
    evaluation = read(folder)
    best = (evaluation["recommendation"] or {}).get("best")
    return next(m for m in evaluation["models"] if m["name"] == best or best is None)


def test_the_answer_comes_first_then_the_evidence(run: Callable[[str], Path]) -> None:
    page, evaluation = page_of(run("boxes")), read(run("boxes"))
    sentence = evaluation["recommendation"]["sentence"]
    assert page.text.index(sentence[:40]) < page.text.index("How good they are")
    for title in (
        "How far apart they are", "Class by class", "The pictures with most errors",
        "What is taken for what", "What kinds of error there are", "How many more pictures?",
        "From which score on to believe it", "How a picture comes to its boxes",
        "What the figures cannot show", "How to get this again",
    ):  # fmt: skip
        assert title in page.text


def test_one_model_is_answered_by_what_it_finds_and_how_much_of_it_is_right(
    run: Callable[[str], Path],
) -> None:
    folder = run("outlines")
    model = _best(folder)
    counts = np.array(model["confusion"]["counts"])
    right = np.trace(counts)
    found, precision = right / counts[:-1].sum(), right / counts[:, :-1].sum()
    figure, n = model["metrics"]["ap50"], read(folder)["held_out"]["rows"]
    text = page_of(folder).text
    assert f"Mask R-CNN finds {100 * found:.0f} % of the objects" in text.replace("\u00a0", " ")
    assert f"and {100 * precision:.0f} % of what it finds is right" in text.replace("\u00a0", " ")
    interval = "AP50 {value:.3f} ({low:.3f} to {high:.3f})".format(**figure)
    assert f"{interval} on {n} held-out pictures, where the mean box scores" in text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_draws_without_complaint_request_or_overflow(
    browser: Any, reports: dict[str, Path], name: str, width: int
) -> None:
    page, complaints, requests = opened(
        browser, reports[name], viewport={"width": width, "height": 900}
    )
    assert complaints == []
    assert requests == [reports[name].as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    charts = "document.querySelectorAll('[data-chart]').length"
    drawn = "document.querySelectorAll('[data-chart]:has(svg *)').length"
    assert page.evaluate(drawn) == page.evaluate(charts) > 0
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["boxes", "pixels"])
def test_every_text_can_be_read(
    browser: Any, reports: dict[str, Path], name: str, scheme: str
) -> None:
    page, _, _ = opened(browser, reports[name], color_scheme=scheme)
    ratio, words = page.evaluate(CONTRAST)
    assert ratio >= 4.5, words
    page.context.close()


def test_every_count_of_the_confusion_matrix_opens_so_many_parts_of_pictures(
    boxes: Any, run: Callable[[str], Path]
) -> None:
    counts = _best(run("boxes"))["confusion"]["counts"]
    rows = boxes.locator(".confusion").first.locator("tbody tr")
    opening = [(i, j) for i, row in enumerate(counts) for j, n in enumerate(row) if n]
    k = len(counts) - 1
    kinds = {"right": (1, 1), "swapped": (2, 4), "missed": (1, k), "invented": (k, 1)}
    some = [place for place in opening if place in kinds.values()] + opening[:2] + opening[-2:]
    assert len(some) > 4
    for i, j in some:
        cell = rows.nth(i).locator("td").nth(j)
        assert cell.inner_text().strip() == str(counts[i][j])
        cell.locator("button").focus()
        boxes.keyboard.press("Enter")
        assert boxes.locator(f"{DIALOG} figure").count() == counts[i][j]
        assert boxes.locator(f"{DIALOG} .scene .mark").count() >= counts[i][j]
        boxes.keyboard.press("Escape")
        assert not boxes.locator(DIALOG).is_visible()


def test_what_is_missed_is_dashed_and_what_is_invented_has_a_score(
    boxes: Any, run: Callable[[str], Path]
) -> None:
    counts = _best(run("boxes"))["confusion"]["counts"]
    names = _best(run("boxes"))["confusion"]["names"]
    missed = next(i for i, row in enumerate(counts) if row[-1])
    rows = boxes.locator(".confusion").first.locator("tbody tr")
    rows.nth(missed).locator("td").nth(len(counts) - 1).locator("button").click()
    captions = boxes.locator(f"{DIALOG} figcaption").all_inner_texts()
    assert all(caption.startswith(f"{names[missed]}, missed") for caption in captions)
    assert boxes.locator(f"{DIALOG} .mark.truth.missed").count() == counts[missed][-1]
    boxes.keyboard.press("Escape")
    invented = next(j for j, n in enumerate(counts[-1]) if n)
    rows.nth(len(counts) - 1).locator("td").nth(invented).locator("button").click()
    captions = boxes.locator(f"{DIALOG} figcaption").all_inner_texts()
    assert all(re.match(rf"{names[invented]} [01]\.\d\d: ", caption) for caption in captions)
    boxes.keyboard.press("Escape")


def test_every_kind_of_error_opens_its_predictions(boxes: Any, run: Callable[[str], Path]) -> None:
    errors = {error["kind"]: error["count"] for error in _best(run("boxes"))["errors"]}
    words = {
        "Wrong class": "classification", "Wrong place": "localisation", "Both wrong": "both",
        "Found twice": "duplicate", "Nothing there": "background", "Missed": "missed",
    }  # fmt: skip
    lines = boxes.locator(".kinds").first.locator("tbody tr")
    assert lines.count() == len(words)
    for i in range(lines.count()):
        word = lines.nth(i).locator("b").inner_text()
        count = errors[words[word]]
        if not count:
            continue
        lines.nth(i).locator("td").nth(2).locator("button").click()
        assert boxes.locator(f"{DIALOG} figure").count() == min(count, 60)
        boxes.keyboard.press("Escape")


def test_points_of_a_curve_open_each_prediction_once(
    boxes: Any, run: Callable[[str], Path]
) -> None:
    spec = next(s for s in specs_of(run("boxes")) if s.get("mark") == "precision_recall")
    rows = [row for rows in spec["data"]["rows"] for row in rows]
    assert len(rows) == len(set(rows)) > 20
    place = next(i for i, rows in enumerate(spec["data"]["rows"]) if rows)
    boxes.locator(".plot-precision_recall").first.locator(".opening > *").nth(place).click(
        force=True
    )
    assert boxes.locator(DIALOG).is_visible()
    name = spec["data"]["series"][place]
    captions = boxes.locator(f"{DIALOG} figcaption").all_inner_texts()
    assert captions
    assert all(caption.startswith(f"{name} ") for caption in captions)
    boxes.keyboard.press("Escape")


def test_the_worst_pictures_are_those_of_the_evaluation_in_its_order(
    run: Callable[[str], Path],
) -> None:
    folder = run("detector")
    page = page_of(folder)
    worst = [one["file"] for one in _best(folder)["worst"]]
    told = [a["aria-label"] for a in page.all("svg") if ". There: " in (a.get("aria-label") or "")]
    assert [words.partition(".png")[0] + ".png" for words in told[: len(worst)]] == worst
    first = _best(folder)["worst"][0]
    assert f"{first['missed']} missed, {first['swapped']} under another class" in told[0]


def test_a_click_on_a_name_enlarges_truth_and_prediction(boxes: Any) -> None:
    boxes.locator(".worst figcaption button").first.click()
    assert boxes.locator(f"{DIALOG} .scene.whole").count() == 2
    boxes.keyboard.press("Escape")


def test_masks_stand_beside_each_other_and_open_their_pixels(
    browser: Any, reports: dict[str, Path]
) -> None:
    page, _, _ = opened(browser, reports["pixels"])
    card = page.locator(".worst figure").first
    assert card.locator(".side").all_inner_texts() == ["Picture", "There", "Predicted", "Wrong"]
    assert card.locator("img.mask").count() == 2
    page.locator(".confusion td.right button").first.click()
    assert page.locator(f"{DIALOG} .mark.region.right").count() > 0
    page.context.close()


def test_a_detector_shows_cells_raw_boxes_and_what_suppression_removed(
    run: Callable[[str], Path],
) -> None:
    folder = run("boxes")
    model = "models/" + _best(folder)["name"]
    steps = json.loads((folder / model / "stages.json").read_text())["steps"]
    text = page_of(folder).text
    assert "8 x 8 cells of 8 pixels" in text
    assert "2 x 2 cells of 32 pixels" in text
    assert f"Boxes before suppression: {len(steps['raw'])}" in text
    assert f"Removed by suppression: {len(steps['suppressed'])}" in text
    assert len(steps["raw"]) == len(steps["suppressed"]) + len(steps["kept"])


def test_each_picture_stands_in_the_page_once(reports: dict[str, Path]) -> None:
    text = reports["boxes"].read_text(encoding="utf-8")
    held = re.findall(r'id="picture-(\d+)"', text)
    used = re.findall(r'href="#picture-(\d+)"', text)
    assert len(held) == len(set(held)) == text.count("data:image/")
    assert set(used) <= set(held)
    assert len(used) > len(held)


def test_a_page_to_share_has_no_pictures(run: Callable[[str], Path], tmp_path: Path) -> None:
    for name in ("boxes", "pixels"):
        out = tmp_path / f"{name}.html"
        text = render(run(name), training_examples=False, out=out).read_text(encoding="utf-8")
        assert "data:image/" not in text
        assert "data-rows=" not in text
        assert "no pictures of the data are in this page" in text
        assert 'class="confusion"' in text


def test_nothing_in_the_data_breaks_out(reports: dict[str, Path]) -> None:
    assert HOSTILE not in reports["hostile boxes"].read_text(encoding="utf-8")


def test_a_run_without_its_pictures_still_has_its_figures(
    damaged: Callable[..., Path],
) -> None:
    folder = damaged("boxes", lambda evaluation: None)
    for file in (folder / "held_out").iterdir():
        file.unlink()
    page = page_of(folder)
    assert "What is taken for what" in page.text
    assert "The pictures with most errors" not in page.text


def test_the_command_line_says_the_same(run: Callable[[str], Path]) -> None:
    folder = run("boxes")
    said = summary(VisionComparison.of(Run(folder)))
    evaluation = read(folder)
    assert evaluation["recommendation"]["sentence"] in said.blocks
    tables = [block for block in said.blocks if not isinstance(block, str)]
    assert [row[0] for row in tables[0].rows] == ["YOLO", "Faster R-CNN", "Mean box"]
    value = evaluation["models"][0]["metrics"]["ap50"]["value"]
    assert any(cell.startswith(f"{value:.3f} (") for cell in tables[0].rows[0])
    printed = said.json["models"][0]["metrics"]["ap50_by_class"]
    assert set(printed) == set(evaluation["models"][0]["by_class"]["ap50"])
