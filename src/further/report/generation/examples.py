"""How rows of each kind of data are shown: one handler a kind, found in a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from further.report.generation import samples, table_rows
from further.report.markup import Markup
from further.report.run_folder import RunFolder, read_csv
from further.report.shell import withheld


@dataclass(frozen=True)
class Examples:
    """How rows of one kind of data are shown; what the run has nothing for is None.

    Attributes
    ----------
    generated : callable
        Shows what every model generates, beside real rows.
    pairs : callable
        Shows generated rows with the training rows that they are nearest to.
    size : callable
        Says how large a row is: the name of the size, and the size.
    """

    generated: Callable[[RunFolder], Markup | None]
    pairs: Callable[[RunFolder], Markup | None]
    size: Callable[[RunFolder], tuple[str, str]]

    def nearest(self, run: RunFolder) -> Markup | None:
        """Show the pairs, or say that they are left out on request."""
        pairs = self.pairs(run)
        return withheld() if pairs and not run.training_examples else pairs


def _shape(run: RunFolder) -> tuple[str, str]:
    return "Shape", " × ".join(map(str, run.data["shape"]))


def _columns(run: RunFolder) -> tuple[str, str]:
    # The shape is that of encoded rows; what a table looks like, only its rows tell.
    head = read_csv(run.path / "real.csv", 1)
    return ("Columns", str(len(head[0]))) if head else _shape(run)


_PICTURES = Examples(samples.sample_sheets, samples.nearest_pairs, _shape)
_KINDS = {"table": Examples(table_rows.generated_rows, table_rows.nearest_rows, _columns)}


def examples_of(run: RunFolder) -> Examples:
    """Return the handler of the kind of data of a run."""
    return _KINDS.get(str(run.data.get("kind")), _PICTURES)
