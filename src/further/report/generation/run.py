"""A run of generative models as its page shows it: the run, with the rows behind its figures."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field, fields
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.metrics import find_metric
from further.report.generation.kept import Kept
from further.report.run_folder import ModelRun, RunFolder


@dataclass(frozen=True)
class Behind:
    """The rows that a figure is made of."""

    rows: Annotated[list[int], "Places of those that the page holds."]
    count: Annotated[int, "How many there are."]
    title: Annotated[str, "What they have in common."]


@dataclass(frozen=True)
class GenerationRun(RunFolder):
    """The run of generative models."""

    kept: Annotated[Kept, "What the page holds."] = field(default_factory=Kept)

    @classmethod
    def of(cls, run: RunFolder, kept: Kept) -> GenerationRun:
        """Return a run with what its page holds.

        Parameters
        ----------
        run : RunFolder
            As it was read.
        kept : Kept
            Its rows.

        Returns
        -------
        GenerationRun
            Both.
        """
        known = {one.name: getattr(run, one.name) for one in fields(run)}
        return cls(**known, kept=kept)

    def behind(self, model: ModelRun, name: str) -> Behind | None:
        """Return the rows that a figure of a model is made of; None where they are not known.

        Of a mean of what each held-out row scored they are those taken for another class, or all
        of them, the worst first.

        Parameters
        ----------
        model : ModelRun
            Whose figure it is.
        name : str
            The metric.

        Returns
        -------
        Behind or None
            None too where the run kept no held-out rows.
        """
        if name == "memorization":
            return self.copied(model)
        scored = self._scores(model, f"by_row/{name}")
        kept = self.kept
        if scored is None or not kept.tested or max(kept.tested) >= len(scored):
            return None
        values = scored[kept.tested]
        metric = find_metric(name)
        told = f"{metric.plain}, {model.label}{_first(model)}"
        if np.isin(scored, (0, 1)).all():
            wrong = [kept.held[i] for i in np.flatnonzero(values == 0)]
            return Behind(
                wrong,
                int((scored == 0).sum()),
                f"held-out {kept.unit}s taken for another class: {told}",
            )
        order = np.argsort(-values if metric.better == "lower" else values, kind="stable")
        rows = [kept.held[i] for i in order]
        return Behind(rows, len(scored), f"held-out {kept.unit}s, the worst first: {told}")

    def copied(self, model: ModelRun) -> Behind | None:
        """Return the samples that are suspiciously near to training rows, with those rows."""
        near = self._scores(model, "per_example/memorization")
        pairs = self.kept.pairs.get(model.name)
        if near is None or not pairs:
            return None
        count = int((near > 0).sum())
        rows = [place for pair in pairs[:count] for place in pair]
        told = f"samples suspiciously near to training {self.kept.unit}s: {model.label}"
        return Behind(rows, count * len(pairs[0]), told + _first(model))

    def _scores(self, model: ModelRun, key: str) -> NDArray[np.floating[Any]] | None:
        """Return an array of what the evaluation kept; None where it kept none."""
        try:
            with np.load(model.folder / "scores.npz", allow_pickle=False) as arrays:
                found: NDArray[np.floating[Any]] | None = arrays.get(key)
        except (OSError, ValueError, zipfile.BadZipFile):
            return None
        return found


def _first(model: ModelRun) -> str:
    """Tell that rows are of one training where figures are means of several."""
    return " (first training)" if any(own.values for own in model.across_seeds.values()) else ""
