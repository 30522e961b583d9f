"""The page of a label audit: what is shown, and that decisions leave it as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from further.report.labels.page import write_page
from further.trust.labels.audit import Audit, audit_labels
from further.trust.labels.corrections import read_decisions
from labelled_boxes import labelled


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> tuple[Audit, Path]:
    case = labelled()
    audit = audit_labels(case.dataset, case.predictions, checked=30)
    path = tmp_path_factory.mktemp("page") / "report.html"
    return audit, write_page(audit, case.dataset, path)


def test_decisions_are_downloaded_and_read_back(audited, browser: Any, tmp_path: Path):
    audit, path = audited
    page = browser.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto(path.as_uri())
    ranked = page.locator("#ranked .suspicion")
    ranked.nth(0).get_by_role("button", name="Error", exact=True).click()
    drawn = page.locator("#drawn .suspicion").nth(1)
    drawn.get_by_role("button", name="No error").press("Enter")
    # Decided and taken back.
    third = ranked.nth(2).get_by_role("button", name="No error")
    third.click()
    third.click()
    number = int(drawn.get_attribute("data-number"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download decisions").click()
    file = tmp_path / "decisions.json"
    download.value.save_as(file)
    found = read_decisions(file, audit)
    assert (found.accepted, found.rejected) == ((1,), (number,))
    assert number in audit.sample
    # They stay when the page is opened again.
    page.reload()
    assert ranked.locator("button[aria-pressed=true]").first.inner_text() == "Error"
    assert problems == []
    page.close()


@pytest.mark.parametrize("width", [390, 1300])
def test_nothing_is_wider_than_the_page(audited, browser: Any, width: int):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(audited[1].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_every_place_is_described_in_words(audited):
    audit, path = audited
    text = path.read_text()
    for suspicion in audit.suspicions[:5]:
        assert f'aria-label="{suspicion.told} Picture {suspicion.picture}."' in text
    assert json.dumps(audit.fingerprint) in text
