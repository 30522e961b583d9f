"""Small real trainings: a perceptron in NumPy on embedded data, with one fault put in or none."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

LOADERS = {
    "digits": load_digits,
    "breast_cancer": load_breast_cancer,
    "wine": load_wine,
    "diabetes": load_diabetes,
}


@dataclass
class Split:
    """Rows of three parts, inputs scaled, and what a constant predictor scores."""

    x: dict[str, np.ndarray]
    y: dict[str, np.ndarray]
    n_outputs: int
    is_regression: bool
    baseline: float


def load(name: str, seed: int, n_validation: int | None = None) -> Split:
    X, y = LOADERS[name](return_X_y=True)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(X))
    n = len(X)
    train, rest = order[: int(0.5 * n)], order[int(0.5 * n) :]
    validation, test = rest[: len(rest) // 2], rest[len(rest) // 2 :]
    if n_validation:
        validation = validation[:n_validation]
    mean, scale = X[train].mean(0), X[train].std(0) + 1e-3
    X = np.clip((X - mean) / scale, -4, 4)
    is_regression = name == "diabetes"
    if is_regression:
        y = (y - y[train].mean()) / y[train].std()
        baseline = float(np.mean(y[train] ** 2))
    else:
        shares = np.bincount(y[train]) / len(train)
        baseline = float(-(shares * np.log(shares)).sum())
    parts = {"train": train, "validation": validation, "test": test}
    return Split(
        {k: X[v] for k, v in parts.items()},
        {k: y[v] for k, v in parts.items()},
        1 if is_regression else int(y.max()) + 1,
        is_regression,
        baseline,
    )


@dataclass
class Net:
    """ReLU layers, minimised by Adam or plain gradient descent with momentum."""

    split: Split
    width: int = 32
    depth: int = 1
    rate: float = 3e-3
    optimizer: str = "adam"
    decay: float = 0.0
    dropout: float = 0.0
    seed: int = 0
    batch: int = 32
    weights: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        sizes = [
            self.split.x["train"].shape[1],
            *[self.width] * self.depth,
            self.split.n_outputs,
        ]
        for i, (a, b) in enumerate(pairwise(sizes)):
            gain = 2 if i < len(sizes) - 2 else 1
            self.weights += [self.rng.normal(0, np.sqrt(gain / a), (a, b)), np.zeros(b)]
        self.moments = [(np.zeros_like(w), np.zeros_like(w)) for w in self.weights]
        self.steps = 0

    def forward(self, x: np.ndarray, training: bool = False) -> list[np.ndarray]:
        activations, self.masks = [x], []
        n = len(self.weights) // 2
        for i in range(n):
            z = activations[-1] @ self.weights[2 * i] + self.weights[2 * i + 1]
            if i < n - 1:
                z = np.maximum(z, 0)
                mask = np.ones_like(z)
                if training and self.dropout:
                    mask = (self.rng.random(z.shape) > self.dropout) / (1 - self.dropout)
                self.masks.append(mask)
                z = z * mask
            activations.append(z)
        return activations

    def loss(self, out: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
        if self.split.is_regression:
            off = out[:, 0] - y
            return float(np.mean(off**2)), (2 * off / len(y))[:, None]
        out = out - out.max(1, keepdims=True)
        p = np.exp(out)
        p /= p.sum(1, keepdims=True)
        picked = p[np.arange(len(y)), y]
        loss = float(-np.log(np.maximum(picked, 1e-30)).mean())
        p[np.arange(len(y)), y] -= 1
        return loss, p / len(y)

    def evaluate(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        out = self.forward(x)[-1]
        accuracy = np.nan if self.split.is_regression else float((out.argmax(1) == y).mean())
        return self.loss(out, y)[0], accuracy

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        activations = self.forward(x, training=True)
        loss, gradient = self.loss(activations[-1], y)
        gradients: list[np.ndarray] = []
        for i in reversed(range(len(self.weights) // 2)):
            gradients[:0] = [
                activations[i].T @ gradient + self.decay * self.weights[2 * i],
                gradient.sum(0),
            ]
            if i:
                gradient = (gradient @ self.weights[2 * i].T) * (activations[i] > 0)
                gradient = gradient * self.masks[i - 1]
        self.steps += 1
        for w, g, (m, v) in zip(self.weights, gradients, self.moments, strict=True):
            if self.optimizer == "adam":
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                bias = np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
                w -= self.rate * bias * m / (np.sqrt(v) + 1e-8)
            else:
                m *= 0.9
                m += g
                w -= self.rate * m
        return loss


def train(
    split: Split, epochs: int = 40, anneal: bool = False, **settings: object
) -> dict[str, list[float]]:
    """Return the history of a training, with the loss of test rows in ``test``."""
    net = Net(split, **settings)  # type: ignore[arg-type]
    rate, rng = net.rate, np.random.default_rng(net.seed + 1)
    x, y = split.x["train"], split.y["train"]
    history: dict[str, list[float]] = {}
    with np.errstate(all="ignore"):
        for epoch in range(1, epochs + 1):
            order, losses = rng.permutation(len(x)), []
            for start in range(0, len(x), net.batch):
                rows = order[start : start + net.batch]
                if anneal:
                    net.rate = (
                        rate * 0.5 * (1 + np.cos(np.pi * (epoch - 1 + start / len(x)) / epochs))
                    )
                losses.append(net.step(x[rows], y[rows]))
            row = {"epoch": epoch, "train_loss": float(np.mean(losses))}
            row["val_loss"], row["val_accuracy"] = net.evaluate(
                split.x["validation"], split.y["validation"]
            )
            if anneal:
                row["lr"] = net.rate
            row["fit_loss"] = net.evaluate(x[:128], y[:128])[0]
            row["test"] = net.evaluate(split.x["test"], split.y["test"])[0]
            if split.is_regression:
                del row["val_accuracy"]
            for name, value in row.items():
                history.setdefault(name, []).append(value)
    return history


def logged(history: dict[str, list[float]], *names: str) -> dict[str, list[float]]:
    """Return what a user would log: all but the test loss, or the columns that are named."""
    return {k: v for k, v in history.items() if (k in names if names else k != "test")}
