"""What is there in held-out pictures, and what a model found: files in the form of COCO.

``held_out/truth.json`` has the pictures (their ``id`` is the row of the data set), the classes and
the objects; beside it lie the pictures that were kept, ``000012.jpg`` of row 12, and the true masks
of segmentation, ``masks/000012.png``, whose grey levels are the positions of the classes.
``predictions.json`` of each model has what it found at all scores, as the results of COCO;
``predictions/000012.png`` is a predicted mask. Classes are numbered from 1 on, as people do.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.data.formats.annotated.run_length import (
    decode_runs,
    encode_runs,
    runs_to_text,
    text_to_runs,
)
from further.data.target import Boxes, Instances, Mask
from further.errors import RunError
from further.train.files import write_bytes, write_json

FOLDER, TRUTH, PREDICTIONS = "held_out", "truth.json", "predictions"
#: Of many held-out pictures so many are kept for the report: the worst, and some drawn at random.
MOST_PICTURES = 120
#: A picture of at most so many pixels is kept exactly, as PNG; a larger one as JPEG.
EXACT, QUALITY = 64 * 64, 90

Found = Boxes | Instances | Mask


@dataclass(frozen=True, eq=False)
class HeldOutPictures:
    """Held-out pictures of a run, with what is there.

    When to use: :func:`read_held_out` makes it; a report shows what figures are made of. When it
    fails: of many pictures only some were kept, so most have a truth alone.
    """

    rows: Annotated[NDArray[np.int64], "Their rows in the data set."]
    files: Annotated[tuple[str, ...], 'The file of each below the source, or "".']
    sizes: Annotated[NDArray[np.int64], "Width and height, (n, 2)."]
    truth: Annotated[Found, "What is there."]
    pictures: Annotated[Mapping[int, Path], "The files of those that were kept, by place."] = field(
        default_factory=dict
    )

    def __len__(self) -> int:
        return len(self.rows)


def kept_rows(n: int, worst: Iterable[int], seed: int) -> NDArray[np.int64]:
    """Return which of n held-out pictures are kept: all, or the worst and some drawn at random.

    Parameters
    ----------
    n : int
        How many there are.
    worst : iterable of int
        Places of those that a report shows, the worst first.
    seed : int
        Of the choice.

    Returns
    -------
    array of int64
        Their places, ascending.

    Examples
    --------
    >>> kept_rows(4, [2], seed=0)
    array([0, 1, 2, 3])
    """
    order = [*worst, *np.random.default_rng(seed).permutation(n).tolist()]
    return np.sort(np.array(list(dict.fromkeys(order))[:MOST_PICTURES], dtype=np.int64))


def write_held_out(
    folder: Path, dataset: Dataset, rows: NDArray[np.int64], kept: Sequence[int] | NDArray[Any]
) -> None:
    """Write what is there in held-out pictures, and some of the pictures.

    Parameters
    ----------
    folder : Path
        Of the run.
    dataset : Dataset
        All pictures, with their target.
    rows : array of int64
        The held-out ones.
    kept : sequence of int
        Places in ``rows`` of the pictures to keep, as :func:`kept_rows` returns them.
    """
    held = dataset.take(rows)
    truth = held.target
    assert isinstance(truth, Boxes | Instances | Mask)
    beside, keeping = folder / FOLDER, {int(place) for place in kept}
    images = []
    for place, row in enumerate(rows.tolist()):
        width, height = _size(held, place)
        image: dict[str, Any] = {"id": row, "width": width, "height": height}
        image["file_name"] = "" if held.files is None else str(held.files[place])
        if place in keeping:
            picture = np.asarray(held.values[place])[:, :height, :width]
            name, content = _encoded(picture, held.levels)
            image["picture"] = f"{row:06d}.{name}"
            write_bytes(beside / image["picture"], content)
        images.append(image)
    annotations: list[dict[str, Any]] = []
    if isinstance(truth, Mask):
        _write_masks(beside / "masks", rows, truth, held)
    else:
        lines = enumerate(_objects(truth, rows), 1)
        annotations = [{"id": number, **line, "iscrowd": 0} for number, line in lines]
    categories = [{"id": i, "name": name} for i, name in enumerate(truth.names, 1)]
    table = {"images": images, "annotations": annotations, "categories": categories}
    write_json(beside / TRUTH, table)


def write_predictions(folder: Path, predicted: Found, rows: NDArray[np.int64]) -> None:
    """Write what a model found in held-out pictures.

    Parameters
    ----------
    folder : Path
        Of the model.
    predicted : Boxes, Instances or Mask
        What it found, at all scores.
    rows : array of int64
        The rows of the pictures in the data set.
    """
    if isinstance(predicted, Mask):
        _write_masks(folder / PREDICTIONS, rows, predicted)
        return
    lines = results(predicted, rows)
    text = "[\n" + ",\n".join(json.dumps(line) for line in lines) + "\n]\n"
    write_bytes(folder / f"{PREDICTIONS}.json", text.encode())


def read_held_out(folder: Path) -> HeldOutPictures | None:
    """Read what is there in held-out pictures of a run.

    Parameters
    ----------
    folder : Path
        Of the run.

    Returns
    -------
    HeldOutPictures or None
        None where the run has none.

    Raises
    ------
    RunError
        If a file is damaged.
    """
    beside = folder / FOLDER
    if not (beside / TRUTH).is_file():
        return None
    table = read_file(beside / TRUTH)
    try:
        images = table["images"]
        rows = np.array([image["id"] for image in images], dtype=np.int64)
        sizes = np.array([(i["width"], i["height"]) for i in images], dtype=np.int64).reshape(-1, 2)
        names = tuple(str(line["name"]) for line in table["categories"])
        masks = beside / "masks"
        truth: Found
        lines = table["annotations"]
        if masks.is_dir():
            truth = _read_masks(masks, rows, sizes, names)
        elif any("segmentation" in line for line in lines):
            truth = _instances_of(lines, rows, sizes, names, scored=False)
        else:
            truth = boxes_of(lines, rows, names, scored=False)
        # A name comes from a file: it must not lead the report out of its run.
        pictures = {
            place: beside / Path(image["picture"]).name
            for place, image in enumerate(images)
            if image.get("picture")
        }
        files = tuple(str(image.get("file_name", "")) for image in images)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(beside / TRUTH, error) from error
    return HeldOutPictures(rows, files, sizes, truth, pictures)


def read_predictions(folder: Path, held: HeldOutPictures) -> Found | None:
    """Read what a model found in held-out pictures.

    Parameters
    ----------
    folder : Path
        Of the model.
    held : HeldOutPictures
        The pictures.

    Returns
    -------
    Boxes, Instances, Mask or None
        With scores where it has objects; None where it was not kept.

    Raises
    ------
    RunError
        If a file is damaged.
    """
    names, file = held.truth.names, folder / f"{PREDICTIONS}.json"
    if isinstance(held.truth, Mask):
        beside = folder / PREDICTIONS
        return _read_masks(beside, held.rows, held.sizes, names) if beside.is_dir() else None
    if not file.is_file():
        return None
    try:
        if isinstance(held.truth, Boxes):
            return boxes_of(read_file(file), held.rows, names, scored=True)
        return _instances_of(read_file(file), held.rows, held.sizes, names, scored=True)
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(file, error) from error


def results(found: Boxes | Instances, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return objects as the results of COCO.

    Parameters
    ----------
    found : Boxes or Instances
        What was found.
    rows : array of int64
        The ``image_id`` of each picture.

    Returns
    -------
    list of dict
        One an object.
    """
    return [{k: v for k, v in line.items() if k != "area"} for line in _objects(found, rows)]


def _objects(target: Boxes | Instances, rows: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    """Yield each object as COCO writes it, picture by picture."""
    boxes = target if isinstance(target, Boxes) else target.as_boxes()
    of_row = np.repeat(rows, target.counts).tolist()
    for i, (x0, y0, x1, y1) in enumerate(boxes.corners):
        sides = [_shortest(x0), _shortest(y0), _side(x0, x1), _side(y0, y1)]
        line = {"image_id": of_row[i], "category_id": int(target.codes[i]) + 1, "bbox": sides}
        line["area"] = sides[2] * sides[3]
        if isinstance(target, Instances):
            mask = np.unpackbits(target.packed[i], axis=1, count=target.width).astype(bool)
            counts = runs_to_text(encode_runs(mask))
            line["segmentation"] = {"size": list(mask.shape), "counts": counts}
            line["area"] = int(mask.sum())
        if target.scores is not None:
            line["score"] = _shortest(target.scores[i])
        yield line


def _shortest(value: Any) -> float:
    """Return a number of 32 bits as the shortest text that stands for it does."""
    return float(str(np.float32(value)))


def _side(start: Any, stop: Any) -> float:
    """Return the length that leads from one end to the other, to a millionth of a pixel."""
    return round(float(stop) - _shortest(start), 6)


def boxes_of(
    lines: Sequence[Mapping[str, Any]],
    rows: NDArray[np.int64],
    names: tuple[str, ...],
    *,
    scored: bool,
) -> Boxes:
    """Return the boxes of lines of COCO.

    Parameters
    ----------
    lines : sequence of mapping
        With ``image_id``, ``category_id``, ``bbox`` and perhaps ``score``.
    rows : array of int64
        The ``image_id`` of each picture.
    names : tuple of str
        The classes.
    scored : bool
        Whether they have scores.

    Returns
    -------
    Boxes
        By picture, in the order of the lines.
    """
    lines, common = _by_picture(lines, rows, names, scored)
    box = np.array([line["bbox"] for line in lines], dtype=np.float64).reshape(-1, 4)
    corners = np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1).astype(np.float32)
    return Boxes("boxes", corners=corners, **common)


def _instances_of(
    lines: Sequence[Mapping[str, Any]],
    rows: NDArray[np.int64],
    sizes: NDArray[np.int64],
    names: tuple[str, ...],
    *,
    scored: bool,
) -> Instances:
    lines, common = _by_picture(lines, rows, names, scored)
    width, height = (int(side) for side in sizes.max(axis=0))
    packed = np.zeros((len(lines), height, -(-width // 8)), dtype=np.uint8)
    for i, line in enumerate(lines):
        high, wide = line["segmentation"]["size"]
        mask = decode_runs(text_to_runs(line["segmentation"]["counts"]), (wide, high))
        row = np.packbits(mask[:height, :width], axis=1)
        packed[i, : row.shape[0], : row.shape[1]] = row
    return Instances("instances", packed=packed, width=width, **common)


def _by_picture(
    lines: Sequence[Mapping[str, Any]],
    rows: NDArray[np.int64],
    names: tuple[str, ...],
    scored: bool,
) -> tuple[list[Mapping[str, Any]], dict[str, Any]]:
    """Return lines in the order of the pictures, and what boxes and instances share."""
    place = {row: i for i, row in enumerate(rows.tolist())}
    ordered = sorted(lines, key=lambda line: place[line["image_id"]])
    of_each = np.array([place[line["image_id"]] for line in ordered], dtype=np.int64)
    scores = [line["score"] for line in ordered] if scored else None
    return ordered, {
        "counts": np.bincount(of_each, minlength=len(rows)).astype(np.int64),
        "codes": np.array([line["category_id"] for line in ordered], dtype=np.int64) - 1,
        "names": names,
        "scores": None if scores is None else np.array(scores, dtype=np.float32),
    }


def _write_masks(
    folder: Path, rows: NDArray[np.int64], mask: Mask, held: Dataset | None = None
) -> None:
    for place, row in enumerate(rows.tolist()):
        codes = mask.codes[place]
        if held is not None:
            width, height = _size(held, place)
            codes = codes[:height, :width]
        write_bytes(folder / f"{row:06d}.png", _png(codes))


def _read_masks(
    folder: Path, rows: NDArray[np.int64], sizes: NDArray[np.int64], names: tuple[str, ...]
) -> Mask:
    from PIL import Image

    width, height = (int(side) for side in sizes.max(axis=0))
    codes = np.zeros((len(rows), height, width), dtype=np.uint8)
    for place, row in enumerate(rows.tolist()):
        with Image.open(folder / f"{row:06d}.png") as image:
            read = np.asarray(image)[:height, :width]
        codes[place, : read.shape[0], : read.shape[1]] = np.minimum(read, len(names) - 1)
    return Mask("mask", codes, names)


def _size(held: Dataset, place: int) -> tuple[int, int]:
    if held.sizes is not None:
        return int(held.sizes[place][0]), int(held.sizes[place][1])
    return int(held.values.shape[3]), int(held.values.shape[2])


def _encoded(picture: NDArray[Any], levels: int | None) -> tuple[str, bytes]:
    """Return a picture (channels, height, width) as a file, with the ending of its name."""
    from PIL import Image

    low, high = (0.0, float(levels - 1)) if levels else (float(picture.min()), float(picture.max()))
    if picture.dtype != np.uint8 or (low, high) != (0.0, 255.0):
        scaled = (picture.astype(np.float32) - low) * (255 / ((high - low) or 1.0))
        picture = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    pixels = picture[0] if len(picture) < 3 else picture[:3].transpose(1, 2, 0)
    if pixels.shape[0] * pixels.shape[1] <= EXACT:
        return "png", _png(pixels)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=QUALITY)
    return "jpg", file.getvalue()


def _png(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG", optimize=True)
    return file.getvalue()


def read_file(file: Path) -> Any:
    """Return the content of a JSON file; a :class:`RunError` refuses a damaged one."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise damaged(file, error) from error


def damaged(file: Path, error: Exception) -> RunError:
    """Return the error that names a damaged file and what helps.

    Parameters
    ----------
    file : Path
        The file.
    error : Exception
        What is wrong.

    Returns
    -------
    RunError
        To be raised.
    """
    return RunError(f"{file} is damaged ({error}); evaluate the run again to rewrite it.")
