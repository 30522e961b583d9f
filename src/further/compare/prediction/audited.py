"""The held-out rows of a run as an audit takes them: with every column of the data beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from further.compare.prediction.setting import chosen_model, read_setting
from further.compare.source import member_folder
from further.errors import InputError
from further.train.predictions import FILE
from further.train.run import Run
from further.trust.audit.predictions import Predictions, predictions_of

#: The most probable of two classes is the one with at least this probability.
EVEN = 0.5


def held_out_rows(
    run: Run,
    model: str | None = None,
    *,
    positive: str | None = None,
    selected: Sequence[str] = (),
    threshold: float | None = None,
    group: tuple[str, ...] = (),
) -> Predictions:
    """Return what a model of a run predicted of its held-out rows.

    Parameters
    ----------
    run : Run
        Of one model or of several.
    model : str, optional
        Of several; default: the one that the run chose.
    positive, selected, threshold
        As of :func:`further.trust.audit.predictions.predictions_of`.
    group : tuple of str
        The columns of the groups; any column of the data may be one.

    Returns
    -------
    Predictions
        With the columns of the data, those that the model did not see too.

    Raises
    ------
    InputError
        If there is no such model, or something is asked for that a run does not need.
    """
    if selected:
        raise InputError(f'"{run.path}" holds decisions of its own; leave out --selected.')
    folder, name = member_folder(run, FILE, model, chosen_model(run))
    table = pd.read_parquet(folder / FILE)
    setting = read_setting(run)
    data = setting.dataset
    rows = table["identifier"].to_numpy()
    columns = data.frame.iloc[rows].reset_index(drop=True)
    if data.attributes is not None:
        columns = columns.join(data.attributes.iloc[rows].reset_index(drop=True))
    assert data.target is not None
    columns = columns.drop(columns=data.target.name, errors="ignore")
    label, decided = _free(data.target.name, columns), _free("prediction", columns)
    columns[label], columns[decided] = table["target"], table["prediction"]
    probabilities = [c for c in table.columns if c.startswith("probability:")]
    notes = [f"Held-out rows of {name}: {setting.method}."]
    if "fold" in table:
        notes.append(
            "Scores of the models of several parts are ranked together here, so AUC and average "
            "precision are a little lower than within parts."
        )
    if len(probabilities) > 2:
        columns = columns.join(table[probabilities])
    found = predictions_of(
        columns, str(run.path), data.name, label=label, prediction=decided, positive=positive,
        notes=tuple(notes),
    )  # fmt: skip
    if found.kind == "binary":
        scores = table[f"probability:{found.classes[1]}"].to_numpy(dtype=np.float64)
        at = EVEN if threshold is None else threshold
        decisions = found.decisions if threshold is None else scores >= threshold
        return replace(found, scores=scores, threshold=at, decisions=decisions, model=name)
    if threshold is not None:
        raise InputError(f"--threshold {threshold:g} decides between two classes only.")
    return replace(found, model=name)


def _free(name: str, columns: pd.DataFrame) -> str:
    """Return a name that no column has."""
    while name in columns:
        name = f"further_{name}"
    return name
