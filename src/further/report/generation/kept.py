"""The rows that the page of generative models holds once, and where among them is what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from further.report.markup import Markup


@dataclass
class Kept:
    """Rows of the page; nothing is in it where the page is made to be shared."""

    head: Annotated[tuple[str, ...], "The columns, as ``row_store`` has them."] = ()
    unit: Annotated[str, "What one is called: row, picture."] = "row"
    told: Annotated[str, "What they are, in a sentence."] = ""
    rows: Annotated[list[list[object]], "The cells of each."] = field(default_factory=list)
    held: Annotated[list[int], "Places of held-out rows."] = field(default_factory=list)
    tested: Annotated[list[int], "Which of all test rows each of those is."] = field(
        default_factory=list
    )
    generated: Annotated[dict[str, list[int]], "Places of samples, by model."] = field(
        default_factory=dict
    )
    pairs: Annotated[
        dict[str, list[list[int]]], "Places of each pair of a sample and a training row, by model."
    ] = field(default_factory=dict)
    sheet: Annotated[Markup | None, "The held-out pictures."] = None

    def add(self, cells: list[object]) -> int:
        """Hold a row, and return its place."""
        self.rows.append(cells)
        return len(self.rows) - 1

    def column(self, name: str, places: list[int]) -> list[tuple[int, object]]:
        """Return places with their cells in one column.

        Parameters
        ----------
        name : str
            The column.
        places : list of int
            Of rows.

        Returns
        -------
        list of tuple
            None where there is no such column.
        """
        if name not in self.head:
            return []
        at = self.head.index(name)
        return [(place, self.rows[place][at]) for place in places]
