r"""A surrogate: a small tree that does what an opaque model does, and how often it does so.

.. math:: \text{fidelity} = \frac{1}{n} \sum_i [g(x_i) = f(x_i)] \quad \text{or} \quad
          1 - \frac{\sum_i (g(x_i) - f(x_i))^2}{\sum_i (f(x_i) - \bar f)^2},

for classes and for numbers, with f the model and g the tree, on rows that the tree was not fitted
to (Craven and Shavlik 1996). It says what share of the model the tree explains, not whether the
model is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import as_dataset
from further.errors import InputError
from further.evaluate.estimate import Estimate
from further.evaluate.interval import score_from_examples, score_from_resamples
from further.supervised.explanation import Tree
from further.supervised.rungs.decision_tree import DecisionTreeClassifier, DecisionTreeRegressor


@dataclass(frozen=True)
class Surrogate:
    """A tree in place of a model.

    Attributes
    ----------
    tree : Tree
        What the tree asks and answers.
    fidelity : Estimate
        How much of the model it explains, on rows that it was not fitted to.
    metric : {"agreement", "r2"}
        The share of the rows of which tree and model say the same class, or R² of the tree's
        numbers against the model's.
    """

    tree: Tree
    fidelity: Estimate
    metric: str

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return {
            "metric": self.metric,
            "fidelity": self.fidelity.to_dict(),
            "tree": self.tree.to_json(),
        }


def surrogate_tree(
    estimator: Any, X: Any, X_held_out: Any, max_leaf_nodes: int = 8, seed: int = 0
) -> Surrogate | None:
    """Return a small tree fitted to what a model predicts, and its fidelity.

    When to use: to see the outline of a model that cannot be read. When it fails: with a low
    fidelity the tree explains another model than the one that is used; and it shows what the model
    says, not why.

    Parameters
    ----------
    estimator : estimator
        Fitted; only its ``predict`` is asked.
    X : Dataset, DataFrame or array
        The rows that the tree is fitted to, such as those of the training.
    X_held_out : Dataset, DataFrame or array
        The rows that show its fidelity.
    max_leaf_nodes : int, default=8
        Answers of the tree.
    seed : int, default=0
        Of the interval.

    Returns
    -------
    Surrogate or None
        None for pictures, whose pixels mean nothing alone.

    Raises
    ------
    InputError
        If the model predicts the same for all rows.

    Examples
    --------
    >>> from further.supervised import GradientBoostingClassifier
    >>> X = np.random.default_rng(0).normal(size=(600, 2))
    >>> model = GradientBoostingClassifier(random_state=0).fit(X[:400], X[:400, 0] > 0.2)
    >>> found = surrogate_tree(model, X[:400], X[400:], max_leaf_nodes=2)
    >>> found.tree.root.column, bool(found.fidelity.value > 0.95)
    ('x0', True)
    """
    dataset, held_out = as_dataset(X), as_dataset(X_held_out)
    if dataset.kind != "table":
        return None
    rows, others = (d.frame.to_numpy() if d.is_array else d.frame for d in (dataset, held_out))
    said, wanted = np.asarray(estimator.predict(rows)), np.asarray(estimator.predict(others))
    if (said == said[0]).all():
        raise InputError(
            f"{type(estimator).__name__} predicts {said[0]} for all rows, so no tree is needed to "
            "say what it does."
        )
    kind = DecisionTreeRegressor if _is_number(estimator) else DecisionTreeClassifier
    tree = kind(max_leaf_nodes=max_leaf_nodes, random_state=seed).fit(rows, said)
    imitated = tree.predict(others)
    if kind is DecisionTreeClassifier:
        same = (imitated.astype(str) == wanted.astype(str)).astype(np.float64)
        fidelity = score_from_examples(same, limits=(0.0, 1.0), seed=seed).estimate
        return Surrogate(tree.explain(), fidelity, "agreement")
    fidelity = score_from_resamples(
        lambda weights: _r2(wanted, imitated, weights), len(wanted), seed=seed
    ).estimate
    return Surrogate(tree.explain(), fidelity, "r2")


def _is_number(estimator: Any) -> bool:
    return getattr(estimator, "classes_", None) is None


def _r2(wanted: NDArray[Any], found: NDArray[Any], weights: NDArray[Any]) -> float:
    about = wanted - np.average(wanted, weights=weights)
    total = float(weights @ about**2)
    return 1 - float(weights @ (wanted - found) ** 2) / total if total > 0 else np.nan
