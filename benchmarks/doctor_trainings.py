"""Small real trainings for ``benchmarks/doctor.py``, with faults put in, labelled by undoing them.

Perceptrons and convolutional networks in plain torch, on data that scikit-learn embeds and on data
from the generators below. Every epoch logs the mean training loss, the loss and the accuracy or R²
of validation rows, and the learning rate; half of the trainings also the loss of some training rows
in evaluation mode (``fit_loss``), and another half come with the loss of the constant predictor.
Beside what is logged the loss of test rows is kept, which nothing but the labels looks at.

Labels, all by the test loss, a gain being at least 5 % of it:

* ``stopped_early``: twice as many epochs gain.
* ``overfitted``: the epoch of the lowest validation loss gains.
* an injected fault: the same training without it gains. Of faults of the split that mislead the
  choice of an epoch (a tiny validation set, validation rows among the training rows), both
  trainings are judged at the epochs that they choose. An injection that costs less is dropped.
* healthy: nothing was injected, neither of the first two gains, and a constant prediction loses by
  as much: a network that never began to learn gains nothing by the first two either. Sound
  trainings that fail this alone have no label and are dropped. (This clause came after a first
  look at the tuning half, and before any at the other.)

Data *and* architectures are split into a half for tuning the doctor and a half for judging it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from sklearn import datasets
from torch import Tensor, nn
from torch.nn import functional as F

WORTH = 0.05
#: Numbers of epochs of a ladder; each is judged by the next, twice as long.
LADDER = (12, 24, 48, 96)
FIT_ROWS = 128
#: Most rows of a test set.
TEST_ROWS = 800


# Data ---------------------------------------------------------------------------------------------


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
    which = rng.integers(0, 8, 2400)
    return centres[which] + rng.normal(0, 1, (2400, 10)), which % 4


def friedman(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Friedman's first function of five of ten columns, noise of deviation 1.5."""
    return datasets.make_friedman1(2200, noise=1.5, random_state=int(rng.integers(1 << 30)))


def bars(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of 8 by 8 with a bar, upright, level or slanting either way, in much noise."""
    y = rng.integers(0, 4, 1800)
    x = rng.normal(0, 0.7, (1800, 8, 8))
    for picture, kind in zip(x, y, strict=True):
        at, line = rng.integers(1, 7), np.arange(8)
        rows, columns = [(line, 0 * line + at), (0 * line + at, line),
                         (line, (line + at) % 8), (line, (at - line) % 8)][kind]  # fmt: skip
        picture[rows, columns] += 1.2
    return x.reshape(1800, 64), y


def sensors(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Three classes by the signs of two products of columns, a tenth of the labels wrong."""
    x = rng.normal(0, 1, (2600, 12))
    y = (x[:, 0] * x[:, 1] > 0).astype(int) + (x[:, 2] + 0.5 * x[:, 3] > 0.3)
    wrong = rng.random(2600) < 0.1
    return x, np.where(wrong, rng.integers(0, 3, 2600), y)


def waves(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A number: waves and a product of six columns, with noise of a quarter of the variance."""
    x = rng.uniform(-2, 2, (2200, 6))
    y = np.sin(2 * x[:, 0]) + 0.5 * x[:, 1] * x[:, 2] + 0.6 * np.abs(x[:, 3])
    return x, y + rng.normal(0, 0.55 * y.std(), len(y))


def shapes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of 10 by 10 with a square, a filled square, a cross or a ring, moved about."""
    y = rng.integers(0, 4, 1800)
    x = rng.normal(0, 0.6, (1800, 10, 10))
    grid = np.mgrid[:5, :5] - 2
    far, near = np.abs(grid).max(0), np.abs(grid).min(0)
    cross = np.abs(grid[0]) == np.abs(grid[1])
    stamps = [far == 2, far < 2, cross, (far == 2) & (near < 2)]
    for picture, kind in zip(x, y, strict=True):
        r, c = rng.integers(0, 6, 2)
        picture[r : r + 5, c : c + 5] += 1.1 * stamps[kind]
    return x.reshape(1800, 100), y


#: Generator, classes, shape and the rows for training and validation; the rest are test rows.
DATA = {
    "tuning": {
        "digits": (embedded("digits"), 10, (8, 8), 600, 400),
        "wine": (embedded("wine"), 3, None, 60, 50),
        "diabetes": (embedded("diabetes"), 0, None, 180, 120),
        "mixture": (mixture, 4, None, 500, 500),
        "friedman": (friedman, 0, None, 400, 500),
        "bars": (bars, 4, (8, 8), 500, 400),
    },
    "judging": {
        "breast_cancer": (embedded("breast_cancer"), 2, None, 200, 150),
        "iris": (embedded("iris"), 3, None, 50, 40),
        "sensors": (sensors, 3, None, 600, 500),
        "waves": (waves, 0, None, 450, 500),
        "shapes": (shapes, 4, (10, 10), 500, 400),
    },
}


def make_task(half: str, name: str, seed: int) -> Task:
    generate, k, shape, n_train, n_validation = DATA[half][name]
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


# Networks -----------------------------------------------------------------------------------------


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


NETS = {
    "tuning": {"relu_1": relu_1, "tanh_2": tanh_2, "stride_cnn": stride_cnn},
    "judging": {"relu_3": relu_3, "residual": residual, "pool_cnn": pool_cnn},
}
OPTIMIZERS = {"tuning": ("adam", "momentum"), "judging": ("adamw", "nesterov")}


@dataclass(frozen=True)
class Recipe:
    """How a network is made and trained."""

    net: str
    optimizer: str
    rate: float
    cosine: bool
    decay: float
    dropout: float
    width: int = 24
    batch: int = 64
    start: float = 1.0  # factor on the first weights


def draw_recipe(half: str, net: str, rng: np.random.Generator) -> Recipe:
    optimizer = str(rng.choice(OPTIMIZERS[half]))
    rate = {"adam": 3e-3, "adamw": 2e-3, "momentum": 0.03, "nesterov": 0.03}[optimizer]
    rate *= float(np.exp(rng.uniform(-0.4, 0.7))) * (0.5 if "cnn" in net else 1.0)
    decays = (0.0, 0.1, 0.5) if optimizer == "adamw" else (0.0, 1e-3, 1e-2)
    return Recipe(
        net, optimizer, rate, bool(rng.random() < 0.5), float(rng.choice(decays)),
        float(rng.choice([0.0, 0.0, 0.25])), int(rng.choice([16, 24, 40])),
        64,
    )  # fmt: skip


def build(task: Task, half: str, recipe: Recipe, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    d = task.x["train"].shape[1]
    net = NETS[half][recipe.net](d, task.k or 1, recipe.width, recipe.dropout, task.shape)
    net(torch.zeros(2, d))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(recipe.start)
    return net


def make_optimizer(net: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    if recipe.optimizer in kinds:
        kind = kinds[recipe.optimizer]
        return kind(net.parameters(), recipe.rate, weight_decay=recipe.decay, fused=True)
    return torch.optim.SGD(
        net.parameters(), recipe.rate, 0.9, weight_decay=recipe.decay,
        nesterov=recipe.optimizer == "nesterov", fused=True,
    )  # fmt: skip


History = dict[str, list[float]]


def train(task: Task, half: str, recipe: Recipe, epochs: int, seed: int) -> History:
    """Return what each epoch logged, with the loss of the test rows as ``test``."""
    net, rng = build(task, half, recipe, seed), np.random.default_rng(seed)
    optimizer = make_optimizer(net, recipe)
    kind = torch.int64 if task.k else torch.float32
    x = {part: torch.tensor(rows, dtype=torch.float32) for part, rows in task.x.items()}
    y = {part: torch.tensor(rows, dtype=kind) for part, rows in task.y.items()}
    few = torch.from_numpy(rng.permutation(len(x["train"]))[:FIT_ROWS])
    n, history = len(x["train"]), {}
    batch = min(recipe.batch, max(8, n // 8))

    def loss_of(out: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(out, target) if task.k else F.mse_loss(out[:, 0], target)

    for epoch in range(1, epochs + 1):
        net.train()
        total, order = 0.0, torch.from_numpy(rng.permutation(n))
        for start in range(0, n, batch):
            rows = order[start : start + batch]
            if recipe.cosine:
                done = (epoch - 1 + start / n) / epochs
                rate = recipe.rate * 0.5 * (1 + np.cos(np.pi * done))
                optimizer.param_groups[0]["lr"] = rate
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
            row["test"] = float(loss_of(net(x["test"]), y["test"]))
        for name, value in row.items():
            history.setdefault(name, []).append(value)
    return history


def score(out: Tensor, y: Tensor, k: int) -> dict[str, float]:
    if k:
        return {"val_accuracy": float((out.argmax(1) == y).float().mean())}
    return {"val_r2": 1 - float(F.mse_loss(out[:, 0], y) / y.var(correction=0))}


# Faults -------------------------------------------------------------------------------------------


@dataclass
class Case:
    """A training as it should be, which a fault then changes."""

    task: Task
    recipe: Recipe
    epochs: int


Fault = Callable[[Case, np.random.Generator], tuple[Case, Case]]
FAULTS: dict[str, Fault] = {}
#: Faults that mislead the choice of an epoch, and not the training.
OF_CHOICE = ("tiny_validation", "leak_of_rows")


def fault(make: Fault) -> Fault:
    FAULTS[make.__name__] = make
    return make


def changed(case: Case, **recipe: object) -> Case:
    return replace(case, recipe=replace(case.recipe, **recipe))


def factor(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


@fault
def rate_too_high(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, rate=case.recipe.rate * factor(rng, 15, 300)), case


@fault
def rate_too_low(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, rate=case.recipe.rate / factor(rng, 15, 300)), case


@fault
def shuffled_labels(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    """Of all training rows or of half of them; of the validation rows as well, or not."""
    y, share = dict(case.task.y), rng.choice([0.5, 1.0])
    for part in ("train", "validation") if rng.random() < 0.5 else ("train",):
        rows = np.flatnonzero(rng.random(len(y[part])) < share)
        y[part] = y[part].copy()
        y[part][rows] = y[part][rng.permutation(rows)]
    return replace(case, task=replace(case.task, y=y)), case


def _prone(case: Case) -> Case:
    """Return the case without what keeps it from overfitting, so that the epoch matters."""
    return replace(changed(case, decay=0.0, dropout=0.0, width=64), epochs=2 * case.epochs)


@fault
def tiny_validation(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    case, n = _prone(case), int(rng.integers(6, 16))
    few = {**case.task.x, "validation": case.task.x["validation"][:n]}
    labels = {**case.task.y, "validation": case.task.y["validation"][:n]}
    return replace(case, task=replace(case.task, x=few, y=labels)), case


@fault
def leak_of_rows(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    case = _prone(case)
    x, y = (
        {**of, "train": np.concatenate([of["train"], of["validation"]])}
        for of in (case.task.x, case.task.y)
    )
    return replace(case, task=replace(case.task, x=x, y=y)), case


@fault
def leak_of_target(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    """Columns hold the target of training and validation rows; of test rows nobody has it yet."""
    task, x = case.task, {}
    for part, rows in task.x.items():
        copy = np.eye(task.k)[task.y[part]] if task.k else task.y[part][:, None]
        copy = 2 * copy * (part != "test")
        kept = rows[:, copy.shape[1] :] if task.shape else rows
        x[part] = np.concatenate([copy, kept], axis=1)
    return replace(case, task=replace(task, x=x)), case


@fault
def no_regularisation(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    loose = changed(case, width=int(rng.choice([96, 160])), decay=0.0, dropout=0.0)
    return replace(loose, epochs=int(case.epochs * rng.choice([2, 3]))), case


@fault
def net_too_small(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, width=int(rng.choice([1, 2]))), case


@fault
def dead_start(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, start=0.0), case


@fault
def huge_start(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, start=factor(rng, 6, 30)), case


@fault
def dropout_too_strong(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    return changed(case, dropout=float(rng.choice([0.7, 0.85, 0.95]))), case


@fault
def unlike_split(case: Case, rng: np.random.Generator) -> tuple[Case, Case]:
    """Validation rows are those of other classes, or from the far end of the main direction."""
    task = case.task
    x, y = (np.concatenate([of["train"], of["validation"]]) for of in (task.x, task.y))
    n = len(task.x["train"])
    if task.k > 2 and rng.random() < 0.5:
        place = rng.permutation(task.k)[y] + 0.1 * rng.random(len(y))
    else:
        place = x @ np.linalg.svd(x - x.mean(0), full_matrices=False)[2][0]
    order = np.argsort(place)
    parts = {"train": rng.permutation(order[:n]), "validation": order[n:]}
    xs = {**task.x, **{part: x[rows] for part, rows in parts.items()}}
    ys = {**task.y, **{part: y[rows] for part, rows in parts.items()}}
    return replace(case, task=replace(task, x=xs, y=ys)), case


# Labels -------------------------------------------------------------------------------------------


def gain(worse: float, better: float) -> float:
    """Return how much of a loss is gained; all of one that is no number."""
    if not np.isfinite(worse):
        return 1.0 if np.isfinite(better) else 0.0
    return 1 - better / worse if np.isfinite(better) else -1.0


def at_best(history: History) -> float:
    """Return the test loss at the epoch of the lowest validation loss."""
    values = np.array(history["val_loss"])
    return history["test"][int(np.argmin(np.where(np.isfinite(values), values, np.inf)))]


def cut(history: History, epochs: int) -> History:
    return {name: values[:epochs] for name, values in history.items()}


def own_faults(history: History, longer: History) -> dict[str, float]:
    """Return what twice as many epochs and the best validation epoch gain, where it is enough."""
    last = history["test"][-1]
    found = {
        "stopped_early": gain(last, longer["test"][-1]),
        "overfitted": gain(last, at_best(history)),
    }
    return {name: value for name, value in found.items() if value >= WORTH}


@dataclass
class Example:
    """A training with its label."""

    half: str
    data: str
    recipe: dict[str, object]
    seed: int
    injected: str  # "" for none
    faults: dict[str, float]  # what undoing each gains
    history: History
    logs_fit: bool
    baseline: float | None
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def is_healthy(self) -> bool:
        return not self.faults

    @property
    def fault(self) -> str:
        """The fault to be found: the injected one, or else the first of length; "" for none."""
        return self.injected or next(iter(self.faults), "")

    @property
    def cost(self) -> float:
        """What undoing that fault gains."""
        return self.faults[self.fault]

    @property
    def logged(self) -> History:
        hidden = {"test"} if self.logs_fit else {"test", "fit_loss"}
        return {name: values for name, values in self.history.items() if name not in hidden}


class Trainer:
    """Trainings of one ladder or one injection, with as few runs as will do."""

    def __init__(self, half: str, seed: int) -> None:
        self.half, self.seed = half, seed

    def ladder(self, task: Task, recipe: Recipe, epochs: tuple[int, ...]) -> dict[int, History]:
        longest = train(task, self.half, recipe, epochs[-1], self.seed)
        if not recipe.cosine:
            return {n: cut(longest, n) for n in epochs}
        shorter = {n: train(task, self.half, recipe, n, self.seed) for n in epochs[:-1]}
        return {**shorter, epochs[-1]: longest}

    def example(
        self, case: Case, injected: str, faults: dict[str, float], history: History, number: int
    ) -> Example:
        return Example(
            self.half, case.task.name, asdict(case.recipe), self.seed, injected, faults, history,
            number % 2 == 0, case.task.baseline if number // 2 % 2 == 0 else None,
            {part: len(rows) for part, rows in case.task.x.items()},
        )  # fmt: skip


def draw(half: str, rng: np.random.Generator, seed: int) -> tuple[Task, Recipe]:
    task = make_task(half, str(rng.choice(list(DATA[half]))), seed)
    nets = [name for name in NETS[half] if task.shape or "cnn" not in name]
    net = nets[-1] if task.shape and rng.random() < 0.6 else str(rng.choice(nets))
    return task, draw_recipe(half, net, rng)


def natural(half: str, seed: int) -> Iterator[Example]:
    """Yield a healthy training of a ladder of epochs, and one that is not, where there are any."""
    rng = np.random.default_rng([seed, 1])
    task, recipe = draw(half, rng, seed)
    trainer = Trainer(half, seed)
    ladder = trainer.ladder(task, recipe, LADDER)
    labels = {n: own_faults(ladder[n], ladder[m]) for n, m in pairwise(LADDER)}
    for is_healthy in (True, False):
        found = [n for n, label in labels.items() if (not label) == is_healthy]
        if found:
            n = int(rng.choice(found))
            case, number = Case(task, recipe, n), int(rng.integers(4))
            if labels[n] or gain(task.baseline, ladder[n]["test"][-1]) >= WORTH:
                yield trainer.example(case, "", labels[n], ladder[n], number)


def injected(half: str, name: str, seed: int) -> Iterator[Example]:
    """Yield a training with a fault put in, unless the fault does nothing."""
    rng = np.random.default_rng([seed, 2])
    task, recipe = draw(half, rng, seed)
    faulty, mended = FAULTS[name](Case(task, recipe, int(rng.choice(LADDER[1:3]))), rng)
    history, undone = (
        train(case.task, half, case.recipe, case.epochs, seed) for case in (faulty, mended)
    )
    if name in OF_CHOICE:
        effect = gain(at_best(history), at_best(undone))
    else:
        effect = gain(history["test"][-1], undone["test"][-1])
    if effect >= WORTH:
        trainer = Trainer(half, seed)
        longer = train(faulty.task, half, faulty.recipe, 2 * faulty.epochs, seed)
        faults = {name: effect, **own_faults(history, longer)}
        yield trainer.example(faulty, name, faults, history, int(rng.integers(4)))


def some_injected(half: str, name: str, n: int, seed: int) -> list[Example]:
    """Return as many trainings in which the fault does something, of twice as many at most."""
    found: list[Example] = []
    for i in range(2 * n):
        if len(found) < n:
            found += injected(half, name, seed + i)
    return found


def make(half: str, ladders: int, injections: int, processes: int = 1) -> list[Example]:
    """Return the labelled trainings of a half.

    Parameters
    ----------
    half : {"tuning", "judging"}
        Whose data and architectures.
    ladders : int
        Sound trainings, each at several lengths.
    injections : int
        Of each fault that do something; others are dropped, and no more than twice as many tried.
    processes : int, default=1
        Which share the work; it does not depend on them.
    """
    seed = 0 if half == "tuning" else 100_000
    work: list[Callable[[], list[Example]]] = [
        partial(some_natural, half, seed + i) for i in range(ladders)
    ]
    work += [
        partial(some_injected, half, name, injections, seed + 1000 * (place + 1))
        for place, name in enumerate(FAULTS)
    ]
    if processes == 1:
        return [example for job in work for example in _call(job)]
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        return [example for found in pool.map(_call, work) for example in found]


def some_natural(half: str, seed: int) -> list[Example]:
    return list(natural(half, seed))


def _call(job: Callable[[], list[Example]]) -> list[Example]:
    torch.set_num_threads(1)
    return job()


# The file -----------------------------------------------------------------------------------------


def save(path: Path, examples: list[Example]) -> str:
    """Write trainings and labels, and return their fingerprint."""
    text = json.dumps([asdict(example) for example in examples])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def load(path: Path) -> tuple[list[Example], str]:
    """Return trainings and labels, and their fingerprint."""
    text = gzip.decompress(path.read_bytes())
    return [Example(**record) for record in json.loads(text)], hashlib.sha256(text).hexdigest()[:16]
