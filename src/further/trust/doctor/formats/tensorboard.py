"""TensorBoard event files, one or a folder of them, read without TensorBoard."""

from __future__ import annotations

from pathlib import Path

from further.errors import InputError
from further.trust.doctor.formats.event_file import is_event_file, scalars
from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, by_step
from further.trust.doctor.names import meaning


def _files(source: Source) -> list[Path]:
    if not source.is_folder:
        return [source.path] if is_event_file(source.content) else []
    # In the order of their names, which begin with the time: a resumed run goes on in a new file.
    return source.below("*tfevents*")


def _read(source: Source) -> Logged:
    runs: dict[str, list[tuple[float, str, float]]] = {}
    for file in _files(source):
        run, part = _run_and_part(source, file)
        for step, name, value in scalars(file.read_bytes()):
            point = (step, f"{part}/{name}" if part else name, value)
            runs.setdefault(run, []).append(point)
    if not runs:
        raise InputError(f'"{source.path}" holds no scalars; log the losses with add_scalar.')
    last = max(runs)
    notes = (f'Of {len(runs)} runs the last is read, "{last}".',) if len(runs) > 1 else ()
    names = {name for _, name, _ in runs[last]}
    axis = "epoch" if all(name.split("/")[-1].startswith("epoch_") for name in names) else "step"
    return Logged("TensorBoard event files", by_step(runs[last], axis), notes)


def _run_and_part(source: Source, file: Path) -> tuple[str, str]:
    """Return the folder of the run, and what its last folder says of the rows.

    Keras writes a folder each for training and validation, with equal names in both; PyTorch's
    ``add_scalars`` a folder a curve.
    """
    folder = file.parent.relative_to(source.path) if source.is_folder else Path()
    if meaning(folder.name).part:
        return folder.parent.as_posix(), folder.name
    return folder.as_posix(), ""


LAYOUTS = (Layout("a TensorBoard event file", lambda source: bool(_files(source)), _read),)
