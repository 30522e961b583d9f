"""A run of models that predict as its page shows it: records, and the rows behind the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd

from further.compare.prediction.held_out import IDENTIFIER, ROWS_FILE, shown_rows
from further.evaluate.prediction.record import (
    LadderRecord,
    PredictionEvaluation,
    PredictorRecord,
)
from further.evaluate.typed_json import from_json
from further.report.run_folder import RunFolder

#: Columns that the page holds of each row at most.
MOST_COLUMNS = 12


@dataclass(frozen=True)
class LadderView:
    """What the sections of the page are made from."""

    run: Annotated[RunFolder, "The run."]
    found: Annotated[PredictionEvaluation, "Its evaluation."]

    @classmethod
    def of(cls, run: RunFolder) -> LadderView:
        """Read the evaluation of a run."""
        return cls(run, from_json(PredictionEvaluation, run.evaluation))

    @property
    def models(self) -> tuple[PredictorRecord, ...]:
        """All of them, those that a single model is compared with too."""
        return (*self.found.models, *self.found.controls)

    @property
    def fitted(self) -> list[PredictorRecord]:
        """Those that have figures."""
        return [model for model in self.models if model.metrics]

    @property
    def advice(self) -> LadderRecord:
        """The answer; empty where there was nothing to choose from."""
        return self.found.recommendation or LadderRecord()

    @property
    def shown(self) -> list[PredictorRecord]:
        """Those that are looked at closely: the chosen and the best, or the one that was fitted."""
        names = dict.fromkeys((self.advice.chosen, self.advice.best))
        chosen = [model for name in names for model in self.fitted if model.name == name and name]
        return chosen or [model for model in self.fitted if model.role == "model"][:1]

    @property
    def is_classes(self) -> bool:
        """Whether classes are predicted, not numbers."""
        return self.found.task == "classification"

    def folder(self, model: PredictorRecord) -> Path:
        """Return where the files of a model are."""
        own = {entry.name: entry.folder for entry in self.run.models}
        beside = self.run.path / "controls" / model.name
        return own.get(model.name, beside)

    @cached_property
    def places(self) -> np.ndarray[Any, Any]:
        """Which held-out rows the page holds: all, or some drawn at random."""
        first = self.shown[0] if self.shown else None
        n = 0 if first is None else len(self.predictions(first))
        return shown_rows(n, self.found.seed or 0)

    def predictions(self, model: PredictorRecord) -> pd.DataFrame:
        """Return what a model says of each held-out row; empty where it was not kept."""
        file = self.folder(model) / "predictions.parquet"
        return pd.read_parquet(file) if file.is_file() else pd.DataFrame()

    @cached_property
    def rows(self) -> tuple[list[str], list[list[object]]] | None:
        """Headings and cells of the rows that the page holds; None where none are shown."""
        if not self.run.training_examples or not self.shown:
            return None
        predicted = [self.predictions(model).iloc[self.places] for model in self.shown]
        if predicted[0].empty:
            return None
        target = str(self.found.data.target or "target")
        columns: dict[str, Sequence[Any]] = {
            "row": predicted[0]["identifier"].tolist(),
            f"{target} (true)": [_written(v) for v in predicted[0]["target"]],
        }
        for model, frame in zip(self.shown, predicted, strict=True):
            columns[model.label] = [_written(v) for v in frame["prediction"]]
            if "score" in frame:
                columns[f"{model.label}, confidence"] = [f"{p:.3f}" for p in frame["score"]]
        columns |= self._features(predicted[0]["identifier"].to_numpy())
        head = list(columns)
        return head, [list(cells) for cells in zip(*columns.values(), strict=True)]

    def _features(self, rows: np.ndarray[Any, Any]) -> dict[str, list[str]]:
        """Return the columns that matter most to the chosen model, as they were read."""
        file = self.run.path / ROWS_FILE
        if not file.is_file():  # of pictures there is none
            return {}
        frame = pd.read_parquet(file).set_index(IDENTIFIER).reindex(rows)
        ranked = [entry.column for entry in self.shown[0].importance]
        names = dict.fromkeys([*ranked, *map(str, frame.columns)])
        kept = [name for name in names if name in frame][:MOST_COLUMNS]
        return {name: [_written(v) for v in frame[name]] for name in kept}


def _written(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
