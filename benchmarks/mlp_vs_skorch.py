"""The same network trained by further and by skorch: seconds an epoch, and what it is worth.

Three networks: a plain perceptron of three layers of 256 units, that of MLPClassifier, and that of
CNNClassifier on pictures of digits. Both sides start from a network of the same seed, hold out a
fifth of the rows, and take batches of as many rows with AdamW, in its fused form, at a constant
rate, for as many epochs. skorch is given encoded rows and runs with its own defaults beside that
(validation loss and accuracy after each epoch); further has to read and encode the rows itself,
chooses its threads and memory format, evaluates held-out rows, keeps the best weights, and
calibrates: all of it counts. The rounds alternate; a ratio is the median of those of the rounds.
Both work on as many threads as torch takes (``OMP_NUM_THREADS``), ours on fewer where that is
faster. A ratio holds for the processor beside it.
"""

from __future__ import annotations

import argparse
import itertools
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from processor import processor
from sklearn.datasets import make_classification
from torch import nn

from data import mnist
from further import CNNClassifier, MLPClassifier
from further.data import Spec

BATCH, RATE, COLUMNS, CLASSES, TESTED = 256, 1e-3, 20, 3, 4000
SAME = {
    "optimizer": "adamw", "learning_rate": RATE, "betas": (0.9, 0.999), "weight_decay": 0.01,
    "batch_size": BATCH, "schedule": "constant", "warmup": 0.0, "averaging": 0.0, "clip": None,
}  # fmt: skip


class Plain(MLPClassifier):
    """A textbook's perceptron."""

    def network(self, spec: Spec, n_outputs: int) -> nn.Module:
        sizes = [spec.size, 256, 256, 256]
        layers: list[nn.Module] = [nn.Flatten()]
        for before, after in itertools.pairwise(sizes):
            layers += [nn.Linear(before, after), nn.ReLU()]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], n_outputs))

    def groups(self, net: Any) -> list[Any]:
        return []


@dataclass(frozen=True)
class Setting:
    """A network, and how many epochs so many rows are trained for."""

    make: type[Any]
    epochs: dict[int, int]
    options: dict[str, Any]


TABLE = {150: 256, 1000: 100, 5000: 30, 20_000: 10}
NETWORKS = {
    "plain": Setting(Plain, TABLE, {}),
    "MLPClassifier": Setting(MLPClassifier, TABLE, {}),
    "CNNClassifier": Setting(CNNClassifier, {150: 60, 1000: 20, 5000: 6}, {"augmentation": "none"}),
}


def rows_of(name: str, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return rows and classes for training, and others for testing."""
    if name == "CNNClassifier":
        pictures = mnist()
        X, y = pictures.values, np.asarray(pictures.codes)
        order = np.random.default_rng(0).permutation(len(X))
        X, y = X[order], y[order]
    else:
        X, y = make_classification(
            n + TESTED, COLUMNS, n_informative=10, n_classes=CLASSES, random_state=0
        )
    return X[:n], y[:n], X[n:][:TESTED], y[n:][:TESTED]


def ours(setting: Setting, n: int, data: Sequence[np.ndarray]) -> tuple[float, float, Any]:
    """Return seconds, accuracy and the model."""
    X, y, X_test, y_test = data
    start = time.perf_counter()
    model = setting.make(
        budget=f"{setting.epochs[n]} epochs", random_state=0, training=SAME, **setting.options
    ).fit(X, y)
    seconds = time.perf_counter() - start
    return seconds, float(np.mean(model.predict(X_test) == y_test)), model


def theirs(setting: Setting, n: int, data: Sequence[np.ndarray], model: Any) -> tuple[float, float]:
    """Return seconds and accuracy of skorch, which gets the rows as ``model`` encodes them."""
    from skorch import NeuralNetClassifier

    _, y, _, y_test = data
    X, X_test = (model.encoding_.encode(model._rows(part)) for part in (data[0], data[2]))
    torch.manual_seed(0)
    start = time.perf_counter()
    net = NeuralNetClassifier(
        model.build(model.spec_), criterion=nn.CrossEntropyLoss, optimizer=torch.optim.AdamW,
        optimizer__weight_decay=SAME["weight_decay"], optimizer__fused=True, lr=RATE,
        batch_size=BATCH, max_epochs=setting.epochs[n], iterator_train__shuffle=True, verbose=0,
    )  # fmt: skip
    net.fit(X, y.astype(np.int64))
    seconds = time.perf_counter() - start
    return seconds, float(np.mean(net.predict(X_test) == y_test))


def compare(name: str, n: int, rounds: int) -> tuple[float, float]:
    """Print what so many rows take; return milliseconds an epoch of both sides."""
    setting, data = NETWORKS[name], rows_of(name, n)
    mine, peers = [], []
    for _ in range(rounds):
        *found, model = ours(setting, n, data)
        mine.append(found)
        peers.append(theirs(setting, n, data, model))
    (seconds, accuracy), (their_seconds, their_accuracy) = (
        np.median(np.array(side), axis=0) for side in (mine, peers)
    )
    ratios = np.array(peers)[:, 0] / np.array(mine)[:, 0]
    epochs = setting.epochs[n]
    per_epoch, their_per_epoch = 1e3 * seconds / epochs, 1e3 * their_seconds / epochs
    print(
        f"{name:14} {n:6} rows {epochs:4} epochs  further {per_epoch:8.1f} ms, accuracy "
        f"{accuracy:.3f}  skorch {their_per_epoch:8.1f} ms, {their_accuracy:.3f}  ratio "
        f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f}); {model.execution_}",
        flush=True,
    )
    return per_epoch, their_per_epoch


def draw(found: dict[str, dict[int, tuple[float, float]]], path: Path) -> None:
    """Draw milliseconds an epoch over rows, a panel a network."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(
        1, len(found), figsize=(3.6 * len(found), 3.2), sharey=True, squeeze=False
    )
    for panel, (name, points) in zip(panels[0], found.items(), strict=True):
        for side, style in enumerate(("o-", "s--")):
            label = ("further", "skorch")[side]
            panel.loglog(list(points), [p[side] for p in points.values()], style, label=label)
        panel.set(title=name, xlabel="rows")
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("milliseconds an epoch")
    panels[0][0].legend()
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--picture", type=Path, help="where to draw it, such as skorch.png")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    few = rows_of("plain", 150)
    *_, model = ours(Setting(Plain, {150: 1}, {}), 150, few)  # imports what training takes
    theirs(Setting(Plain, {150: 1}, {}), 150, few, model)
    print(f"{processor({})}, {torch.get_num_threads()} threads, batches of {BATCH}")
    found: dict[str, dict[int, tuple[float, float]]] = {}
    for name in arguments.networks:
        for n in NETWORKS[name].epochs:
            found.setdefault(name, {})[n] = compare(name, n, arguments.rounds)
    if arguments.picture:
        draw(found, arguments.picture)


if __name__ == "__main__":
    main()
