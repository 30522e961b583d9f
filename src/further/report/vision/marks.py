"""What is drawn over a picture: boxes, outlines and regions as paths of SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from further.data.target import Boxes, Instances
from further.report.markup import Markup, tag

Corners = tuple[float, float, float, float]


class Mark(NamedTuple):
    """Lines of one kind over a picture, and perhaps a word beside them.

    Classes of the style sheet ("truth missed": what is there is dashed), the path, the word, and
    the x and y where it stands.
    """

    kind: str
    path: str
    word: str = ""
    at: tuple[float, float] = (0.0, 0.0)


def box_path(corners: Sequence[float] | NDArray[Any]) -> str:
    """Return the path around a box.

    Examples
    --------
    >>> box_path([1.04, 2.0, 11.0, 7.5])
    'M1 2H11V7.5H1Z'
    """
    x0, y0, x1, y1 = (_short(value) for value in corners)
    return f"M{x0} {y0}H{x1}V{y1}H{x0}Z"


def outline_path(mask: NDArray[np.bool_]) -> str:
    """Return the path along the edges of the pixels of a mask, in straight pieces.

    Examples
    --------
    >>> outline_path(np.array([[False, True], [False, True]]))
    'M1 0H2M1 2H2M1 0V2M2 0V2'
    """
    padded = np.pad(mask, 1)
    across = _runs(padded[1:] != padded[:-1])
    down = _runs((padded[:, 1:] != padded[:, :-1]).T)
    pieces = [f"M{start - 1} {y}H{stop - 1}" for y, start, stop in across]
    pieces += [f"M{x} {start - 1}V{stop - 1}" for x, start, stop in down]
    return "".join(pieces)


def region_path(mask: NDArray[np.bool_], scale: float = 1.0) -> str:
    """Return the path that fills the pixels of a mask, run by run.

    Parameters
    ----------
    mask : array of shape (height, width), bool
        What is filled.
    scale : float, default=1.0
        How many pixels of the picture one of the mask is wide.

    Returns
    -------
    str
        A rectangle for each run of a line.

    Examples
    --------
    >>> region_path(np.array([[False, True, True]]), scale=2)
    'M2 0H6V2H2Z'
    """
    runs = _runs(mask)
    return "".join(
        box_path((start * scale, y * scale, stop * scale, (y + 1) * scale))
        for y, start, stop in runs
    )


def object_path(objects: Boxes | Instances, number: int) -> str:
    """Return the path around one object: its box, or the outline of its mask.

    Parameters
    ----------
    objects : Boxes or Instances
        Those of all pictures.
    number : int
        Which.

    Returns
    -------
    str
        For an element "path".
    """
    if isinstance(objects, Boxes):
        return box_path(objects.corners[number])
    packed = objects.packed[number]
    return outline_path(np.unpackbits(packed, axis=1, count=objects.width).astype(bool))


def _runs(lines: NDArray[np.bool_]) -> Iterable[tuple[int, int, int]]:
    """Return line, start and stop of each run of ones."""
    changes = np.diff(np.pad(lines, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(changes > 0)
    stops = np.nonzero(changes < 0)[1]
    return zip(rows.tolist(), starts.tolist(), stops.tolist(), strict=True)


def _short(value: float) -> str:
    return f"{float(value):.1f}".removesuffix(".0")


def overlay(marks: Sequence[Mark], crop: Corners, size: float) -> Markup:
    """Return marks as a drawing that lies over a picture.

    Parameters
    ----------
    marks : sequence of Mark
        What is drawn, the last on top.
    crop : tuple of 4 float
        x and y of the corners of what is shown of the picture.
    size : float
        Of the words, in pixels of the picture.

    Returns
    -------
    Markup
        An ``svg`` element.
    """
    drawn = [tag("path", d=mark.path, class_=f"mark {mark.kind}") for mark in marks if mark.path]
    words = [
        tag(
            "text", mark.word, class_=f"word {mark.kind}",
            x=_short(mark.at[0]), y=_short(max(mark.at[1] - size / 4, crop[1] + size)),
            # A word that begins near the right edge would be cut.
            text_anchor="end" if mark.at[0] > crop[2] - 4 * size else None,
        )
        for mark in marks
        if mark.word
    ]  # fmt: skip
    return tag(
        "svg", *drawn, *words, class_="marks", viewBox=view_box(crop), font_size=f"{size:.1f}",
        aria_hidden="true",
    )  # fmt: skip


def view_box(crop: Corners) -> str:
    """Return what is shown of a picture as SVG says it."""
    x0, y0, x1, y1 = crop
    return " ".join(_short(value) for value in (x0, y0, x1 - x0, y1 - y0))


def swatch(kind: str) -> Markup:
    """Return a short line of a kind of mark, for a legend."""
    return tag(
        "svg",
        tag("path", d="M0 0H26V14H0Z", class_="ground"),
        tag("path", d="M4 7H22", class_=f"mark {kind}"),
        class_="swatch",
        viewBox="0 0 26 14",
        aria_hidden="true",
    )
