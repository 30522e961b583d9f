"""
Add a model
===========

A new generative model is one class and one line. The class is that of :doc:`the page for
contributors </contributing>`, where it is a file of its own with references and examples; commands,
comparison, report and conformance tests follow from the two.
"""

# %%
# The model is the simplest that is trained at all: each value has a mean and a deviation in each
# class. A class that derives from ``GenerativeModel`` says three things: ``build``, ``objectives``
# and ``generate``.

from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, ClassVar

import matplotlib.pyplot as plt
import torch
from torch import Tensor, nn

import further
from further._sklearn import Interval
from further.data.spec import Spec
from further.generate.generative import GenerativeModel
from further.registry import ModelEntry
from further.train.batch import Batch
from further.train.objective import Objective
from further.train.parameters import hyperparameters
from further.train.training import Training


class Normals(nn.Module):
    """Means and logarithms of deviations, a row for each class."""

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec
        self.mean = nn.Parameter(torch.zeros(max(spec.n_classes, 1), spec.size))
        self.log_deviation = nn.Parameter(torch.zeros(max(spec.n_classes, 1), spec.size))


@hyperparameters
class IndependentNormal(GenerativeModel):
    """Independent normal distributions: every value is drawn on its own.

    Use it as the simplest model that is trained at all. It fails wherever values depend on each
    other within a class.

    Parameters
    ----------
    temperature : float, default=1.0
        Factor of the deviations when samples are drawn.
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    References
    ----------
    Bishop 2006, "Pattern recognition and machine learning", section 2.3.

    Examples
    --------
    >>> import numpy as np
    >>> from newcomer.independent_normal import IndependentNormal
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> IndependentNormal(budget="20 steps", precision="float32").fit(X).sample(5).shape
    (5, 3)
    """

    temperature: float = 1.0

    training_defaults: ClassVar[Training] = Training(learning_rate=1e-2)
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **GenerativeModel._parameter_constraints,
        "temperature": [Interval(Real, 0, None, closed="neither")],
    }

    def build(self, spec: Spec) -> Normals:
        """Return the network for data of that shape."""
        return Normals(spec)

    def objectives(self, net: Any) -> list[Objective]:
        """Return what the loop minimises, in turn: a loss, and the parameters that it moves."""

        def surprise(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            mean, log_deviation = _of_classes(net, batch.y, batch.n_rows)
            score = (batch.x.flatten(1) - mean) / log_deviation.exp()
            return {"loss": (log_deviation + score.square() / 2).mean()}

        return [Objective(surprise, list(net.parameters()))]

    def generate(
        self, net: Any, n: int, condition: Mapping[str, Tensor], generator: torch.Generator
    ) -> Tensor:
        """Return n encoded rows, given class codes ``y`` where there are classes."""
        mean, log_deviation = _of_classes(net, condition.get("y"), n)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        rows = mean + self.temperature * log_deviation.exp() * noise
        return rows.unflatten(1, net.spec.shape)


def _of_classes(net: Normals, y: Tensor | None, n: int) -> tuple[Tensor, Tensor]:
    """Return means and logarithms of deviations of n rows."""
    if y is None:
        return net.mean.expand(n, -1), net.log_deviation.expand(n, -1)
    return net.mean[y], net.log_deviation[y]


# %%
# It is an estimator like all others.

from sklearn.base import clone

iris = further.data.load("iris")
split = iris.split(seed=0)
train, test = iris.take(split.train), iris.take(split.test)
model = clone(IndependentNormal(budget="300 steps", random_state=0)).fit(train)
print(model)
rows, species = model.sample(len(train), return_y=True, random_state=0)
print(rows.head())

fig, axes = plt.subplots(1, 2, figsize=(7, 3), layout="constrained", sharex=True, sharey=True)
x, y = "petal length (cm)", "petal width (cm)"
for ax, title, table in zip(axes, ("real", "generated"), (train.frame, rows), strict=True):
    ax.scatter(table[x], table[y], s=12)
    ax.set(title=title, xlabel=x, ylabel=y)

# %%
# What are its rows worth? They are judged by the protocol of every comparison, beside a Gaussian
# mixture. Columns that are drawn each on its own are found out by their relations.

with_label = {
    name: part.frame.assign(species=part.classes.values)
    for name, part in (("train", train), ("test", test))
}
judged = further.compare.evaluate_synthetic(
    rows.assign(species=species),
    **with_label,
    target="species",
    seed=0,
    out=Path(mkdtemp()) / "run",
)
for entry in (*judged.evaluation["models"], *judged.evaluation["controls"]):
    figures = entry["metrics"]
    print(
        entry["label"],
        *(
            f"{name} {figures[name]['value']:.2f}"
            for name in ("column_shapes", "pair_correlations")
        ),
    )

# %%
# With its file in ``src/further/generate/`` and one line in the table of models of
# ``src/further/registry.py``, ``further train independent_normal``, ``further compare`` and the
# shared tests know it:

line = ModelEntry(
    "independent_normal",
    "newcomer.independent_normal",
    "IndependentNormal",
    "generation",
    "network",
    "model",
    "Independent normal",
)
