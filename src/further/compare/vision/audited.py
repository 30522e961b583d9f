"""What a detector found, for an audit: of the held-out pictures of a run, or in files of COCO."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.compare.source import member_folder
from further.compare.vision.held_out import PREDICTIONS, boxes_of, read_held_out, read_predictions
from further.data.target import Boxes, Instances
from further.errors import InputError
from further.evaluate.vision.detection import ObjectPredictions
from further.train.run import Run
from further.trust.audit.objects import predictions_of_objects
from further.trust.audit.predictions import Predictions


def held_out_rows(
    run: Run,
    model: str | None = None,
    *,
    positive: str | None = None,
    selected: Sequence[str] = (),
    threshold: float | None = None,
    group: tuple[str, ...] = (),
) -> Predictions:
    """Return what a model of a run found in its held-out pictures.

    Parameters
    ----------
    run : Run
        Of one model or of several.
    model : str, optional
        Of several.
    positive, selected : optional
        Not for objects.
    threshold : float
        From which score on a prediction counts.
    group : tuple of str
        The columns of the groups: ``class`` or ``size``.

    Returns
    -------
    Predictions
        A row an object or false alarm.

    Raises
    ------
    InputError
        Without a threshold, or if the run has no objects.
    """
    held = read_held_out(run.path)
    if held is None or not isinstance(held.truth, Boxes | Instances):
        raise InputError(f'"{run.path}" keeps no objects of held-out pictures to audit.')
    _refuse(positive, selected, threshold, f'"{run.path}"')
    folder, name = member_folder(run, f"{PREDICTIONS}.json", model)
    predicted = read_predictions(folder, held)
    assert isinstance(predicted, Boxes | Instances)
    assert threshold is not None
    data = str((run.record.get("data") or {}).get("name") or run.path.name)
    found = predictions_of_objects(
        ObjectPredictions(held.truth, predicted), threshold, data, group=group,
        notes=(f"Held-out pictures of {name}.",),
    )  # fmt: skip
    return replace(found, model=name)


def predictions_of_files(
    detections: Path,
    annotations: Path,
    *,
    threshold: float | None,
    group: tuple[str, ...] = (),
    positive: str | None = None,
    selected: Sequence[str] = (),
) -> Predictions:
    """Return detections of any framework beside annotations, both as COCO writes them.

    Parameters
    ----------
    detections : Path
        A JSON list of objects with ``image_id``, ``category_id``, ``bbox`` and ``score``.
    annotations : Path
        ``images``, ``annotations`` and ``categories``; ``attributes`` of an image or of an
        annotation, a mapping, are columns of the audit.
    threshold : float
        From which score on a detection counts.
    group : tuple of str
        The columns of the groups: ``class``, ``size`` or attributes.
    positive, selected : optional
        Not for objects.

    Returns
    -------
    Predictions
        A row an object or false alarm.

    Raises
    ------
    InputError
        If a file cannot be read, an object lacks something or belongs to no picture.
    """
    _refuse(positive, selected, threshold, str(detections))
    assert threshold is not None
    table, found = _read(annotations), _read(detections)
    if not isinstance(table, dict) or not {"images", "annotations", "categories"} <= set(table):
        raise InputError(
            f"{annotations} is no annotation file of COCO: it needs images, annotations and "
            "categories."
        )
    if not isinstance(found, list):
        raise InputError(f"{detections} is no result file of COCO: it must hold a list of objects.")
    images, names = table["images"], [str(c.get("name")) for c in table["categories"]]
    number = {c.get("id"): i + 1 for i, c in enumerate(table["categories"])}
    rows = np.arange(len(images))
    place = {image.get("id"): i for i, image in enumerate(images)}
    true_lines = _lines(table["annotations"], place, number, annotations, scored=False)
    true_lines.sort(key=lambda line: line["image_id"])
    truth = boxes_of(true_lines, rows, tuple(names), scored=False)
    predicted = boxes_of(
        _lines(found, place, number, detections, scored=True), rows, tuple(names), scored=True
    )
    crowds = sum(bool(line.get("iscrowd")) for line in table["annotations"])
    notes = (f"{crowds:,} crowds count as objects.",) if crowds else ()
    return predictions_of_objects(
        ObjectPredictions(truth, predicted), threshold, detections.stem, group=group, notes=notes,
        of_objects=_attributes(true_lines), of_pictures=_attributes(images),
    )  # fmt: skip


def _refuse(
    positive: str | None, selected: Sequence[str], threshold: float | None, place: str
) -> None:
    for option, given in (("--positive", positive), ("--selected", selected)):
        if given:
            raise InputError(f"{place} holds objects; leave out {option}.")
    if threshold is None:
        raise InputError(
            f"{place} holds objects with scores; say with --threshold T from which score on one "
            "counts as found."
        )


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is no JSON: it is not text in UTF-8.") from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"{file}, line {error.lineno}, column {error.colno}: not valid JSON ({error.msg})."
        ) from error


def _lines(
    given: Any, place: Mapping[Any, int], number: Mapping[Any, int], file: Path, *, scored: bool
) -> list[dict[str, Any]]:
    """Return objects with the places of their picture and class, checked."""
    found = []
    for i, line in enumerate(given if isinstance(given, list) else []):
        where = f"{file}, object {i + 1}"
        if not isinstance(line, dict):
            raise InputError(f"{where} is no object of COCO.")
        if line.get("image_id") not in place:
            raise InputError(f"{where}: there is no image {line.get('image_id')}.")
        if line.get("category_id") not in number:
            raise InputError(f"{where}: there is no category {line.get('category_id')}.")
        box: NDArray[np.float64] = np.array(line.get("bbox"), dtype=object).ravel()
        if len(box) != 4 or not all(_is_finite(side) for side in box):
            raise InputError(f"{where}: bbox must be four numbers, x, y, width and height.")
        if scored and not _is_finite(line.get("score")):
            raise InputError(f"{where}: score must be a number.")
        places = {"image_id": place[line["image_id"]], "category_id": number[line["category_id"]]}
        found.append({**line, **places})
    return found


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and bool(np.isfinite(value))


def _attributes(lines: Sequence[Mapping[str, Any]]) -> pd.DataFrame | None:
    each = [line.get("attributes") for line in lines]
    table = pd.DataFrame([one if isinstance(one, dict) else {} for one in each])
    return table if table.shape[1] else None
