"""How rows of each kind of data are shown: one handler a kind, found in a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple

from further.evaluate.record import DataRecord
from further.evaluate.typed_json import from_json
from further.report.generation import samples, table_rows
from further.report.generation.kept import Kept
from further.report.generation.run import GenerationRun
from further.report.markup import Markup
from further.report.run_folder import RunFolder, read_csv
from further.report.shell import withheld

_Show = Callable[[GenerationRun], Markup | None]
_Size = Callable[[RunFolder], tuple[str, str]]


class Examples(NamedTuple):
    """How rows of one kind of data are shown; what the run has nothing for is None."""

    generated: Annotated[_Show, "Shows what every model generates, beside real rows."]
    pairs: Annotated[_Show, "Shows generated rows with the training rows nearest to them."]
    kept: Annotated[Callable[[RunFolder], Kept], "Returns the rows that the page holds."]
    cells: Annotated[Callable[[Kept], list[list[object]]], "Returns their cells, as they are read."]
    size: Annotated[_Size, "Says how large a row is: the name of the size, and the size."]

    def nearest(self, run: GenerationRun) -> Markup | None:
        """Show the pairs, or say that they are left out on request."""
        pairs = self.pairs(run)
        return withheld() if pairs and not run.training_examples else pairs


def _shape(run: RunFolder) -> tuple[str, str]:
    return "Shape", " × ".join(map(str, data_of(run).shape))


def _columns(run: RunFolder) -> tuple[str, str]:
    # The shape is that of encoded rows; what a table looks like, only its rows tell.
    head = read_csv(run.path / "real.csv", 1)
    return ("Columns", str(len(head[0]))) if head else _shape(run)


_PICTURES = Examples(
    samples.sample_sheets, samples.nearest_pairs, samples.kept_pictures, lambda kept: kept.rows,
    _shape,
)  # fmt: skip
_KINDS = {
    "table": Examples(
        table_rows.generated_rows, table_rows.nearest_rows, table_rows.kept_rows,
        table_rows.store_cells, _columns,
    )
}  # fmt: skip


def data_of(run: RunFolder) -> DataRecord:
    """Return what is recorded of the data that models were trained on."""
    return from_json(DataRecord, run.data)


def examples_of(run: RunFolder) -> Examples:
    """Return the handler of the kind of data of a run."""
    return _KINDS.get(data_of(run).kind, _PICTURES)
