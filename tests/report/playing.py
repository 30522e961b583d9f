"""The player of k-means in a page, and what a hand finds there."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

PLAYER = "further.kmeansPlayer.all[0]"


class Player:
    """The player of a page, and what is done to it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.show()

    def show(self) -> None:
        """Scroll to the picture, and wait until it stands still."""
        self.page.locator(".player .stage").evaluate(
            "stage => stage.scrollIntoView({block: 'center', behavior: 'instant'})"
        )
        self.page.wait_for_timeout(400)

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(f"{PLAYER}.state()")
        return found

    @property
    def centers(self) -> np.ndarray:
        return np.array(self.state["centers"])

    @property
    def rows(self) -> np.ndarray:
        return np.array(self.page.evaluate(f"{PLAYER}.rows()"))

    @property
    def steps(self) -> int:
        found: int = self.page.evaluate(f"{PLAYER}.steps()")
        return found

    @property
    def says(self) -> str:
        found: str = self.page.locator(".player [role=status]").text_content()
        return found

    def press(self, name: str) -> None:
        self.page.locator(".player button", has_text=name).click()

    def search(self, name: str) -> None:
        self.press(f"{name} start")
        self.found()

    def found(self) -> None:
        """Wait until a search has ended."""
        self.page.locator(".player .status", has_text=re.compile("^(Of|All) 200")).wait_for()

    def centroid(self, j: int) -> tuple[float, float]:
        """Return where a centroid is on the screen, once it has come to rest."""
        self.page.wait_for_timeout(400)
        return middle(self.page.locator(".player .centroids g circle").nth(j).bounding_box())

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return a place in the picture, in shares of it, on the screen."""
        box = self.page.locator(".player .stage svg").bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def unit(self) -> float:
        """Return how many pixels one is, from two rows of the data that are drawn."""
        shown = self.page.evaluate("""() => [...document.querySelectorAll(".player .dots path")]
          .map(dot => dot.transform.baseVal[0].matrix.e)""")
        values = self.rows[:, 0]
        low, high = values.argmin(), values.argmax()
        unit: float = (shown[high] - shown[low]) / (values[high] - values[low])
        return unit


def middle(box: dict[str, float]) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
