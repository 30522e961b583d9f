"""Scenes composed of what comes along: scikit-learn's digits on photographs, each with its mask.

They are the embedded data set of vision: boxes, masks and instances that are right to the pixel.
Digits and photographs of the training scenes are in no other part, so that held-out scenes are new.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.data.target import Instances

#: Side of a scene in pixels, and how many digits are pasted: from 3 to 6.
SIDE, DIGITS = 128, (3, 7)
#: Sides of a digit in pixels, and the share of it that has to be seen in the end.
DIGIT_SIDES, LEAST_SEEN = (28, 48), 0.9
#: Levels of red, green and blue of digits on a dark and on a light ground.
LIGHT, DARK = (190, 255), (0, 60)
SEED = 0


class _Part(NamedTuple):
    """A part of the split: how many scenes, the photographs, and which digits."""

    scenes: int
    photographs: tuple[str, ...]
    digits: tuple[float, float]


_PARTS = {
    "train": _Part(480, ("astronaut", "coffee", "china", "motorcycle_left"), (0.0, 0.7)),
    "validation": _Part(80, ("rocket",), (0.7, 0.85)),
    "test": _Part(120, ("chelsea", "flower"), (0.85, 1.0)),
}


def load_scenes(name: str) -> Dataset:
    """Return scenes of up to six digits on photographs, an instance each.

    Parameters
    ----------
    name : str
        What to call them.

    Returns
    -------
    Dataset
        Of 680 colour pictures, 128 x 128, the same every time, with their own split.
    """
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(SEED)
    bunch = load_digits()
    order = rng.permutation(len(bunch.target))
    pictures, masks, codes, counts, parts = [], [], [], [], []
    for part, (n, photographs, (first, last)) in _PARTS.items():
        backgrounds = [_photograph(photograph) for photograph in photographs]
        rows = order[int(first * len(order)) : int(last * len(order))]
        for _ in range(n):
            picture = _window(backgrounds[rng.integers(len(backgrounds))], rng)
            shown: list[NDArray[np.bool_]] = []
            of_scene = rows[rng.integers(len(rows), size=rng.integers(*DIGITS))]
            kept = [row for row in of_scene if _paste(picture, bunch.images[row], shown, rng)]
            pictures.append(np.rint(picture).astype(np.uint8).transpose(2, 0, 1))
            masks.append(np.stack(shown))
            codes += [int(bunch.target[row]) for row in kept]
            counts.append(len(kept))
            parts.append(part)
    target = Instances(
        "digit", np.array(counts, dtype=np.int64), np.array(codes, dtype=np.int64),
        tuple(map(str, bunch.target_names)), np.packbits(np.concatenate(masks), axis=2), SIDE,
    )  # fmt: skip
    told = (
        f"{name}: {len(pictures)} pictures of {SIDE}x{SIDE} pixels, composed of scikit-learn's "
        "digits pasted on photographs; digits and photographs of the training pictures are in no "
        "other part."
    )
    return Dataset(
        name, "images", np.stack(pictures), target=target, levels=256,
        official_split=np.array(parts), notes=(told,),
    )  # fmt: skip


def _photograph(name: str) -> NDArray[np.uint8]:
    import skimage.data
    import sklearn.datasets
    from PIL import Image

    for package in (skimage.data, sklearn.datasets):
        place = Path(str(package.__file__)).parent
        for file in (*place.glob(f"{name}.*"), *place.glob(f"images/{name}.*")):
            return np.asarray(Image.open(file).convert("RGB").reduce(2))
    raise FileNotFoundError(f"{name} is in neither scikit-image nor scikit-learn")


def _window(photograph: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float64]:
    top, left = (int(rng.integers(side - SIDE + 1)) for side in photograph.shape[:2])
    window = photograph[top : top + SIDE, left : left + SIDE].astype(np.float64)
    return window[:, ::-1].copy() if rng.random() < 0.5 else window


def _paste(
    picture: NDArray[np.float64],
    digit: NDArray[np.float64],
    shown: list[NDArray[np.bool_]],
    rng: np.random.Generator,
) -> bool:
    """Paste a digit where it hides little of the others; say whether there was such a place."""
    from PIL import Image

    side = int(rng.integers(*DIGIT_SIDES))
    grey = Image.fromarray(np.rint(digit * 255 / 16).astype(np.uint8))
    smooth = np.asarray(grey.resize((side, side), Image.Resampling.BICUBIC)) / 255
    alpha = np.clip(1.5 * smooth - 0.2, 0, 1)  # strokes that cover, with soft edges
    for _ in range(20):
        top, left = (int(rng.integers(SIDE - side + 1)) for _ in range(2))
        place = slice(top, top + side), slice(left, left + side)
        mask = np.zeros((SIDE, SIDE), dtype=bool)
        mask[place] = alpha > 0.5
        if all((other & ~mask).sum() > LEAST_SEEN * other.sum() for other in shown):
            break
    else:
        return False
    behind = picture[place][alpha > 0.5].mean()
    light = behind < 128
    ink = rng.uniform(*(LIGHT if light else DARK), 3)
    picture[place] += alpha[..., None] * (ink - picture[place])
    shown[:] = [other & ~mask for other in shown]
    shown.append(mask)
    return True
