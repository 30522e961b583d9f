"""Numbers, bars and points of the page of generative models open the rows they are made of."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import opened
from PIL import Image

from further.report import render

DIALOG = ".row-store dialog"
#: The grey levels of a picture in the dialog.
PIXELS = """canvas => [...canvas.getContext("2d")
  .getImageData(0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 4 === 0)"""


def without_complaint(browser: Any, folder: Path) -> Iterator[Any]:
    page, complaints, _ = opened(browser, render(folder))
    yield page
    assert complaints == []
    page.context.close()


@pytest.fixture(scope="module")
def pictures(browser: Any, run: Callable[[str], Path]) -> Iterator[Any]:
    yield from without_complaint(browser, run("digits"))


@pytest.fixture(scope="module")
def rows(browser: Any, run: Callable[[str], Path]) -> Iterator[Any]:
    yield from without_complaint(browser, run("table"))


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shown(page: Any) -> list[list[str]]:
    """Return the cells of the dialog, line by line."""
    lines = page.locator(f"{DIALOG} tr").all()
    return [line.locator("td").all_inner_texts() for line in lines[1:]]


def test_keys_open_the_nearest_pictures_close_them_and_go_back(
    pictures: Any, run: Callable[[str], Path]
) -> None:
    button = pictures.locator('button[data-title^="Interpolation"]').last
    assert button.inner_text() == "the 10 nearest"
    button.focus()
    pictures.keyboard.press("Enter")
    dialog = pictures.locator(DIALOG)
    assert dialog.locator("h2").inner_text().endswith("· 10 pairs")
    tiles = dialog.locator("canvas")
    assert tiles.count() == 20
    file = run("digits") / "models" / "interpolation" / "pictures" / "nearest.png"
    sheet = np.asarray(Image.open(file))
    for place, tile in ((6, (0, 3)), (7, (1, 3))):  # the fourth pair: generated, in training
        left, top = 8 * tile[1], 8 * tile[0]
        found = np.array(tiles.nth(place).evaluate(PIXELS)).reshape(8, 8)
        assert (found == sheet[top : top + 8, left : left + 8]).all()
    pictures.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert button.evaluate("button => document.activeElement === button")


def test_a_point_opens_its_picture(pictures: Any, run: Callable[[str], Path]) -> None:
    kept = json.loads((run("digits") / "held_out.json").read_text())
    points = pictures.locator("#latent .plot").first.locator(".opening > .opens")
    assert points.count() == len(kept["row"])
    points.nth(5).dispatch_event("click")
    dialog = pictures.locator(DIALOG)
    told = f"row {kept['row'][5]}: {kept['class'][5]}"
    assert dialog.locator("figcaption").all_inner_texts() == [told]
    sheet = np.asarray(Image.open(run("digits") / "pictures" / "held_out.png"))
    found = np.array(dialog.locator("canvas").evaluate(PIXELS)).reshape(8, 8)
    assert (found == sheet[:8, 40:48]).all()
    pictures.keyboard.press("Escape")


def test_an_accuracy_opens_the_rows_taken_for_another_class(
    pictures: Any, run: Callable[[str], Path]
) -> None:
    with np.load(run("digits") / "models" / "copy" / "scores.npz") as arrays:
        right = arrays["by_row/synthetic_to_real_accuracy"]
    with np.load(run("digits") / "models" / "gan" / "scores.npz") as arrays:
        wrong = (arrays["by_row/synthetic_to_real_accuracy"] == 0).sum()
    assert right.mean() > 0.8
    title = "held-out pictures taken for another class: train on synthetic, Generative"
    pictures.locator(f'button[data-title^="{title}"]').click()
    heading = pictures.locator(f"{DIALOG} h2").inner_text()
    assert heading.endswith(f"· {wrong} pictures")
    assert pictures.locator(f"{DIALOG} canvas").count() == wrong
    pictures.keyboard.press("Escape")


def test_an_error_opens_its_pictures_the_worst_first(
    pictures: Any, run: Callable[[str], Path]
) -> None:
    kept = json.loads((run("digits") / "held_out.json").read_text())
    with np.load(run("digits") / "models" / "vae" / "scores.npz") as arrays:
        decibels = arrays["by_row/reconstruction_psnr"][kept["place"]]
    title = "held-out pictures, the worst first: reconstruction, Variational"
    pictures.locator(f'button[data-title^="{title}"]').click()
    worst = int(np.argmin(decibels))
    first = pictures.locator(f"{DIALOG} figcaption").first.inner_text()
    assert first == f"row {kept['row'][worst]}: {kept['class'][worst]}"
    pictures.keyboard.press("Escape")


def test_the_suspicious_share_opens_the_pairs(rows: Any, run: Callable[[str], Path]) -> None:
    folder = run("table") / "models" / "copy"
    rows.locator('#nearest button[data-title*="suspiciously"][data-title*="Copy"]').click()
    pairs = read(folder / "nearest.csv")
    with np.load(folder / "scores.npz") as arrays:
        count = int((arrays["per_example/memorization"] > 0).sum())
    found = shown(rows)
    assert len(found) == len(pairs)
    assert f"{len(pairs)} of {2 * count} rows" in rows.locator(f"{DIALOG} h2").inner_text()
    assert [line[0] for line in found[:2]] == ["generated, pair 1", "nearest training row, pair 1"]
    assert [line[1] for line in found] == [pair["age"] for pair in pairs]
    rows.keyboard.press("Escape")


def test_a_bar_and_its_share_open_the_same_rows(rows: Any, run: Callable[[str], Path]) -> None:
    rows.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    rows.wait_for_timeout(300)
    drawn = rows.locator("#columns details.model", has_text="Copy of the training set")
    figure = drawn.locator("figure", has=rows.locator("figcaption", has_text="age")).first
    folder = run("table")
    columns = json.loads((folder / "models" / "copy" / "columns.json").read_text())
    edges = next(one["edges"] for one in columns if one["name"] == "age")
    last = len(edges) - 2
    expected = [
        row["age"]
        for file in (folder / "models" / "copy" / "samples.csv", folder / "real.csv")
        for row in read(file)
        if float(row["age"]) >= edges[last]
    ]
    figure.locator(".opening > rect").nth(last).dispatch_event("click")
    found = shown(rows)
    assert [line[1] for line in found] == expected
    rows.keyboard.press("Escape")
    share = figure.locator(f'button[data-bar="{last}"]')
    share.focus()
    rows.keyboard.press("Enter")
    assert shown(rows) == found
    rows.keyboard.press("Escape")
    assert share.evaluate("button => document.activeElement === button")
    ward = drawn.locator("figure", has=rows.locator("figcaption", has_text="ward")).first
    ward.locator("button[data-bar]").first.click()
    assert {line[4] for line in shown(rows)} == {"a ward with rather a long name"}
    rows.keyboard.press("Escape")


@pytest.mark.parametrize("name", ["digits", "table"])
def test_a_page_to_share_opens_nothing(
    run: Callable[[str], Path], tmp_path: Path, name: str
) -> None:
    page = render(run(name), training_examples=False, out=tmp_path / "shared.html")
    text = page.read_text(encoding="utf-8")
    for sign in ("data-rows=", "data-bar=", 'class="row-store"', "data-sheet="):
        assert sign not in text, sign


def test_a_run_that_kept_no_rows_has_its_page(real_runs: Any, tmp_path: Path, browser: Any) -> None:
    folder = real_runs.copy("digits", tmp_path / "run")
    (folder / "held_out.json").unlink()
    (folder / "pictures" / "held_out.png").unlink()
    for file in folder.glob("models/*/scores.npz"):
        file.unlink()
    page, complaints, _ = opened(browser, render(folder))
    titles = [b.get_attribute("data-title") for b in page.locator("button.opens").all()]
    assert len(titles) == 9
    assert all(title.endswith("samples nearest to training pictures") for title in titles)
    assert complaints == []
    page.context.close()


def test_a_table_that_does_not_say_which_rows_it_kept(real_runs: Any, tmp_path: Path) -> None:
    folder = real_runs.copy("table", tmp_path / "run")
    (folder / "held_out.json").unlink()
    text = render(folder).read_text(encoding="utf-8")
    assert "data-bar=" in text
    assert "suspiciously near to training rows" in text
    assert "taken for another class" not in text
