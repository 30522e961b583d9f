from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import CONTRAST, opened
from playwright import sync_api

from further.report import render


@pytest.fixture(scope="module")
def reports(run: Callable[[str], Path]) -> dict[str, Path]:
    names = ("digits", "table", "hostile table", "single")
    return {name: render(run(name)) for name in names}


@pytest.mark.parametrize("name", ["digits", "table", "hostile table", "single"])
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
    empty = """() => {
      document.querySelectorAll("details.model").forEach(fold => { fold.open = true; });
      return new Promise(done => setTimeout(() => done(
        [...document.querySelectorAll("[data-chart]")].filter(e => !e.querySelector("svg *")).length
      ), 400));
    }"""
    assert page.evaluate(empty) == 0
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["digits", "table"])
def test_every_text_can_be_read(
    browser: Any, reports: dict[str, Path], name: str, scheme: str
) -> None:
    page, _, _ = opened(browser, reports[name], color_scheme=scheme)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
    assert dark == (scheme == "dark")
    ratio, words = page.evaluate(CONTRAST)
    assert ratio >= 4.5, words
    page.context.close()


def test_scale_plot_is_a_row_of_columns_or_a_stack_of_panels(
    browser: Any, reports: dict[str, Path]
) -> None:
    page, _, _ = opened(browser, reports["digits"], viewport={"width": 1280, "height": 900})
    assert page.locator(".plot-scale.wide .cells svg").count() == 7
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_timeout(200)
    assert page.locator(".plot-scale.wide").count() == 0
    assert page.locator(".plot-scale .panel svg").count() == 7
    page.context.close()


def test_prints_dark_on_light(browser: Any, reports: dict[str, Path]) -> None:
    page, _, _ = opened(browser, reports["digits"], color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == "rgb(27, 32, 39)"
    assert not page.locator(".contents").is_visible()
    page.context.close()


def test_unknown_marks_are_named(browser: Any, reports: dict[str, Path]) -> None:
    page, _, _ = opened(browser, reports["digits"])
    with pytest.raises(sync_api.Error, match="no mark named pie"):
        page.evaluate("further.charts.draw(document.createElement('div'), {mark: 'pie'}, 300)")
    page.context.close()
