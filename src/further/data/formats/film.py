"""Frames of a film, by whichever decoder is installed; none of them is a dependency."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.errors import InputError

Frame = NDArray[np.uint8]
SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".gif")


def is_film(path: str | Path) -> bool:
    """Return whether a file has the name of a film.

    Examples
    --------
    >>> is_film("street.MP4"), is_film("street.png")
    (True, False)
    """
    return Path(path).suffix.lower() in SUFFIXES


def frames_of(path: str | Path) -> Iterator[Frame]:
    """Give the frames of a film, one after another.

    When to use: to look for objects in each. When it fails: a film is decoded from its beginning,
    and what no installed decoder knows cannot be read.

    Parameters
    ----------
    path : str or Path
        The file.

    Yields
    ------
    array of shape (height, width, 3), uint8
        Red, green and blue.

    Raises
    ------
    InputError
        If no decoder is installed, or none can read the file.
    """
    if not Path(path).is_file():
        raise InputError(f'There is no file "{path}".')
    reasons = []
    for package, read in _DECODERS.items():
        if importlib.util.find_spec(package) is None:
            continue
        try:
            frames = read(str(path))
            first = next(frames, None)
        except Exception as error:  # each decoder has errors of its own
            reasons.append(f"{package}: {str(error).strip().splitlines()[0]}")
            continue
        if first is not None:
            yield first
            yield from frames
            return
        reasons.append(f"{package}: no frame")
    told = f" ({'; '.join(reasons)})" if reasons else ""
    raise InputError(
        f'"{path}" is a film that no installed decoder reads{told}; install one with '
        '"pip install av", or give a folder of its frames.'
    )


def number_of_frames(path: str | Path) -> int | None:
    """Return how many frames a film says that it has; None where nobody knows."""
    if importlib.util.find_spec("av") is None:
        return None
    av = importlib.import_module("av")
    try:
        with av.open(str(path)) as film:
            return int(film.streams.video[0].frames) or None
    except Exception:  # it is refused, with the reason, when its frames are read
        return None


def _by_av(path: str) -> Iterator[Frame]:
    av = importlib.import_module("av")
    with av.open(path) as film:
        for frame in film.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def _by_opencv(path: str) -> Iterator[Frame]:
    cv2 = importlib.import_module("cv2")
    film = cv2.VideoCapture(path)
    try:
        while True:
            there, frame = film.read()
            if not there:
                return
            yield np.ascontiguousarray(frame[..., ::-1])
    finally:
        film.release()


def _by_imageio(path: str) -> Iterator[Frame]:
    imageio = importlib.import_module("imageio.v3")
    for frame in imageio.imiter(path):
        pixels: Any = np.asarray(frame)
        pixels = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
        yield pixels[..., :3].astype(np.uint8)


#: In the order in which they are tried.
_DECODERS: dict[str, Callable[[str], Iterator[Frame]]] = {
    "av": _by_av,
    "cv2": _by_opencv,
    "imageio": _by_imageio,
}
