"""How rows of each kind of data are shown: one handler a kind, found in a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from further.report.generation import samples, table_rows
from further.report.markup import Markup
from further.report.pictures import Album
from further.report.run_folder import RunFolder, read_csv


class Examples(ABC):
    """How rows of one kind of data are shown."""

    @abstractmethod
    def generated(self, run: RunFolder, album: Album, training_examples: bool) -> Markup | None:
        """Show what every model generates, beside real rows.

        Parameters
        ----------
        run : RunFolder
            The run.
        album : Album
            Its pictures.
        training_examples : bool
            Whether what a copy of the training set generates may be shown.

        Returns
        -------
        Markup or None
            None where the run has none.
        """

    @abstractmethod
    def nearest(self, run: RunFolder, album: Album) -> Markup | None:
        """Show generated rows with the training rows that they are nearest to.

        Parameters
        ----------
        run : RunFolder
            The run.
        album : Album
            Its pictures.

        Returns
        -------
        Markup or None
            None where the run has none.
        """

    def size(self, run: RunFolder, shape: Sequence[object]) -> tuple[str, str]:
        """Return how large a row is, and what that is called.

        Parameters
        ----------
        run : RunFolder
            The run.
        shape : sequence of int
            Of the encoded rows.

        Returns
        -------
        name, size : str
            In words.
        """
        return "Shape", " × ".join(map(str, shape))


class _Pictures(Examples):
    def generated(self, run: RunFolder, album: Album, training_examples: bool) -> Markup | None:
        return samples.sample_sheets(run, album, training_examples)

    def nearest(self, run: RunFolder, album: Album) -> Markup | None:
        return samples.nearest_pairs(run, album)


class _Rows(Examples):
    def generated(self, run: RunFolder, album: Album, training_examples: bool) -> Markup | None:
        return table_rows.generated_rows(run, training_examples)

    def nearest(self, run: RunFolder, album: Album) -> Markup | None:
        return table_rows.nearest_rows(run)

    def size(self, run: RunFolder, shape: Sequence[object]) -> tuple[str, str]:
        # The shape is that of encoded rows; what a table looks like, only its rows tell.
        head = read_csv(run.path / "real.csv", 1)
        return ("Columns", str(len(head[0]))) if head else super().size(run, shape)


_PICTURES = _Pictures()
_KINDS: dict[str, Examples] = {"table": _Rows(), "images": _PICTURES}


def examples_of(run: RunFolder) -> Examples:
    """Return the handler of the kind of data of a run."""
    return _KINDS.get(str(run.data.get("kind")), _PICTURES)
