"""The page of an audit in a real browser: the chooser, and the rows behind counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from browsing import CONTRAST, opened

from further.compare.auditing import audit, fix_threshold, keep_audit
from further.report.audit.page import write_page

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp; $headline"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    n = 3000
    y = rng.random(n) < 0.4
    where = rng.choice(["north", "south", HOSTILE], n)
    frame = pd.DataFrame({
        "y": y.astype(int),
        "p": np.clip(rng.normal(0.35 + 0.3 * y + 0.1 * (where == "south"), 0.2), 0, 1).round(3),
        "where": where, "sex": rng.choice(["f", "m"], n),
    })  # fmt: skip
    found = audit(frame, label="y", score="p", threshold=0.5, group="where,sex")
    found = fix_threshold(
        found, "equal_fpr", 0.2, decided_by="Ada <b>", reason=f"because {HOSTILE}"
    )
    return keep_audit(found, frame, out=tmp_path_factory.mktemp("audit") / "run")


@pytest.fixture(scope="module")
def report(folder: Path) -> Path:
    return write_page(folder)


def test_nothing_in_the_data_runs_and_nothing_is_fetched(report, browser: Any):
    page, complaints, requests = opened(browser, report)
    assert complaints == []
    assert requests == [report.as_uri()]
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("h1").inner_text().startswith("False positive rate by where")
    page.close()


@pytest.mark.parametrize("width", [390, 1300])
def test_nothing_is_wider_than_the_page(report, browser: Any, width: int):
    page, _, _ = opened(browser, report, viewport={"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(report, browser: Any, scheme: str):
    page, _, _ = opened(browser, report, color_scheme=scheme)
    ratio, words = page.evaluate(CONTRAST)
    assert ratio >= 4.5, words
    page.close()


def test_the_reader_chooses_what_is_equal(report, folder, browser: Any):
    record = json.loads((folder / "audit.json").read_text())
    one = record["trade_offs"][0]
    page, complaints, _ = opened(browser, report)
    chooser = page.locator("#chooser-0")
    rows = chooser.locator("tbody tr")
    # It starts with the threshold of the audit, and with the rates that the audit has there.
    rates = [
        g["metrics"]["fpr"]["value"] for g in record["groups"] if list(g["group"]) == ["where"]
    ]
    shown = [float(rows.nth(g).locator("td").nth(6).inner_text()) for g in range(3)]
    place = next(i for i, t in enumerate(one["thresholds"]) if t >= 0.5)
    at = [fp[place] / n for fp, n in zip(one["fp"], one["negatives"], strict=True)]
    assert shown == pytest.approx([100 * rate for rate in at], abs=0.05)
    assert at == pytest.approx(rates, abs=0.01)
    chooser.locator("select").select_option("equal_fpr")
    slider = chooser.locator("input")
    slider.focus()
    slider.evaluate("e => { e.value = 20; e.dispatchEvent(new Event('input')); }")
    assert chooser.locator("output").inner_text() == "20.0 %"
    equal = [float(rows.nth(g).locator("td").nth(6).inner_text()) for g in range(3)]
    assert equal == pytest.approx([20, 20, 20], abs=1.5)
    thresholds = {rows.nth(g).locator("td").nth(0).inner_text() for g in range(3)}
    assert len(thresholds) > 1
    of_1000 = [int(rows.nth(0).locator("td").nth(i).inner_text()) for i in (2, 3, 4, 5)]
    assert sum(of_1000) == pytest.approx(1000, abs=2)
    slider.press("ArrowRight")
    assert chooser.locator("output").inner_text() == "21.0 %"
    assert complaints == []
    page.close()


def test_a_count_opens_its_rows_unless_the_page_is_to_be_shared(report, folder, browser: Any):
    page, _, _ = opened(browser, report)
    page.locator("summary", has_text="The counts behind").first.click()
    button = page.locator("#groups .opens").first
    button.press("Enter")
    dialog = page.locator(".row-store dialog")
    assert dialog.is_visible()
    assert "true" in dialog.inner_text()
    page.close()
    shared = write_page(folder, training_examples=False)
    text = shared.read_text()
    assert "no rows of the data are in this page" in text
    assert 'class="opens"' not in text
    assert 'class="row-store"' not in text
    write_page(folder)


def test_who_decided_is_told(report):
    text = report.read_text()
    assert "Ada &lt;b&gt;" in text
    assert "the same false positive rate in each group" in text
