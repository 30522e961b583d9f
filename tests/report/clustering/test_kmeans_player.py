from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import CONTRAST, opened
from page_reader import read

from further.report import render
from real_runs import penguins

Run = Callable[[str], Path]
PLAYER = "further.kmeansPlayer.all[0]"
#: From given centroids to the fixed point.
LLOYD = """([X, centers]) => {
  let state = further.kmeans.start(X, centers);
  while (!state.converged) state = further.kmeans.next(X, state);
  return state;
}"""


@pytest.mark.parametrize("width", [390, pytest.param(1280, marks=pytest.mark.slow)])
def test_draws_without_complaint_request_or_overflow(browser: Any, run: Run, width: int) -> None:
    shown = [(name, True) for name in ("iris", "uniform", "hostile iris", "tree", "airports")]
    for name, training_examples in [*shown, ("airports", False)]:
        report = render(run(name), training_examples=training_examples)
        opening = {"viewport": {"width": width, "height": 900}}
        opened_page, complaints, requests = opened(browser, report, **opening)
        assert complaints == []
        assert requests == [report.as_uri()]
        assert opened_page.evaluate("document.documentElement.scrollWidth") <= width
        empty = (
            "[...document.querySelectorAll('[data-chart]')]"
            ".filter(e => !e.querySelector('svg *')).length"
        )
        assert opened_page.evaluate(empty) == 0
        opened_page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser: Any, run: Run, scheme: str) -> None:
    opened_page, _, _ = opened(browser, render(run("iris")), color_scheme=scheme)
    opened_page.evaluate("for (let i = 0; i < 4; i++) further.kmeansPlayer.all[0].step()")
    opened_page.wait_for_timeout(300)
    ratio, words = opened_page.evaluate(CONTRAST)
    assert ratio >= 4.5, words
    opened_page.context.close()


def test_hovering_names_the_row(browser: Any, run: Run) -> None:
    opened_page, complaints, _ = opened(browser, render(run("iris")))
    dot = opened_page.locator(".plot-clusters svg").first.locator("g[aria-label=dot] path").first
    dot.scroll_into_view_if_needed()
    box = dot.bounding_box()
    opened_page.mouse.move(box["x"] + 2, box["y"] + 2)
    opened_page.wait_for_timeout(150)
    tip = opened_page.locator(".plot-clusters g[aria-label=tip] text").first.text_content()
    assert re.search(r"row \d+.*cluster \d", tip)
    assert complaints == []
    opened_page.context.close()


def test_lloyd_is_exact(browser: Any, run: Run, real_data: Path) -> None:
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(0)
    opened_page, _, _ = opened(browser, render(run("iris")))
    duplicates = np.repeat(rng.normal(size=(6, 2)), 5, axis=0)
    birds = penguins(real_data / "tables").select_dtypes("number")
    birds = ((birds - birds.mean()) / birds.std()).to_numpy()
    tables = {
        "iris": np.array(read(run("iris"))["steps"]["scores"]),
        "uniform": np.array(read(run("uniform"))["steps"]["scores"]),
        "penguins": birds,
        "duplicates": duplicates,
    }
    tried = 0
    for X in tables.values():
        for k in (1, 2, 3, 5, 8):
            for _ in range(6):
                centers = X[rng.choice(len(X), k, replace=False)]
                if X is duplicates and k > 6:
                    continue
                found = opened_page.evaluate(LLOYD, [X.tolist(), centers.tolist()])
                fitted = KMeans(k, init=centers, n_init=1, algorithm="lloyd", tol=0, max_iter=1000)
                fitted.fit(X)
                assert found["labels"] == fitted.labels_.tolist()
                assert found["iteration"] == fitted.n_iter_
                assert found["inertia"] == pytest.approx(fitted.inertia_, rel=1e-12, abs=1e-12)
                np.testing.assert_allclose(found["centers"], fitted.cluster_centers_, atol=1e-12)
                tried += 1
    assert tried == 114
    opened_page.context.close()


def test_empty_clusters_are_filled_as_scikit_learn_does(browser: Any, run: Run) -> None:
    from sklearn.cluster import KMeans

    opened_page, _, _ = opened(browser, render(run("iris")))
    X = np.array(read(run("iris"))["steps"]["scores"])
    # The last two centroids are so far away that no row takes them.
    centers = np.vstack([X[:2], X[:2] + 100.0])
    found = opened_page.evaluate(LLOYD, [X.tolist(), centers.tolist()])
    fitted = KMeans(4, init=centers, n_init=1, algorithm="lloyd", tol=0).fit(X)
    assert found["labels"] == fitted.labels_.tolist()
    assert found["iteration"] == fitted.n_iter_
    # More centroids than distinct rows: it ends all the same.
    same = [[1.0, 2.0]] * 5
    found = opened_page.evaluate(LLOYD, [same, same[:3]])
    assert found["inertia"] == 0
    opened_page.context.close()


def test_starts_are_the_same_for_everyone(browser: Any, run: Run) -> None:
    opened_page, _, _ = opened(browser, render(run("iris")))
    drawn = opened_page.evaluate("""() => {
      const X = Array.from({length: 50}, (_, i) => [i % 7, i % 11]);
      const next = further.kmeans.generator(3);
      return {numbers: [next(), next(), next()],
        rows: Object.values(further.kmeans.starts).map(s => s(X, 4, further.kmeans.generator(3))),
        many: Array.from({length: 4000}, (_, i) =>
          further.kmeans.starts["random rows"](X, 1, further.kmeans.generator(i + 1))[0]),
        spread: Array.from({length: 400}, (_, i) =>
          further.kmeans.starts["k-means++"]([[0], [0.01], [100]], 2, further.kmeans.generator(i))),
      };
    }""")
    # Mulberry32 of seed 3, by its definition.
    assert drawn["numbers"] == pytest.approx(_mulberry32(3, 3), rel=1e-15)
    assert drawn["rows"] == [[36, 2, 23, 6], [36, 5, 21, 7]]
    assert all(len(set(rows)) == 4 for rows in drawn["rows"])
    counts = np.bincount(drawn["many"], minlength=50)
    assert counts.min() > 40
    assert counts.max() < 130
    assert all(2 in pair for pair in drawn["spread"])
    opened_page.context.close()


def _mulberry32(seed: int, n: int) -> list[float]:
    mask, found = 0xFFFFFFFF, []
    for _ in range(n):
        seed = (seed + 0x6D2B79F5) & mask
        t = ((seed ^ (seed >> 15)) * (seed | 1)) & mask
        t = (t + (((t ^ (t >> 7)) * (t | 61)) & mask)) & mask ^ t
        found.append((t ^ (t >> 14)) / 2**32)
    return found


def test_the_player_obeys_keys_and_says_each_step(browser: Any, run: Run) -> None:
    opened_page, complaints, _ = opened(browser, render(run("iris")))
    status = opened_page.locator(".player [role=status]")
    assert status.get_attribute("aria-live") == "polite"
    assert status.text_content() == "Start 1: 3 centroids, rows drawn at random."
    opened_page.locator(".player").focus()
    opened_page.keyboard.press("ArrowRight")
    assert status.text_content().startswith("Step 1: 150 rows took the nearest centroid, inertia ")
    opened_page.keyboard.press("ArrowRight")
    assert re.match(r"Step 2: the centroids moved, by up to [\d.]+, inertia", status.text_content())
    opened_page.keyboard.press("ArrowRight")
    assert re.match(r"Step 3: \d+ rows? changed side, inertia [\d.]+\.", status.text_content())
    falling = opened_page.locator(".player .inertia circle").count()
    assert falling == 3
    opened_page.keyboard.press("ArrowLeft")
    opened_page.keyboard.press("ArrowLeft")
    assert opened_page.evaluate(f"{PLAYER}.steps()") == 1
    opened_page.keyboard.press("+")
    assert status.text_content() == "Start 1: 4 centroids, rows drawn at random."
    assert opened_page.locator(".player .centroids g").count() == 4
    opened_page.keyboard.press("-")
    opened_page.keyboard.press("n")
    assert status.text_content() == "Start 2: 3 centroids, rows drawn at random."
    # The list below the curve says the same as the picture.
    opened_page.evaluate(f"while (!{PLAYER}.state().converged) {PLAYER}.step()")
    assert "It has converged after" in status.text_content()
    rows = opened_page.locator(".player details tbody tr").count()
    assert rows == opened_page.evaluate(f"{PLAYER}.steps()") + 1
    assert opened_page.locator(".player button", has_text="Step").is_disabled()
    assert opened_page.locator(".player .cells path").count() == 0
    assert "they would be wrong" in opened_page.locator(".player").text_content()
    for _ in range(20):
        opened_page.keyboard.press("+")
    assert "10 centroids" in status.text_content()
    assert complaints == []
    opened_page.context.close()


def test_the_player_plays_pauses_and_takes_other_starts(browser: Any, run: Run) -> None:
    opened_page, complaints, _ = opened(browser, render(run("uniform")), reduced_motion="reduce")
    opened_page.locator(".player select").nth(1).select_option(label="fast")
    opened_page.locator(".player").focus()
    opened_page.keyboard.press("Space")
    play = opened_page.locator(".player button").first
    assert play.get_attribute("aria-pressed") == "true"
    opened_page.locator(".player details tbody tr").nth(2).wait_for(state="attached")
    opened_page.keyboard.press("Space")
    steps = opened_page.evaluate(f"{PLAYER}.steps()")
    opened_page.wait_for_timeout(400)
    assert opened_page.evaluate(f"{PLAYER}.steps()") == steps
    assert play.get_attribute("aria-pressed") == "false"
    # Two components: the cells of the plane are those of the algorithm.
    assert opened_page.locator(".player .cells path").count() == 1
    moved = opened_page.evaluate(
        "getComputedStyle(document.querySelector('.player .centroids g')).transitionDuration"
    )
    assert float(moved.rstrip("s")) == 0
    opened_page.locator(".player select").first.select_option("k-means++")
    assert "rows drawn by k-means++" in opened_page.locator(".player [role=status]").text_content()
    start = opened_page.locator(".player input")
    start.fill("3")
    start.press("Enter")
    first = opened_page.evaluate(f"{PLAYER}.state().centers")
    start.fill("4")
    start.press("Enter")
    assert opened_page.evaluate(f"{PLAYER}.state().centers") != first
    start.fill("3")
    start.press("Enter")
    assert opened_page.evaluate(f"{PLAYER}.state().centers") == first
    # Keys of a field are the field's: an n there is no new start.
    start.press("ArrowRight")
    assert opened_page.evaluate(f"{PLAYER}.steps()") == 0
    assert complaints == []
    opened_page.context.close()


def test_inertia_never_rises_and_each_half_step_is_seen(browser: Any, run: Run) -> None:
    opened_page, _, _ = opened(browser, render(run("uniform")))
    seen = opened_page.evaluate(f"""() => {{
      const player = {PLAYER}, seen = [];
      player.setK(5);
      while (!player.state().converged) {{
        player.step();
        const now = player.state();
        seen.push([now.phase, now.inertia,
          document.querySelectorAll(".player .dots .changed").length, now.changed]);
      }}
      return seen;
    }}""")
    inertia = [step[1] for step in seen]
    assert all(after <= before + 1e-9 for before, after in pairwise(inertia))
    assert [step[0] for step in seen[:4]] == ["assign", "move", "assign", "move"]
    # Rings mark the rows that changed side; the first assignment is no change.
    assert all(ringed == changed for phase, _, ringed, changed in seen[2:] if phase == "assign")
    assert seen[0][2] == 0
    opened_page.context.close()


def test_a_single_component_is_played_on_a_band(browser: Any, damaged: Any) -> None:
    def flatten(found: dict[str, Any]) -> None:
        found["steps"]["scores"] = [row[:1] for row in found["steps"]["scores"]]

    opened_page, complaints, _ = opened(browser, render(damaged("iris", flatten)))
    opened_page.evaluate(f"while (!{PLAYER}.state().converged) {PLAYER}.step()")
    assert "the height of a row in the picture means nothing" in opened_page.content()
    assert opened_page.locator(".player .dots path").count() == 150
    assert complaints == []
    opened_page.context.close()
