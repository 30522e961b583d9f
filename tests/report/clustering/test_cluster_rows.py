"""The size of a cluster opens its rows."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from browsing import opened

from further.report import render


def test_the_size_of_a_cluster_opens_its_rows(browser: Any, run: Callable[[str], Path]) -> None:
    folder = run("iris")
    page, complaints, _ = opened(browser, render(folder))
    with (folder / "assignments.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["cluster"] == "0"]
    size = page.locator(".cluster h3 button.opens").first
    assert size.inner_text().startswith(f"{len(rows)} rows")
    size.click()
    dialog = page.locator(".row-store dialog")
    assert dialog.locator("tr").count() == len(rows) + 1
    first = dialog.locator("tr").nth(1).locator("td").all_inner_texts()
    assert first[1:5] == list(rows[0].values())[:4]
    assert complaints == []
    page.context.close()


def test_a_page_to_share_has_no_rows(run: Callable[[str], Path], tmp_path: Path) -> None:
    page = render(run("iris"), training_examples=False, out=tmp_path / "shared.html")
    text = page.read_text(encoding="utf-8")
    assert "data-rows=" not in text
    assert 'class="row-store"' not in text
