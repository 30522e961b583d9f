"""``stages.json``: how a detector comes from a picture to its boxes, step by step.

Each step is a set of boxes in the form of COCO's results: ``cells`` (those of all grids),
``proposals`` (regions that may hold an object), ``raw`` (all boxes before suppression),
``suppressed`` (what suppression removed) and ``kept``. Proposals are of no class: theirs is the
first one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from further.compare.vision.held_out import boxes_of, damaged, read_file, results
from further.data.dataset import Dataset
from further.data.target import Boxes
from further.train.files import write_json

FILE = "stages.json"


@dataclass(frozen=True, eq=False)
class Stages:
    """The steps of a detector on one held-out picture."""

    row: Annotated[int, "The row of the picture in the data set."]
    steps: Annotated[Mapping[str, Boxes], "Boxes of one picture, by step."]


def steps_of(model: Any, picture: Dataset) -> Mapping[str, Boxes]:
    """Return how a model comes to what it finds in a picture.

    Parameters
    ----------
    model : estimator
        Fitted.
    picture : Dataset
        One picture.

    Returns
    -------
    mapping of str to Boxes
        By step; empty where the model shows none.
    """
    if hasattr(model, "stages"):
        steps: Mapping[str, Boxes] = model.stages(picture)._asdict()
        return steps
    if hasattr(model, "proposals"):
        found = model.predict(picture).seen_as(Boxes.kind)
        return {"proposals": model.proposals(picture), "kept": found}
    return {}


def write_stages(folder: Path, row: int, steps: Mapping[str, Boxes]) -> None:
    """Write the steps of a detector on one picture.

    Parameters
    ----------
    folder : Path
        Of the model.
    row : int
        The row of the picture, which has to be among those that were kept.
    steps : mapping of str to Boxes
        What ``stages(picture)`` of a detector returns, by name: boxes in pixels of the picture.
    """
    # Proposals have the one class "object", which stands for none.
    names = max((boxes.names for boxes in steps.values()), key=len)
    table = {
        "row": row,
        "categories": [{"id": i, "name": name} for i, name in enumerate(names, 1)],
        "steps": {name: results(boxes, np.array([row])) for name, boxes in steps.items()},
    }
    write_json(folder / FILE, table)


def read_stages(folder: Path) -> Stages | None:
    """Read the steps of a detector.

    Parameters
    ----------
    folder : Path
        Of the model.

    Returns
    -------
    Stages or None
        None where there are none; a :class:`RunError` refuses a damaged file.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    table: Any = read_file(file)
    try:
        row = int(table["row"])
        names = tuple(str(line["name"]) for line in table["categories"])
        steps = {
            str(name): boxes_of(
                lines, np.array([row]), names, scored=any("score" in line for line in lines)
            )
            for name, lines in table["steps"].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise damaged(file, error) from error
    return Stages(row, steps)
