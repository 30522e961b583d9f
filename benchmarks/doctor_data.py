"""Data for the trainings of ``benchmarks/doctor.py``: what scikit-learn embeds, and generators."""

from __future__ import annotations

import argparse
import decimal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn import datasets

#: Most rows of a test set.
TEST_ROWS = 2500


@dataclass
class Task:
    """Rows of three parts; ``k`` classes, or 0 for a number; ``shape`` of pictures."""

    name: str
    x: dict[str, np.ndarray]
    y: dict[str, np.ndarray]
    k: int
    shape: tuple[int, int] | None = None

    @property
    def baseline(self) -> float:
        y = self.y["train"]
        if not self.k:
            return float(y.var())
        p = np.bincount(y, minlength=self.k) / len(y)
        return float(-(p[p > 0] * np.log(p[p > 0])).sum())


def embedded(name: str) -> Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]:
    return lambda rng: getattr(datasets, f"load_{name}")(return_X_y=True)


def mixture(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Four classes of two Gaussians each in ten dimensions, which overlap."""
    centres = rng.normal(0, 1.1, (8, 10))
    which = rng.integers(0, 8, 4000)
    return centres[which] + rng.normal(0, 1, (4000, 10)), which % 4


def quantiles(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Three classes by the distance from the centre of six dimensions, a twentieth wrong."""
    x, y = datasets.make_gaussian_quantiles(
        n_samples=4000, n_features=6, n_classes=3, random_state=int(rng.integers(1 << 30))
    )
    return x, np.where(rng.random(4000) < 0.05, rng.integers(0, 3, 4000), y)


def friedman(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Friedman's first function of five of ten columns, noise of deviation 1.5."""
    return datasets.make_friedman1(4000, noise=1.5, random_state=int(rng.integers(1 << 30)))


def bars(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of 8 by 8 with a bar, upright, level or slanting either way, in much noise."""
    y = rng.integers(0, 4, 3500)
    x = rng.normal(0, 0.7, (3500, 8, 8))
    for picture, kind in zip(x, y, strict=True):
        at, line = rng.integers(1, 7), np.arange(8)
        rows, columns = [(line, 0 * line + at), (0 * line + at, line),
                         (line, (line + at) % 8), (line, (at - line) % 8)][kind]  # fmt: skip
        picture[rows, columns] += 1.2
    return x.reshape(3500, 64), y


def sensors(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Three classes by the signs of two products of columns, a tenth of the labels wrong."""
    x = rng.normal(0, 1, (4000, 12))
    y = (x[:, 0] * x[:, 1] > 0).astype(int) + (x[:, 2] + 0.5 * x[:, 3] > 0.3)
    wrong = rng.random(4000) < 0.1
    return x, np.where(wrong, rng.integers(0, 3, 4000), y)


def hastie(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two classes by the sum of ten squares (Hastie, Tibshirani and Friedman, example 10.2)."""
    x, y = datasets.make_hastie_10_2(n_samples=4000, random_state=int(rng.integers(1 << 30)))
    return x, (y > 0).astype(int)


def waves(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A number: waves and a product of six columns, with noise of a quarter of the variance."""
    x = rng.uniform(-2, 2, (4000, 6))
    y = np.sin(2 * x[:, 0]) + 0.5 * x[:, 1] * x[:, 2] + 0.6 * np.abs(x[:, 3])
    return x, y + rng.normal(0, 0.55 * y.std(), len(y))


def shapes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of 10 by 10 with a square, a filled square, a cross or a ring, moved about."""
    y = rng.integers(0, 4, 3500)
    x = rng.normal(0, 0.6, (3500, 10, 10))
    grid = np.mgrid[:5, :5] - 2
    far, near = np.abs(grid).max(0), np.abs(grid).min(0)
    cross = np.abs(grid[0]) == np.abs(grid[1])
    stamps = [far == 2, far < 2, cross, (far == 2) & (near < 2)]
    for picture, kind in zip(x, y, strict=True):
        r, c = rng.integers(0, 6, 2)
        picture[r : r + 5, c : c + 5] += 1.1 * stamps[kind]
    return x.reshape(3500, 100), y


def patches(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Grey pieces of 8 by 8 of two photographs, a temple and a flower, whatever their light."""
    y, x = rng.integers(0, 2, 3500), np.empty((3500, 8, 8))
    photographs = [picture.mean(axis=2) for picture in datasets.load_sample_images().images]
    for i, photograph in enumerate(photographs):
        for place in np.flatnonzero(y == i):
            r, c = (rng.integers(0, n - 8) for n in photograph.shape)
            x[place] = photograph[r : r + 8, c : c + 8]
    x = x.reshape(3500, 64)
    return (x - x.mean(1, keepdims=True)) / (x.std(1, keepdims=True) + 4), y


def letters_of(told: str) -> np.ndarray:
    """Return the places in the alphabet of a text's letters and spaces, which are 0."""
    codes = np.array([" abcdefghijklmnopqrstuvwxyz".find(c) for c in told.lower()])
    return codes[codes >= 0]


def text(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Whether a vowel, a consonant or a space follows four characters of English."""
    told = " ".join(getattr(datasets, f"load_{name}")()["DESCR"] for name in _DESCRIBED)
    codes = letters_of(told)
    starts = rng.permutation(len(codes) - 4)[:4000]
    windows = codes[starts[:, None] + np.arange(5)]
    kinds = np.where(np.isin(np.arange(27), [1, 5, 9, 15, 21]), 0, 1)
    kinds[0] = 2
    return np.eye(27)[windows[:, :4]].reshape(len(starts), 108), kinds[windows[:, 4]]


_DESCRIBED = ("iris", "wine", "digits", "diabetes", "breast_cancer", "linnerud")


def letters(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of 12 by 12 of eight letters, turned and moved, in noise."""
    y, font = rng.integers(0, 8, 3500), ImageFont.load_default(11)
    x = rng.normal(0, 0.35, (3500, 12, 12))
    for picture, kind in zip(x, y, strict=True):
        paper = Image.new("L", (12, 12))
        place = tuple(rng.uniform((1.5, -1.5), (3.5, 0.0)))
        ImageDraw.Draw(paper).text(place, "ABEFHKRX"[kind], 255, font)
        picture += np.asarray(paper.rotate(rng.uniform(-15, 15), Image.Resampling.BILINEAR)) / 255
    return x.reshape(3500, 144), y


def planes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Four classes of Guyon's generator, five of fifteen columns count, some labels are wrong."""
    return datasets.make_classification(
        4000, 15, n_informative=5, n_redundant=3, n_classes=4, n_clusters_per_class=2,
        flip_y=0.08, class_sep=1.3, random_state=int(rng.integers(1 << 30)),
    )  # fmt: skip


def spirals(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Three arms of a spiral in two of five columns."""
    y, along = rng.integers(0, 3, 4000), rng.uniform(0.3, 2.2, 4000)
    angle = 2.2 * along + y * 2 * np.pi / 3
    arms = np.stack([along * np.cos(angle), along * np.sin(angle)], axis=1)
    return np.hstack([arms + rng.normal(0, 0.17, (4000, 2)), rng.normal(size=(4000, 3))]), y


def steps(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A number that jumps where columns cross 0 or 1, with noise of a fifth of the variance."""
    x = rng.normal(size=(4000, 8))
    y = 2.0 * (x[:, 0] > 0) - (x[:, 1] > 1) + (x[:, 0] > 0) * (x[:, 2] > 0) + 0.5 * x[:, 3]
    return x, y + rng.normal(0, 0.5 * y.std(), len(y))


def moons(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two half moons that overlap, among four columns of nothing."""
    x, y = datasets.make_moons(4000, noise=0.28, random_state=int(rng.integers(1 << 30)))
    return np.hstack([x, rng.normal(0, 0.6, (4000, 4))]), y


def checkers(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Three colours of a board of 3 by 3 fields, in two of five columns, a twentieth wrong."""
    x = rng.uniform(0, 3, (4000, 5))
    y = (x[:, 0].astype(int) + 2 * x[:, 1].astype(int)) % 3
    return x, np.where(rng.random(4000) < 0.05, rng.integers(0, 3, 4000), y)


def arcs(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Friedman's third function, an arc tangent of four columns, with noise of a third of it."""
    x, y = datasets.make_friedman3(4000, random_state=int(rng.integers(1 << 30)))
    return x, y + rng.normal(0, 0.6 * y.std(), 4000)


def docstrings(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Of which of three modules of Python sixty letters of documentation are, by their counts."""
    x, y = np.empty((4000, 27)), rng.integers(0, 3, 4000)
    for kind, module in enumerate((argparse, decimal, subprocess)):
        told = [getattr(value, "__doc__", None) or "" for value in vars(module).values()]
        codes = letters_of(" ".join(told))
        for row in np.flatnonzero(y == kind):
            start = rng.integers(0, len(codes) - 60)
            x[row] = np.bincount(codes[start : start + 60], minlength=27)
    return x, y


def blobs(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of 9 by 9 with one, two or three round spots, in noise."""
    y, grid = rng.integers(0, 3, 3500), np.mgrid[:9, :9]
    x = rng.normal(0, 0.25, (3500, 9, 9))
    for picture, kind in zip(x, y, strict=True):
        for place in rng.permutation(9)[: kind + 1]:
            centre = 1 + 3 * np.array(divmod(int(place), 3)) + rng.uniform(-0.7, 0.7, 2)
            far = ((grid - centre[:, None, None]) ** 2).sum(0)
            picture += np.exp(-far / 1.2)
    return x.reshape(3500, 81), y


def rings(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Three rings about each other, which overlap, in two of six columns."""
    y, angle = rng.integers(0, 3, 4000), rng.uniform(0, 2 * np.pi, 4000)
    far = 0.6 + 0.7 * y + rng.normal(0, 0.2, 4000)
    x = np.stack([far * np.cos(angle), far * np.sin(angle)], axis=1)
    return np.hstack([x, rng.normal(size=(4000, 4))]), y


def hills(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A number: the height of four hills over three of five columns, with a quarter of noise."""
    x, y = rng.uniform(-1, 1, (4000, 5)), np.zeros(4000)
    for centre, height in zip(rng.uniform(-0.8, 0.8, (4, 3)), (1.0, -1.2, 0.8, 1.4), strict=True):
        y += height * np.exp(-((x[:, :3] - centre) ** 2).sum(1) / 0.4)
    return x, y + rng.normal(0, 0.55 * y.std(), 4000)


def votes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Which of three parties has most of nine votes, of five that are cast; a vote has a weight."""
    cast = rng.integers(0, 5, (4000, 9))
    weight = np.linspace(0.5, 1.5, 9)
    counts = np.stack([((cast == party) * weight).sum(1) for party in range(3)], axis=1)
    return np.eye(5)[cast].reshape(4000, 45), (counts + rng.normal(0, 0.3, counts.shape)).argmax(1)


def gratings(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of 9 by 9 with waves in one of five directions, anywhere, in noise."""
    y, grid = rng.integers(0, 5, 3500), np.mgrid[:9, :9]
    x = rng.normal(0, 0.8, (3500, 9, 9))
    angle, phase = y * np.pi / 5 + rng.normal(0, 0.12, 3500), rng.uniform(0, 2 * np.pi, 3500)
    for picture, a, b in zip(x, angle, phase, strict=True):
        picture += np.sin(1.6 * (np.cos(a) * grid[0] + np.sin(a) * grid[1]) + b)
    return x.reshape(3500, 81), y


def squares(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two classes by the larger of two sums of squares, a twentieth of the labels wrong."""
    x = rng.normal(size=(4000, 14))
    y = ((x[:, :4] ** 2).sum(1) > (x[:, 4:8] ** 2).sum(1) + 0.8 * x[:, 8]).astype(int)
    return x, np.where(rng.random(4000) < 0.05, 1 - y, y)


#: Generator, classes, shape and the rows for training and validation; the rest are test rows, of
#: which a label needs more than iris and wine leave.
DATA = {
    "tuning 1": {
        "digits": (embedded("digits"), 10, (8, 8), 600, 400),
        "diabetes": (embedded("diabetes"), 0, None, 180, 120),
        "mixture": (mixture, 4, None, 500, 500),
        "quantiles": (quantiles, 3, None, 500, 500),
        "friedman": (friedman, 0, None, 400, 500),
        "bars": (bars, 4, (8, 8), 500, 400),
    },
    "tuning 2": {
        "breast_cancer": (embedded("breast_cancer"), 2, None, 200, 150),
        "hastie": (hastie, 2, None, 600, 500),
        "sensors": (sensors, 3, None, 600, 500),
        "waves": (waves, 0, None, 450, 500),
        "shapes": (shapes, 4, (10, 10), 500, 400),
    },
    "tuning 3": {
        "patches": (patches, 2, (8, 8), 450, 400),
        "text": (text, 3, None, 600, 500),
        "letters": (letters, 8, (12, 12), 600, 400),
        "planes": (planes, 4, None, 500, 400),
        "spirals": (spirals, 3, None, 500, 500),
        "steps": (steps, 0, None, 450, 400),
    },
    "tuning 4": {
        "moons": (moons, 2, None, 400, 400),
        "checkers": (checkers, 3, None, 600, 400),
        "arcs": (arcs, 0, None, 500, 400),
        "docstrings": (docstrings, 3, None, 600, 500),
        "blobs": (blobs, 3, (9, 9), 500, 400),
    },
    "judging": {
        "rings": (rings, 3, None, 450, 400),
        "hills": (hills, 0, None, 500, 500),
        "votes": (votes, 3, None, 600, 500),
        "gratings": (gratings, 5, (9, 9), 600, 400),
        "squares": (squares, 2, None, 500, 500),
    },
}


def make_task(part: str, name: str, seed: int) -> Task:
    generate, k, shape, n_train, n_validation = DATA[part][name]
    rng = np.random.default_rng([seed, sum(map(ord, name))])
    x, y = generate(rng)
    order = rng.permutation(len(x))
    cuts = np.split(order[: n_train + n_validation + TEST_ROWS], [n_train, n_train + n_validation])
    parts = dict(zip(("train", "validation", "test"), cuts, strict=True))
    x = np.clip((x - x[cuts[0]].mean(0)) / (x[cuts[0]].std(0) + 1e-3), -5, 5)
    if not k:
        y = (y - y[cuts[0]].mean()) / y[cuts[0]].std()
    xs, ys = ({part: of[rows] for part, rows in parts.items()} for of in (x, y))
    return Task(name, xs, ys, k, shape)
