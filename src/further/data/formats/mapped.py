"""A folder of pictures decoded once into an array file, for more than fits into memory.

Beside the array stands a JSON file that says of which files it was made; when these have changed,
it is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from further.data.formats.decoding import Decoder
from further.data.formats.picture_pages import Page
from further.data.formats.placement import Placement
from further.data.memory import GIB
from further.data.picture_array import PictureArray, write_pictures
from further.errors import InputError

#: Where the arrays go that nobody gave a path for.
ARRAYS = Path("runs") / "arrays"


def map_pictures(
    folder: Path,
    pages: Sequence[Page],
    resize: int | str | None,
    mapped: bool | str | Path,
    placement: Placement | None = None,
) -> tuple[PictureArray, int | None, list[str]]:
    """Return the pictures of some files, left on the disk, their grey levels, and notes.

    Parameters
    ----------
    folder, pages
        Where the files lie, and the pictures in them, in the order of the rows.
    resize, mapped
        As in :func:`further.data.load`; True names the NPY file after the folder.
    placement : Placement, optional
        Where the pictures stand if they are padded rather than cropped.

    Returns
    -------
    pictures, levels, notes
        The rows, their number of grey levels if any, and what was done to them; an
        :class:`InputError` says what cannot be decoded or written.
    """
    made_of = _made_of(folder, pages, resize, placement is not None)
    default = ARRAYS / f"{folder.name}-{made_of[:12]}.npy"
    array = default if isinstance(mapped, bool) else Path(mapped).expanduser()
    facts = _facts(array)
    if facts.get("made_of") != made_of or not array.is_file():
        try:
            facts = _decode(array, Decoder(pages, resize, placement), made_of)
        except OSError as error:
            raise InputError(
                f"{array} cannot be written ({error.strerror or error}); choose another place."
            ) from error
    note = f"Decoded into {array}, from which the rows are read as they are needed."
    return PictureArray(array), facts["levels"], [*facts["notes"], note]


def _decode(array: Path, decoder: Decoder, made_of: str) -> dict[str, Any]:
    array.parent.mkdir(parents=True, exist_ok=True)
    need = int(np.prod(decoder.shape)) * decoder.dtype.itemsize
    free = shutil.disk_usage(array.parent).free
    if need > free:
        raise InputError(
            f"{array} would take {need / GIB:.1f} GiB, and {free / GIB:.1f} GiB of the disk are "
            "free; choose another place, or a smaller resize."
        )
    _description(array).unlink(missing_ok=True)
    pictures = write_pictures(array, decoder.shape, decoder, decoder.dtype)
    if decoder.grey or decoder.final_dtype != decoder.dtype:
        n, channels, height, width = decoder.shape
        channels = 1 if decoder.grey else channels
        fewer = (picture[:channels] for block in pictures.blocks() for picture in block)
        write_pictures(array, (n, channels, height, width), fewer, decoder.final_dtype)
    facts = {"made_of": made_of, "levels": decoder.levels, "notes": decoder.notes}
    partial = array.with_name(f".partial-{os.getpid()}-{array.name}.json")
    partial.write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
    os.replace(partial, _description(array))
    return facts


def _made_of(folder: Path, pages: Sequence[Page], resize: int | str | None, padded: bool) -> str:
    """Return a digest of names, sizes and times of the files, and of the size asked for."""
    digest = hashlib.sha256(f"{resize}{' padded' * padded}".encode())
    for path, number in ((page.path, page.number) for page in pages):
        facts = path.stat()
        name = path.relative_to(folder).as_posix()
        digest.update(f"\0{name}\0{number}\0{facts.st_size}\0{facts.st_mtime_ns}".encode())
    return digest.hexdigest()


def _description(array: Path) -> Path:
    return array.with_name(array.name + ".json")


def _facts(array: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(_description(array).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts
