"""The page of models that predict, in a browser too: every number opens its rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import CONTRAST, opened
from page_reader import page_of, read

from further.report import render
from real_runs import HOSTILE


@pytest.fixture(scope="module")
def reports(run: Callable[[str], Path]) -> dict[str, Path]:
    names = ("ladder", "hostile ladder", "numbers", "predictor")
    return {name: render(run(name)) for name in names}


def test_answers_first_then_the_evidence(run: Callable[[str], Path]) -> None:
    folder = run("ladder")
    page, evaluation = page_of(folder), read(folder)
    sentence = evaluation["recommendation"]["sentence"]
    assert page.text.index(sentence[:40]) < page.text.index("From transparent to opaque")
    for title in (
        "What transparency costs", "In their own terms", "Where they err", "How the training went",
        "What the figures cannot show", "How to get this again",
    ):  # fmt: skip
        assert title in page.text
    for model in evaluation["models"]:
        assert model["label"] in page.text


@pytest.mark.parametrize("name", ["ladder", "hostile ladder", "numbers", "predictor"])
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
@pytest.mark.parametrize("name", ["ladder", "numbers"])
def test_every_text_can_be_read(
    browser: Any, reports: dict[str, Path], name: str, scheme: str
) -> None:
    page, _, _ = opened(browser, reports[name], color_scheme=scheme)
    ratio, words = page.evaluate(CONTRAST)
    assert ratio >= 4.5, words
    page.context.close()


def test_a_count_of_the_confusion_matrix_opens_its_rows(
    browser: Any, reports: dict[str, Path], run: Callable[[str], Path]
) -> None:
    page, _, _ = opened(browser, reports["ladder"])
    evaluation = read(run("ladder"))
    chosen = evaluation["recommendation"]["chosen"]
    model = next(m for m in evaluation["models"] if m["name"] == chosen)
    classes = evaluation["data"]["classes"]
    wrong = model["confusion"]["counts"][0][1]
    cell = page.locator(".confusion").first.locator("tbody tr").nth(0).locator("td").nth(1)
    assert cell.inner_text().strip() == str(wrong)
    cell.locator("button").focus()
    page.keyboard.press("Enter")
    dialog = page.locator(".row-store dialog")
    assert dialog.is_visible()
    lines = dialog.locator("tr")
    assert lines.count() == wrong + 1
    cells = lines.nth(1).locator("td").all_inner_texts()
    assert cells[1:3] == [classes[0], classes[1]]
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    page.context.close()


def test_a_residual_opens_its_row(browser: Any, reports: dict[str, Path]) -> None:
    page, _, _ = opened(browser, reports["numbers"])
    page.locator(".plot-residuals circle").first.click(force=True)
    dialog = page.locator(".row-store dialog")
    assert dialog.is_visible()
    assert dialog.locator("tr").count() == 2
    page.context.close()


def test_a_page_to_share_has_no_rows(run: Callable[[str], Path], tmp_path: Path) -> None:
    shared = render(run("ladder"), training_examples=False, out=tmp_path / "shared.html")
    text = shared.read_text(encoding="utf-8")
    assert 'class="row-store"' not in text
    assert "data-rows=" not in text
    assert "Made to be shared: no rows of the data are in this page." in text


def test_nothing_in_the_data_breaks_out(reports: dict[str, Path]) -> None:
    text = reports["hostile ladder"].read_text(encoding="utf-8")
    assert HOSTILE not in text
