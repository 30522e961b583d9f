"""Networks of ``benchmarks/doctor.py`` and how they are trained: plain torch, a line an epoch.

Every epoch logs the mean training loss, the loss and the accuracy or R² of validation rows, the
learning rate, and the loss of some training rows in evaluation mode (``fit_loss``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from doctor_data import Task
from torch import Tensor, nn
from torch.nn import functional as F

FIT_ROWS = 128


def perceptron(sizes: list[int], activation: type[nn.Module], dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in pairwise(sizes[:-1]):
        layers += [nn.Linear(a, b), activation(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(*sizes[-2:]))


class Residual(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.inner = perceptron([width, width, width], nn.GELU, dropout)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


def relu_1(d: int, out: int, width: int, dropout: float, shape: object) -> nn.Module:
    return perceptron([d, 3 * width, out], nn.ReLU, dropout)


def tanh_2(d: int, out: int, width: int, dropout: float, shape: object) -> nn.Module:
    return perceptron([d, 2 * width, width, out], nn.Tanh, dropout)


def stride_cnn(d: int, out: int, width: int, dropout: float, shape: tuple[int, int]) -> nn.Module:
    c = max(1, width // 4)
    return nn.Sequential(
        nn.Unflatten(1, (1, *shape)), nn.Conv2d(1, c, 3, 2, 1), nn.ReLU(),
        nn.Conv2d(c, 2 * c, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Dropout(dropout),
        nn.LazyLinear(out),
    )  # fmt: skip


def relu_3(d: int, out: int, width: int, dropout: float, shape: object) -> nn.Module:
    return perceptron([d, 2 * width, 2 * width, width, out], nn.ReLU, dropout)


def residual(d: int, out: int, width: int, dropout: float, shape: object) -> nn.Module:
    blocks = [Residual(width, dropout), Residual(width, dropout)]
    return nn.Sequential(nn.Linear(d, width), *blocks, nn.Linear(width, out))


def pool_cnn(d: int, out: int, width: int, dropout: float, shape: tuple[int, int]) -> nn.Module:
    c = max(1, width // 3)
    return nn.Sequential(
        nn.Unflatten(1, (1, *shape)), nn.Conv2d(1, c, 3, padding=1), nn.GELU(), nn.MaxPool2d(2),
        nn.Conv2d(c, c, 3, padding=1), nn.GELU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
        nn.Dropout(dropout), nn.LazyLinear(2 * width), nn.GELU(), nn.LazyLinear(out),
    )  # fmt: skip


class Skip(nn.Module):
    """A line beside a perceptron (wide and deep)."""

    def __init__(self, d: int, out: int, width: int, dropout: float) -> None:
        super().__init__()
        self.wide = nn.Linear(d, out)
        self.deep = perceptron([d, 2 * width, 2 * width, out], nn.LeakyReLU, dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.wide(x) + self.deep(x)


def skip(d: int, out: int, width: int, dropout: float, shape: object) -> nn.Module:
    return Skip(d, out, width, dropout)


def layer_norm_2(d: int, out: int, width: int, dropout: float, shape: object) -> nn.Module:
    return nn.Sequential(
        nn.Linear(d, 2 * width), nn.LayerNorm(2 * width), nn.SiLU(), nn.Dropout(dropout),
        nn.Linear(2 * width, width), nn.LayerNorm(width), nn.SiLU(), nn.Linear(width, out),
    )  # fmt: skip


def norm_cnn(d: int, out: int, width: int, dropout: float, shape: tuple[int, int]) -> nn.Module:
    c = max(1, width // 4)
    return nn.Sequential(
        nn.Unflatten(1, (1, *shape)), nn.Conv2d(1, c, 3), nn.BatchNorm2d(c), nn.ReLU(),
        nn.AvgPool2d(2), nn.Conv2d(c, 2 * c, 2), nn.BatchNorm2d(2 * c), nn.ReLU(), nn.Flatten(),
        nn.Dropout(dropout), nn.LazyLinear(out),
    )  # fmt: skip


class Gated(nn.Module):
    """Half of the units says how much of the others passes (GLU)."""

    def __init__(self, d: int, width: int) -> None:
        super().__init__()
        self.both = nn.Linear(d, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        return F.glu(self.both(x))


def gated(d: int, out: int, width: int, dropout: float, shape: object) -> nn.Module:
    return nn.Sequential(
        Gated(d, 2 * width), nn.Dropout(dropout), Gated(2 * width, width), nn.Linear(width, out)
    )


def selu_4(d: int, out: int, width: int, dropout: float, shape: object) -> nn.Module:
    return perceptron([d, width, width, width, width, out], nn.SELU, dropout)


def mean_cnn(d: int, out: int, width: int, dropout: float, shape: tuple[int, int]) -> nn.Module:
    c = max(1, width // 2)
    return nn.Sequential(
        nn.Unflatten(1, (1, *shape)), nn.Conv2d(1, c, 3, padding=1), nn.SiLU(),
        nn.Conv2d(c, c, 3, 2), nn.SiLU(), nn.Conv2d(c, 2 * c, 2), nn.SiLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(2 * c, out),
    )  # fmt: skip


def batch_norm_2(d: int, out: int, width: int, dropout: float, shape: object) -> nn.Module:
    return nn.Sequential(
        nn.Linear(d, 2 * width), nn.BatchNorm1d(2 * width), nn.ELU(), nn.Dropout(dropout),
        nn.Linear(2 * width, width), nn.BatchNorm1d(width), nn.ELU(), nn.Linear(width, out),
    )  # fmt: skip


def mish_2(d: int, out: int, width: int, dropout: float, shape: object) -> nn.Module:
    return perceptron([d, 3 * width, width, out], nn.Mish, dropout)


def deep_cnn(d: int, out: int, width: int, dropout: float, shape: tuple[int, int]) -> nn.Module:
    c = max(1, width // 4)
    return nn.Sequential(
        nn.Unflatten(1, (1, *shape)), nn.Conv2d(1, c, 3), nn.LeakyReLU(), nn.Conv2d(c, c, 3),
        nn.LeakyReLU(), nn.Conv2d(c, 2 * c, 3), nn.LeakyReLU(), nn.MaxPool2d(3), nn.Flatten(),
        nn.Dropout(dropout), nn.LazyLinear(width), nn.LeakyReLU(), nn.LazyLinear(out),
    )  # fmt: skip


NETS = {
    "tuning 1": {"relu_1": relu_1, "tanh_2": tanh_2, "stride_cnn": stride_cnn},
    "tuning 2": {"relu_3": relu_3, "residual": residual, "pool_cnn": pool_cnn},
    "tuning 3": {"skip": skip, "layer_norm_2": layer_norm_2, "norm_cnn": norm_cnn},
    "tuning 4": {"gated": gated, "selu_4": selu_4, "mean_cnn": mean_cnn},
    "judging": {"batch_norm_2": batch_norm_2, "mish_2": mish_2, "deep_cnn": deep_cnn},
}
OPTIMIZERS = {
    "tuning 1": ("adam", "momentum"),
    "tuning 2": ("adamw", "nesterov"),
    "tuning 3": ("nadam", "rmsprop"),
    "tuning 4": ("adamax", "adagrad"),
    "judging": ("radam", "plain"),
}
RATES = {
    "adam": 3e-3, "adamw": 2e-3, "nadam": 2e-3, "rmsprop": 1e-3, "adamax": 5e-3, "adagrad": 0.02,
    "radam": 3e-3, "momentum": 0.03, "nesterov": 0.03, "plain": 0.05,
}  # fmt: skip
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "cosine": lambda done: 0.5 * (1 + np.cos(np.pi * done)),
    "linear": lambda done: min(done / 0.1, (1 - done) / 0.9),  # after a warm-up
    "one cycle": lambda done: 0.5 * (1 - np.cos(np.pi * min(done / 0.3, (1 - done) / 0.7))),
    "root": lambda done: np.sqrt(1 - done),
}
#: What falls, where the learning rate is not constant.
FALLS = {
    "tuning 1": "cosine", "tuning 2": "cosine", "tuning 3": "linear",
    "tuning 4": "one cycle", "judging": "root",
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """How a network is made and trained."""

    net: str
    optimizer: str
    rate: float
    schedule: str
    decay: float
    dropout: float
    width: int = 24
    batch: int = 64
    start: float = 1.0  # factor on the first weights


def draw_recipe(part: str, net: str, rng: np.random.Generator) -> Recipe:
    optimizer = str(rng.choice(OPTIMIZERS[part]))
    rate = RATES[optimizer] * float(np.exp(rng.uniform(-0.4, 0.7))) * (0.5 if "cnn" in net else 1.0)
    decays = (0.0, 0.1, 0.5) if optimizer == "adamw" else (0.0, 1e-3, 1e-2)
    return Recipe(
        net, optimizer, rate, FALLS[part] if rng.random() < 0.5 else "constant",
        float(rng.choice(decays)), float(rng.choice([0.0, 0.0, 0.25])),
        int(rng.choice([16, 24, 40])), 64,
    )  # fmt: skip


def build(task: Task, part: str, recipe: Recipe, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    d = task.x["train"].shape[1]
    net = NETS[part][recipe.net](d, task.k or 1, recipe.width, recipe.dropout, task.shape)
    net(torch.zeros(2, d))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(recipe.start)
    return net


def make_optimizer(net: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    kinds = {
        "nadam": torch.optim.NAdam, "rmsprop": torch.optim.RMSprop, "adamax": torch.optim.Adamax,
        "adagrad": torch.optim.Adagrad, "radam": torch.optim.RAdam,
    }  # fmt: skip
    if recipe.optimizer in kinds:
        kind = kinds[recipe.optimizer]
        return kind(net.parameters(), recipe.rate, weight_decay=recipe.decay)
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    if recipe.optimizer in kinds:
        kind = kinds[recipe.optimizer]
        return kind(net.parameters(), recipe.rate, weight_decay=recipe.decay, fused=True)
    return torch.optim.SGD(
        net.parameters(), recipe.rate, 0.9 * (recipe.optimizer != "plain"),
        weight_decay=recipe.decay,
        nesterov=recipe.optimizer == "nesterov", fused=True,
    )  # fmt: skip


History = dict[str, list[float]]


@dataclass(frozen=True)
class Training:
    """What each epoch logged, and the loss of each test row, which only labels look at."""

    history: History
    test: np.ndarray  # (epochs, rows)

    def cut(self, epochs: int) -> Training:
        """Return the first epochs."""
        kept = {name: values[:epochs] for name, values in self.history.items()}
        return Training(kept, self.test[:epochs])

    @property
    def last(self) -> np.ndarray:
        """Losses of the test rows at the end."""
        return self.test[-1]

    @property
    def chosen(self) -> np.ndarray:
        """Losses of the test rows at the epoch of the lowest validation loss."""
        values = np.array(self.history["val_loss"])
        return self.test[int(np.argmin(np.where(np.isfinite(values), values, np.inf)))]


def train(task: Task, part: str, recipe: Recipe, epochs: int, seed: int) -> Training:
    """Train a network and return what it logged."""
    net, rng = build(task, part, recipe, seed), np.random.default_rng(seed)
    optimizer = make_optimizer(net, recipe)
    kind = torch.int64 if task.k else torch.float32
    x = {part: torch.tensor(rows, dtype=torch.float32) for part, rows in task.x.items()}
    y = {part: torch.tensor(rows, dtype=kind) for part, rows in task.y.items()}
    few = torch.from_numpy(rng.permutation(len(x["train"]))[:FIT_ROWS])
    n, history, test = len(x["train"]), {}, []
    batch = min(recipe.batch, max(8, n // 8))

    def loss_of(out: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
        if task.k:
            return F.cross_entropy(out, target, reduction=reduction)
        return F.mse_loss(out[:, 0], target, reduction=reduction)

    for epoch in range(1, epochs + 1):
        net.train()
        total, order = 0.0, torch.from_numpy(rng.permutation(n))
        for start in range(0, n, batch):
            rows = order[start : start + batch]
            done = (epoch - 1 + start / n) / epochs
            optimizer.param_groups[0]["lr"] = recipe.rate * SCHEDULES[recipe.schedule](done)
            optimizer.zero_grad()
            loss = loss_of(net(x["train"][rows]), y["train"][rows])
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(rows)
        net.eval()
        row = {"epoch": epoch, "train_loss": total / n, "lr": optimizer.param_groups[0]["lr"]}
        with torch.no_grad():
            out = net(x["validation"])
            row["val_loss"] = float(loss_of(out, y["validation"]))
            row |= score(out, y["validation"], task.k)
            row["fit_loss"] = float(loss_of(net(x["train"][few]), y["train"][few]))
            test.append(loss_of(net(x["test"]), y["test"], "none").numpy())
        for name, value in row.items():
            history.setdefault(name, []).append(value)
    return Training(history, np.stack(test))


def score(out: Tensor, y: Tensor, k: int) -> dict[str, float]:
    if k:
        return {"val_accuracy": float((out.argmax(1) == y).float().mean())}
    return {"val_r2": 1 - float(F.mse_loss(out[:, 0], y) / y.var(correction=0))}
