"""What a run finds in new pictures: drawn or written for other tools, or judged by their labels."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further.compare.result import Answers
from further.compare.source import EventHandler, default_folder, describe_data, read_input
from further.compare.vision.comparison import VisionComparison
from further.compare.vision.held_out import PREDICTIONS, results
from further.compare.vision.member import judge_model
from further.compare.vision.predictions import find_in
from further.compare.vision.run import write_evaluation
from further.compare.vision.setting import Setting, read_setting, seen_by
from further.data.dataset import Dataset
from further.data.formats.film import frames_of, is_film, number_of_frames
from further.data.splits import Split
from further.data.target import Boxes, Instances, Mask, Target
from further.errors import InputError
from further.evaluate.typed_json import from_json
from further.evaluate.vision.record import VisionEvaluation, VisionRecord
from further.registry import find_model
from further.train.files import read_json, write_bytes, write_json
from further.train.load import load as load_model
from further.train.run import Run
from further.vision.pictures import as_pictures, picture_sizes

#: Pictures that are read, looked at and drawn at a time.
AT_A_TIME = 16
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm")


@dataclasses.dataclass
class NewPictures(Answers):
    """New pictures in which a model finds something.

    They are read and looked at when they are written, a few at a time.

    Attributes
    ----------
    model : estimator
        Fitted.
    source : Dataset, list of Path, or Path of a film
        The pictures.
    threshold : float or None
        The least score; None for the model's own.
    notes : tuple of str
        Which model looked at them, and how.
    counts : Counter
        How many objects, or pixels, of each class were found so far.
    pictures : int
        How many were looked at so far.
    """

    formats: ClassVar[tuple[str, ...]] = ("drawn", "coco", "yolo", "masks")

    model: Any
    source: Any
    threshold: float | None
    notes: tuple[str, ...] = ()
    counts: Counter[str] = dataclasses.field(default_factory=Counter)
    pictures: int = 0

    def place(self, data: str) -> str:
        """Return the name of the folder, in the run, where nobody names another."""
        return f"predictions-{Path(data).stem}"

    def write(self, path: Path, format: str, on_event: EventHandler | None = None) -> None:
        """Write what is found into a folder, and count it.

        Parameters
        ----------
        path : Path
            A folder that does not exist.
        format : {"drawn", "coco", "yolo", "masks"}
            Pictures with what was found drawn in, beside ``predictions.json``; or the pictures
            with labels as other tools read them.
        on_event : callable, optional
            Called with every progress message, a dict.
        """
        emit = on_event or (lambda message: None)
        if format == "drawn":
            parts = self._parts(AT_A_TIME, emit)
            write_json(
                path / f"{PREDICTIONS}.json",
                [found for part in parts for found in self._draw(part, path)],
            )
            return
        from further.data.writing import write

        if isinstance(self.source, Path):
            raise InputError(
                f'"{self.source}" is a film, whose frames are drawn; for the format "{format}" '
                "give a folder of its frames."
            )
        (whole,) = self._parts(None, emit)
        if format == "masks" and isinstance(whole.target, Instances):
            whole = dataclasses.replace(whole, target=whole.target.as_mask())
        self.notes += tuple(write(whole, path, format))

    def facts(self) -> dict[str, Any]:
        """Return how many pictures there were, and how many objects (or pixels) of each class."""
        return {"pictures": self.pictures, "counts": dict(self.counts)}

    @property
    def sentence(self) -> str:
        """How many pictures there were, and what was found in them."""
        what = ", ".join(f"{n:,} {name}" for name, n in self.counts.most_common()) or "nothing"
        return f"{self.pictures:,} pictures: {what}"

    def _parts(self, at_a_time: int | None, emit: EventHandler) -> Iterator[Dataset]:
        """Give so many pictures at a time with what is found in them; None for all at once."""
        total = _number(self.source)
        for pictures in _read(self.source, at_a_time):
            self._note_colours(pictures)
            found = find_in(self.model, pictures, self.threshold)
            self.pictures += len(pictures)
            self.counts.update(_counted(found))
            share = None if total is None else self.pictures / total
            told = f"{self.pictures:,} pictures" if total is None else "Pictures"
            emit({"event": "step", "what": told, "share": share})
            yield dataclasses.replace(pictures, target=found)

    def _note_colours(self, pictures: Dataset) -> None:
        """Say so where pictures are seen in grey or in colour, as the training pictures were."""
        given, wanted = pictures.values.shape[1], self.model.encoding_.spec.shape[0]
        if {given, wanted} == {1, 3}:
            told = (
                f"Pictures are seen {'in grey' if wanted == 1 else 'as colours'}, as in training."
            )
            self.notes = tuple(dict.fromkeys((*self.notes, told)))

    def _draw(self, part: Dataset, folder: Path) -> list[dict[str, Any]]:
        """Write each picture with what is found in it, and return the results."""
        from PIL import Image

        from further.data.drawing import draw

        first = self.pictures - len(part)
        names = first + np.arange(len(part)) if part.files is None else part.files
        found = part.target
        assert isinstance(found, Boxes | Instances | Mask)
        for i, (name, size) in enumerate(zip(names, picture_sizes(part), strict=True)):
            picture = np.asarray(part.values[i])[:, : size[1], : size[0]]
            target = found.take(np.array([i]))
            stem = Path(name).stem if isinstance(name, str) else f"{name + 1:06d}"
            buffer = io.BytesIO()
            Image.fromarray(draw(picture, target, levels=part.levels)).save(buffer, format="PNG")
            write_bytes(_free(folder / f"{stem}.png"), buffer.getvalue())
        return [] if isinstance(found, Mask) else results(found, np.asarray(names))


def _free(file: Path) -> Path:
    """Return a file that does not exist, numbered where pictures of two folders have one name."""
    free, number = file, 2
    while free.exists():
        free, number = file.with_stem(f"{file.stem}-{number}"), number + 1
    return free


def _number(source: Any) -> int | None:
    return number_of_frames(source) if isinstance(source, Path) else len(source)


def _read(source: Any, at_a_time: int | None) -> Iterator[Dataset]:
    if isinstance(source, Path):
        waiting: list[NDArray[np.uint8]] = []
        for frame in frames_of(source):
            waiting.append(frame)
            if len(waiting) == (at_a_time or AT_A_TIME):
                yield as_pictures(np.stack(waiting))
                waiting = []
        if waiting:
            yield as_pictures(np.stack(waiting))
        return
    step = at_a_time or max(1, len(source))
    for start in range(0, len(source), step):
        stop = min(start + step, len(source))
        if isinstance(source, Dataset):
            yield source.take(np.arange(start, stop))
        else:
            yield as_pictures(source[start:stop])


def _counted(found: Target) -> dict[str, int]:
    """Return the objects of each class, or the pixels."""
    given: Any = found
    counts = np.bincount(given.codes.ravel(), minlength=len(given.names))
    named = zip(given.names, counts.tolist(), strict=True)
    return {name: n for name, n in named if n or not isinstance(found, Mask)}


def predict(
    run: str | Path,
    data: Any,
    *,
    model: str | None = None,
    threshold: float | None = None,
    device: str = "auto",
) -> NewPictures:
    """Return new pictures in which a run finds something, to be written.

    Parameters
    ----------
    run : path
        A comparison, or a model that was trained alone.
    data : path, sequence of paths, Dataset or array
        A folder of pictures, picture files, a film, or pictures in memory.
    model : str, optional
        Of a comparison; default: the best one.
    threshold : float, optional
        The least score of an object; default: the one that the model chose.
    device : {"auto", "cpu", "cuda", "mps"}, default="auto"
        Where networks are computed.

    Returns
    -------
    NewPictures
        Looked at when they are written.

    Raises
    ------
    InputError
        If there is no picture.
    """
    made = Run(run)
    name = model or _best(made)
    estimator = load_model(run, name, device=device)
    label = find_model(name or made.record["model"]).label
    told = (f"Found by {label}.",)
    return NewPictures(estimator, _source(data), threshold, told)


def _source(data: Any) -> Any:
    """Return where pictures are read from."""
    if isinstance(data, Dataset):
        return data
    if isinstance(data, str | Path):
        data = [data]
    if not isinstance(data, Sequence) or not all(isinstance(one, str | Path) for one in data):
        return as_pictures(data)
    found: list[Path] = []
    for one in data:
        path = Path(one).expanduser()
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES)
            if not inside:
                raise InputError(f'"{one}" holds no picture that can be read.')
            found += inside
        elif not path.exists():
            raise InputError(f'There is no file or folder "{one}".')
        else:
            found.append(path)
    films = [path for path in found if is_film(path)]
    if films and len(found) > 1:
        raise InputError(f'"{films[0]}" is a film; give it alone.')
    return films[0] if films else found


def _best(made: Run) -> str | None:
    """Return the best model of a comparison; None where there is only one."""
    if "models" not in made.record:
        return None
    found = read_json(made.path / "evaluation.json").get("recommendation") or {}
    trained = [m["name"] for m in made.record["models"]]
    return str(found.get("best") or trained[0])


def evaluate_rows(
    run: str | Path,
    data: Any,
    *,
    out: str | Path | None = None,
    on_event: EventHandler | None = None,
    command: str | None = None,
    **loading: Any,
) -> VisionComparison:
    """Judge the models of a run on labelled pictures that it never saw.

    Use it for pictures of another day, another site, another camera. It fails to notice that they
    were seen after all, but for pictures that equal one of the first ones, which it counts.

    Parameters
    ----------
    run : path
        A comparison, or a model that was trained alone.
    data : str, Path or Dataset
        Pictures with what is in them; of data with a split of their own, all parts.
    out, on_event, command : optional
        As :func:`further.compare.vision_models` has them.
    **loading
        Options of :func:`further.data.load`.

    Returns
    -------
    VisionComparison
        A new run, with the figures of each model on these pictures.

    Raises
    ------
    InputError
        If the pictures have another kind of target, or a class that the model does not know.
    """
    made = Run(run)
    before = from_json(VisionEvaluation, read_json(made.path / "evaluation.json"))
    dataset = read_input(data, **loading)
    truth = aligned(seen_by(before.task, dataset), before.data.classes, dataset.name)
    everything = np.arange(len(dataset))
    setting = Setting(dataset, before.task, made.record["seed"])
    setting.__dict__["split"] = Split(everything[:0], everything[:0], everything, 0, "all of them")
    setting.__dict__["seen"] = dataclasses.replace(dataset, target=truth)
    again = Run.create(
        out or default_folder("evaluate", dataset.name),
        command=command or "further.compare.evaluate_rows",
        task=before.task, of=str(made.path), data=describe_data(dataset), seed=setting.seed,
    )  # fmt: skip
    emit = on_event or (lambda message: None)
    found: dict[str, list[VisionRecord]] = {"models": [], "controls": []}
    for part, records in found.items():
        for entry in getattr(before, part):
            if "failed" in entry.flags:
                continue
            emit({"event": "step", "what": entry.label})
            folder = made.path / "controls" / entry.name if part == "controls" else made.path
            name = entry.name if "models" in made.record else None
            model = load_model(folder, None if part == "controls" else name)
            judged = judge_model(
                model, find_model(entry.name), again.path / "models" / entry.name, dataset, setting
            )
            records.append(dataclasses.replace(judged, seconds=None, energy_wh=None, carbon_g=None))
    held_out = f'pictures of their own, which the models of "{made.path}" never saw'
    write_evaluation(
        again, setting, held_out, found["models"], controls=found["controls"],
        notes=_seen(made, dataset),
    )  # fmt: skip
    again.update(status="finished")
    return VisionComparison.of(again)


def aligned(truth: Target, names: tuple[str, ...], data: str) -> Target:
    """Return the truth with the classes in the order in which a model learnt them.

    Parameters
    ----------
    truth : Target
        Of new pictures.
    names : tuple of str
        The classes of the model.
    data : str
        Name of the pictures.

    Returns
    -------
    Target
        The same objects or pixels.

    Raises
    ------
    InputError
        If there is a class that the model does not know.
    """
    given: Any = truth
    if tuple(given.names) == names:
        return truth
    new = [name for name in given.names if name not in names]
    if new:
        raise InputError(
            f'{data} has the class "{new[0]}", which the training pictures lack; they have '
            f"{', '.join(names)}."
        )
    places = np.array([names.index(name) for name in given.names], dtype=given.codes.dtype)
    return dataclasses.replace(given, codes=places[given.codes], names=names)


def _seen(made: Run, dataset: Dataset) -> tuple[str, ...]:
    """Say how many pictures equal one that the run was made from, where these can be read."""
    try:
        first = read_setting(made).dataset
    except InputError:
        told = "The pictures that the run learnt from are gone, so copies of them are not counted."
        return (told,)
    known = set(_hashes(first))
    n = sum(one in known for one in _hashes(dataset))
    if not n:
        return ()
    return (
        f"{n:,} of {len(dataset):,} pictures equal one that the run was made from: figures are "
        "flattered by them.",
    )


def _hashes(dataset: Dataset) -> list[bytes]:
    sizes = picture_sizes(dataset)
    return [
        hashlib.sha256(np.asarray(dataset.values[i])[:, :height, :width].tobytes()).digest()
        for i, (width, height) in enumerate(sizes)
    ]
