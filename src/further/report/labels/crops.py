"""A suspicion on its picture: a part of it, with the label, the prediction and the labels around.

The picture is inlined; the boxes are drawn on it by SVG, so that they stay sharp and have the
colours of the page.
"""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.data.target import Boxes
from further.report.markup import Markup, tag
from further.trust.labels.suspicion import Suspicion
from further.vision.pictures import picture_sizes

#: What is shown is so many times as large as the boxes, and so many pixels at least.
AROUND, LEAST_SIDE = 2.2, 48
#: Pixels of the inlined part at most, and its quality.
MOST_PIXELS, QUALITY = 240, 80


def crop(dataset: Dataset, labels: Boxes, suspicion: Suspicion) -> Markup:
    """Draw the place of a suspicion.

    Parameters
    ----------
    dataset : Dataset
        The pictures.
    labels : Boxes
        All labels.
    suspicion : Suspicion
        What to show.

    Returns
    -------
    Markup
        A picture with boxes, described in words.
    """
    boxes = [box for box in (suspicion.given_box, suspicion.found_box) if box is not None]
    size = picture_sizes(dataset)[suspicion.picture]
    left, top, side_x, side_y = _window(np.array(boxes), size)
    # In the coordinates of the picture, whatever it is scaled to.
    drawn = [
        _rectangle(box, "around")
        for i, box in enumerate(labels.corners[labels.of_row(suspicion.picture)])
        if i != suspicion.label and _touches(box, left, top, side_x, side_y)
    ]
    if suspicion.given_box is not None:
        drawn.append(_rectangle(np.array(suspicion.given_box), "given"))
    if suspicion.found_box is not None:
        drawn.append(_rectangle(np.array(suspicion.found_box), "found"))
    part = np.asarray(dataset.values[suspicion.picture])[
        :, top : top + side_y, left : left + side_x
    ]
    return tag(
        "div",
        tag("img", src=_uri(part, dataset.levels), alt="", loading="lazy", decoding="async"),
        tag(
            "svg", *drawn, viewBox=f"{left} {top} {side_x} {side_y}", role="img",
            aria_label=f"{suspicion.told} Picture {suspicion.picture}.",
        ),
        class_="crop",
        style=f"aspect-ratio:{side_x}/{side_y}",
    )  # fmt: skip


def _window(boxes: NDArray[np.float64], size: NDArray[np.int64]) -> tuple[int, int, int, int]:
    """Return left, top, width and height of the square around boxes, within the picture."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    side = min(max((high - low).max() * AROUND, LEAST_SIDE), float(size.min()))
    corner = np.clip((low + high) / 2 - side / 2, 0, size - side)
    left, top = np.floor(corner).astype(int)
    return int(left), int(top), int(side), int(side)


def _touches(box: NDArray[np.float32], left: int, top: int, width: int, height: int) -> bool:
    inside = box[0] < left + width and box[2] > left and box[1] < top + height and box[3] > top
    return bool(inside)


def _rectangle(box: NDArray[np.floating], kind: str) -> Markup:
    x, y, right, bottom = (round(float(side), 1) for side in box)
    return tag(
        "rect", x=x, y=y, width=round(right - x, 1), height=round(bottom - y, 1), class_=kind,
        vector_effect="non-scaling-stroke",
    )  # fmt: skip


def _uri(part: NDArray[np.generic], levels: int | None) -> str:
    from PIL import Image

    values = part.astype(np.float64)
    low, high = (0.0, levels - 1.0) if levels else (values.min(), values.max())
    scaled = np.rint((values - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)
    picture = Image.fromarray(scaled[0] if len(scaled) == 1 else scaled[:3].transpose(1, 2, 0))
    picture.thumbnail((MOST_PIXELS, MOST_PIXELS))
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=QUALITY)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
