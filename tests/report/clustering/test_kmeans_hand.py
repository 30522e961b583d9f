"""What a hand does in the player of k-means: by mouse, finger and keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import CONTRAST, opened
from playing import PLAYER, Player, middle

from further.report import render

Run = Callable[[str], Path]
#: The inertias that starts 1 to 200 end at, by the algorithm alone.
ENDS = """([X, k, kind]) => Array.from({length: 200}, (_, i) => {
  const rows = further.kmeans.starts[kind](X, k, further.kmeans.generator(i + 1));
  let state = further.kmeans.start(X, rows.map(row => X[row]));
  while (!state.converged) state = further.kmeans.next(X, state);
  return state.inertia;
})"""
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def nearest(rows: np.ndarray, centers: np.ndarray) -> list[int]:
    from sklearn.metrics import pairwise_distances_argmin

    found: list[int] = pairwise_distances_argmin(rows, centers).tolist()
    return found


def inertia(text: str) -> float:
    return float(re.search(r"[Ii]nertia ([\d.,]*\d)", text).group(1).replace(",", ""))


@pytest.fixture
def play(browser: Any, run: Run) -> Iterator[Callable[..., Player]]:
    pages = []

    def start(name: str = "iris", **options: Any) -> Player:
        report = render(run(name))
        page, complaints, requests = opened(browser, report, **options)
        pages.append((page, complaints, requests, report.as_uri()))
        return Player(page)

    yield start
    for page, complaints, requests, address in pages:
        assert complaints == []
        assert requests == [address]
        page.context.close()


def test_a_drag_moves_a_centroid_and_every_row_takes_the_nearest(play: Any) -> None:
    player = play()
    before, (x, y), unit = player.centers, player.centroid(1), player.unit()
    mouse = player.page.mouse
    mouse.move(x + 5, y - 3)
    mouse.down()
    mouse.move(x + 65, y - 43, steps=6)
    # Not let go of yet: the rows follow live.
    colours = player.page.evaluate("""() => [...document.querySelectorAll(".player .dots path")]
      .map(dot => dot.style.getPropertyValue("--sign"))""")
    during, labels = player.centers, player.state["labels"]
    assert labels == nearest(player.rows, during)
    assert len(set(zip(colours, labels, strict=True))) == len(set(labels))
    mouse.move(x + 125, y - 43, steps=6)
    mouse.up()
    after = player.centers
    # Where it was taken hold of does not matter; what is not drawn stays as it was.
    np.testing.assert_allclose((after - before)[1, :2] * unit, [120, 40], atol=0.6)
    np.testing.assert_array_equal(after[:, 2:], before[:, 2:])
    np.testing.assert_array_equal(np.delete(after, 1, 0), np.delete(before, 1, 0))
    state = player.state
    assert (state["phase"], player.steps) == ("assign", 1)
    assert state["labels"] == nearest(player.rows, after)
    own = after[state["labels"]]
    assert state["inertia"] == pytest.approx(((player.rows - own) ** 2).sum())
    assert player.says.startswith("Centroid 1 was moved.")
    assert inertia(player.says) == pytest.approx(state["inertia"], rel=1e-3)
    assert "keeps its values in the others" in player.page.locator(".player > .note").text_content()
    # It is dragged beyond the picture, and stays at its edge.
    mouse.move(*player.centroid(1))
    mouse.down()
    mouse.move(2, y, steps=3)
    mouse.up()
    assert player.centroid(1)[0] == pytest.approx(player.place(0, 0)[0], abs=1)
    assert len(player.centers) == 3


@pytest.mark.slow
def test_a_reset_goes_to_the_centroids_of_the_hand_and_then_to_the_drawn_ones(play: Any) -> None:
    player = play("uniform")
    drawn, (x, y) = player.centers, player.centroid(0)
    player.page.mouse.move(x, y)
    player.page.mouse.down()
    player.page.mouse.move(x + 30, y, steps=3)
    player.page.mouse.up()
    own = player.centers
    player.press("Step")
    player.press("Step")
    player.press("Reset")
    np.testing.assert_array_equal(player.centers, own)
    assert player.says.startswith("3 centroids set by hand. Inertia ")
    player.press("Back")
    assert player.says == "3 centroids set by hand."
    player.press("Reset")
    np.testing.assert_array_equal(player.centers, drawn)
    assert player.says == "Start 1: 3 centroids, rows drawn at random."


def test_a_click_adds_a_centroid_and_a_double_click_removes_it(play: Any) -> None:
    player = play()
    before, mouse = player.centers, player.page.mouse
    place = player.place(0.2, 0.9)
    mouse.click(*place)
    centers = player.centers
    np.testing.assert_array_equal(centers[:3], before)
    assert player.centroid(3) == pytest.approx(place, abs=1)
    near = ((player.rows[:, :2] - centers[3, :2]) ** 2).sum(axis=1).argmin()
    np.testing.assert_array_equal(centers[3, 2:], player.rows[near, 2:])
    assert player.state["labels"] == nearest(player.rows, centers)
    assert "k = 4" in player.page.locator(".player output").text_content()
    # Pressed and moved elsewhere, it is no click; one on a centroid adds none.
    mouse.move(*player.place(0.4, 0.9))
    mouse.down()
    mouse.move(*player.place(0.5, 0.9), steps=3)
    mouse.up()
    mouse.click(*player.centroid(3))
    assert len(player.centers) == 4
    mouse.dblclick(*player.centroid(3))
    np.testing.assert_array_equal(player.centers, before)
    for _ in range(3):
        player.page.wait_for_timeout(600)
        mouse.dblclick(*player.centroid(0))
    assert len(player.centers) == 1
    assert player.says == "This is the only centroid; one has to stay."
    for place in np.linspace(0.02, 0.98, 11):
        mouse.click(*player.place(place, 0.06))
    assert len(player.centers) == 10
    assert player.says == "There are 10 centroids, as many as there may be."


def test_a_double_click_on_an_empty_place_adds_one(play: Any) -> None:
    player = play()
    player.page.mouse.dblclick(*player.place(0.2, 0.9))
    assert len(player.centers) == 4


@pytest.mark.slow
def test_painted_rows_are_counted_told_apart_and_removed(play: Any) -> None:
    player = play()
    player.press("Step")
    player.press("Step")
    before, said, data = player.state, player.says, player.rows
    drawn = []
    for _ in range(2):
        player.press("Paint rows")
        player.page.mouse.move(*player.place(0.4, 0.1))
        player.page.mouse.down()
        player.page.mouse.move(*player.place(0.6, 0.2), steps=10)
        player.page.mouse.up()
        drawn.append(player.rows)
        painted = drawn[-1][150:]
        assert len(painted) > 10
        assert f"150 rows of the data and {len(painted)} painted" in player.says
        assert f"150 rows of the data and {len(painted)} painted" in (
            player.page.locator(".player .tally").text_content()
        )
        hollow = player.page.locator(".player .dots .painted")
        assert hollow.count() == len(painted)
        # Hollow, where those of the data are filled.
        paper = player.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert hollow.first.evaluate("dot => getComputedStyle(dot).fill") == paper
        # Around the way of the pointer, and with what is not drawn from the nearest row.
        near = ((painted[:, None, :2] - data[:, :2]) ** 2).sum(axis=2).argmin(axis=1)
        np.testing.assert_array_equal(painted[:, 2:], data[near, 2:])
        assert player.state["labels"] == nearest(player.rows, player.centers)
        player.press("Remove painted rows")
        assert player.state == before
        assert player.says == said
        np.testing.assert_array_equal(player.rows, data)
        player.press("Centroids")
        assert not player.page.locator(".player .tally").is_visible()
    # The same hand paints the same rows.
    np.testing.assert_array_equal(*drawn)


@pytest.mark.slow
def test_no_more_than_a_thousand_rows_are_painted(play: Any) -> None:
    player = play("uniform")
    player.press("Paint rows")
    player.page.locator(".player").focus()
    for _ in range(202):
        player.page.keyboard.press("Enter")
    assert len(player.rows) == 1000
    assert player.says == "There are 1,000 rows, as many as there may be."
    player.search("Worst")


@pytest.mark.parametrize(
    ("k", "kind"),
    [
        (3, "random rows"),
        pytest.param(6, "k-means++", marks=pytest.mark.slow),
        pytest.param(1, "random rows", marks=pytest.mark.slow),
    ],
)
def test_the_worst_of_200_starts_is_found_and_the_best(play: Any, k: int, kind: str) -> None:
    player = play()
    player.page.evaluate(f"{PLAYER}.setK({k})")
    player.page.locator(".player select").first.select_option(kind)
    ends = np.array(player.page.evaluate(ENDS, [player.rows.tolist(), k, kind]))
    worst = int(np.argmax(ends >= ends.max() * (1 - 1e-9)))
    best = int(np.argmax(ends <= ends.min() * (1 + 1e-9)))
    near = int((ends <= ends.min() * 1.01).sum())
    for name, start in (("worst", worst), ("best", best)):
        player.search(name.title())
        assert player.state["inertia"] == pytest.approx(ends[start], rel=1e-9)
        assert player.state["converged"]
        assert player.page.locator(".player input").input_value() == str(start + 1)
        if k == 1:
            said = r"All 200 starts end at the same inertia, ([\d.]+); this is start 1\."
            assert float(re.fullmatch(said, player.says).group(1)) == pytest.approx(
                ends[0], rel=1e-3
            )
        else:
            assert f"start {start + 1} ends {name}: " in player.says
            assert f"(start {(best if name == 'worst' else worst) + 1}); " in player.says
            assert f" {near} end within 1 % of " in player.says
            assert inertia(player.says) == pytest.approx(ends[start], rel=1e-3)
        player.press("Reset")
    note = player.page.locator(".player .side .note").text_content()
    assert f"(start {best + 1}, {kind})" in note


def test_a_search_lets_the_page_go_on_meanwhile(play: Any) -> None:
    player = play()
    turns = player.page.evaluate("""() => new Promise(done => {
      let turns = 0;
      (function tick() {
        turns += 1;
        const words = document.querySelector(".status").textContent;
        words.startsWith("Of 200") ? done(turns) : setTimeout(tick);
      })();
      further.kmeansPlayer.all[0].setK(10);
      document.querySelector(".player").focus();
      const press = new KeyboardEvent("keydown", {key: "w", bubbles: true});
      document.querySelector(".player").dispatchEvent(press);
    })""")
    assert turns > 2


def test_what_is_done_meanwhile_ends_the_search(play: Any) -> None:
    player = play()
    player.page.evaluate(f"""() => {{
      document.querySelector("[aria-label='Worst start of 200']").click();
      {PLAYER}.setK(5);
    }}""")
    player.page.wait_for_timeout(1500)
    assert player.says == "Start 1: 5 centroids, rows drawn at random."


def test_keys_do_all_of_it(play: Any) -> None:
    player = play()
    page, keys = player.page, player.page.keyboard
    before, unit = player.centers, player.unit()
    width, height = (
        page.locator(".player .stage svg").bounding_box()[s] for s in ("width", "height")
    )
    # The way there is by tab.
    page.locator(".player button", has_text="Best start").focus()
    keys.press("Tab")
    keys.press("Tab")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.fullmatch(r"Centroid 1 of 3 at -?[\d.]+, -?[\d.]+", focused)
    ring = page.evaluate("getComputedStyle(document.activeElement.firstChild).strokeWidth")
    assert ring == "2px"
    keys.press("ArrowRight")
    keys.press("Shift+ArrowUp")
    moved = (player.centers - before) * unit
    np.testing.assert_allclose(moved[1, :2], [0.02 * width, 0.1 * height], atol=0.6)
    assert (moved[[0, 2]] == 0).all()
    assert player.state["labels"] == nearest(player.rows, player.centers)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") != focused
    # Other keys stay what they are; one centroid after the other is removed, but for the last.
    distances = ((player.rows[:, None] - player.centers) ** 2).sum(axis=2).min(axis=1)
    keys.press("a")
    np.testing.assert_array_equal(player.centers[3], player.rows[distances.argmax()])
    kept = np.delete(player.centers, 1, 0)
    keys.press("Delete")
    np.testing.assert_array_equal(player.centers, kept)
    for _ in range(3):
        assert page.evaluate("document.activeElement.matches('.centroids g')")
        keys.press("Backspace")
    np.testing.assert_array_equal(player.centers, kept[:1])
    # Without the focus of a centroid, the arrows step.
    page.locator(".player").focus()
    keys.press("ArrowRight")
    assert player.steps == 2
    keys.press("+")
    keys.press("w")
    player.found()
    # The brush: a cross that the arrows move.
    player.press("Paint rows")
    steps, cross = player.steps, page.locator(".player .cross")
    first = middle(cross.bounding_box())
    page.locator(".player .stage svg").focus()
    keys.press("Shift+ArrowLeft")
    keys.press("ArrowDown")
    second = middle(cross.bounding_box())
    assert second[0] - first[0] == pytest.approx(-0.1 * width, abs=0.6)
    assert second[1] - first[1] == pytest.approx(0.02 * height, abs=0.6)
    assert player.steps == steps
    keys.press("Enter")
    assert len(player.rows) == 154
    dots = page.locator(".player .dots .painted").all()
    assert all(np.hypot(*np.subtract(middle(d.bounding_box()), second)) < 36 for d in dots)
    named = page.locator(".player .keys").text_content()
    assert all(word in named for word in ("worst start", "move it", "remove it", "cross"))


@pytest.mark.slow
def test_a_finger_drags_adds_removes_paints_and_scrolls(play: Any) -> None:
    player = play(**PHONE)
    page = player.page
    devtools = page.context.new_cdp_session(page)

    def touch(kind: str, *point: float) -> None:
        points = [{"x": point[0], "y": point[1]}] if point else []
        devtools.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    def swipe(start: tuple[float, float], way: tuple[float, float]) -> None:
        touch("Start", *start)
        for part in np.linspace(0.1, 1, 10):
            touch("Move", start[0] + part * way[0], start[1] + part * way[1])
        touch("End")
        page.wait_for_timeout(500)

    def scrolled() -> float:
        found: float = page.evaluate("scrollY")
        return found

    before, at, top = player.centers, player.centroid(0), scrolled()
    swipe(at, (20, -60))
    moved = (player.centers - before) * player.unit()
    np.testing.assert_allclose(moved[0, :2], [20, 60], atol=1)
    assert scrolled() == top
    page.touchscreen.tap(*player.place(0.1, 0.85))
    assert len(player.centers) == 4
    # The rest of the picture is left to the page.
    swipe(player.place(0.5, 0.9), (0, -120))
    assert scrolled() > top + 60
    assert len(player.centers) == 4
    player.show()
    touch("Start", *player.centroid(3))
    page.wait_for_timeout(800)
    touch("End")
    page.wait_for_timeout(300)
    assert len(player.centers) == 3
    player.press("Paint rows")
    player.show()
    top = scrolled()
    swipe(player.place(0.3, 0.8), (60, -60))
    assert scrolled() == top
    assert len(player.rows) > 160


@pytest.mark.parametrize(
    "options", [PHONE, {"color_scheme": "dark"}, {**PHONE, "color_scheme": "dark"}]
)
def test_it_fits_the_page_and_can_be_read(play: Any, options: dict[str, Any]) -> None:
    player = play(**options)
    page = player.page
    for tool in ("Paint rows", "Centroids"):
        player.press(tool)
        pressed = page.locator(".player .tools [aria-pressed=true]")
        assert pressed.all_text_contents() == [tool]
        page.mouse.click(*player.place(0.3, 0.9))
        page.wait_for_timeout(300)
        ratio, words = page.evaluate(CONTRAST)
        assert ratio >= 4.5, words
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [b.bounding_box() for b in page.locator(".player :is(button, select, input)").all()]
    assert min(min(box["width"], box["height"]) for box in boxes) >= 24
    reach = page.locator(".player .centroids circle").first.bounding_box()
    assert min(reach["width"], reach["height"]) >= 44


@pytest.mark.slow
def test_a_single_component_has_a_hand_too(browser: Any, damaged: Any) -> None:
    def flatten(found: dict[str, Any]) -> None:
        found["steps"]["scores"] = [row[:1] for row in found["steps"]["scores"]]

    page, complaints, _ = opened(browser, render(damaged("iris", flatten)))
    player = Player(page)
    player.page.mouse.click(*player.place(0.3, 0.9))
    player.press("Paint rows")
    player.page.mouse.click(*player.place(0.6, 0.2))
    assert player.centers.shape == (4, 1)
    assert player.rows.shape == (154, 1)
    assert player.state["labels"] == nearest(player.rows, player.centers)
    assert complaints == []
    page.context.close()


def test_a_page_to_be_shared_has_no_player(browser: Any, run: Run, tmp_path: Path) -> None:
    report = render(run("iris"), training_examples=False, out=tmp_path / "shared.html")
    page, complaints, _ = opened(browser, report)
    assert page.evaluate(f"{PLAYER} === undefined")
    assert page.locator(".player").count() == 0
    assert complaints == []
    page.context.close()
