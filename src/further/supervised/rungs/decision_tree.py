r"""The decision tree: questions about one column at a time, until an answer.

.. math:: (j, t) = \arg\max_{j, t}\; n\, I(S) - n_{\le} I(S_{x_j \le t}) - n_{>} I(S_{x_j > t}),

with the impurity I = 1 - Σ p_k² of classes (Gini), or the variance of numbers. The leaf with the
largest gain is split next, until there are as many as cross-validation chose: the fewest whose
loss is within one standard error of the lowest. The shares of a leaf of n rows are drawn towards
those of all rows by the weight of one row, :math:`p_k = (n_k + \bar p_k) / (n + 1)`, so that no
class is impossible (Cestnik 1990).
"""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further._sklearn import Interval, StrOptions
from further.data.spec import Spec
from further.supervised.classical import Classical, ClassicalClassifier, ClassicalRegressor, Floats
from further.supervised.explanation import Rule, Tree
from further.supervised.places import Place, missing_values
from further.train.parameters import hyperparameters

#: Leaves to choose from: more than these nobody reads.
LEAVES = (2, 4, 8, 16, 32)


@hyperparameters
class _Tree(Classical):
    """What classifier and regressor have in common.

    Parameters
    ----------
    max_leaf_nodes : int or "auto", default="auto"
        Answers; "auto" takes 2, 4, 8, 16 or 32, the fewest within one standard error of the best
        loss in 5-fold cross-validation on at most 5,000 of the training rows.
    min_samples_leaf : int, default=5
        Fewest training rows of an answer.
    """

    max_leaf_nodes: int | str = "auto"
    min_samples_leaf: int = 5

    one_standard_error: ClassVar[bool] = True
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Classical._parameter_constraints,
        "max_leaf_nodes": [StrOptions({"auto"}), Interval(Integral, 2, None, closed="left")],
        "min_samples_leaf": [Interval(Integral, 1, None, closed="left")],
    }

    def candidates(self, spec: Spec, n: int) -> list[dict[str, Any]]:
        """Return the numbers of leaves to choose from, the fewest first."""
        leaves = LEAVES if self.max_leaf_nodes == "auto" else (int(self.max_leaf_nodes),)
        return [{"max_leaf_nodes": n} for n in leaves]

    def count_parameters(self) -> int:
        """Return the number of thresholds and answers."""
        return int(self.model_.tree_.node_count)


@hyperparameters
class DecisionTreeClassifier(_Tree, ClassicalClassifier):
    """A decision tree for classes that is small enough to be read.

    Use it where the answer has to be a few rules that somebody can follow by hand. It fails on what
    is gradual, which it turns into steps, and another sample of rows may give quite other rules.

    Parameters
    ----------
    random_state
        See :class:`~further.supervised.classical.Classical`.

    References
    ----------
    Breiman, Friedman, Olshen and Stone 1984, "Classification and regression trees". Cestnik 1990,
    "Estimating probabilities: a crucial task in machine learning".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import DecisionTreeClassifier
    >>> X = np.arange(40.0)[:, None]
    >>> model = DecisionTreeClassifier(random_state=0).fit(X, X[:, 0] > 25)
    >>> model.explain().root.text
    'x0 <= 25.5'
    """

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's classification tree."""
        from sklearn.tree import DecisionTreeClassifier as Model

        return Model(min_samples_leaf=self.min_samples_leaf, random_state=seed, **chosen)

    def _outputs(self, model: Any, x: Floats) -> Floats:
        if not hasattr(model, "tree_"):  # one class in a fold
            return super()._outputs(model, x)
        p = np.zeros((len(x), len(self.classes_)))
        p[:, model.classes_] = leaf_shares(model)[model.apply(x)]
        return p

    def explain(self) -> Tree:
        """Return the questions, with thresholds in the units of the source."""
        shares = leaf_shares(self.model_)
        return tree_of(self.model_, self._places(), [self._shares(row) for row in shares])


@hyperparameters
class DecisionTreeRegressor(_Tree, ClassicalRegressor):
    """A decision tree for numbers that is small enough to be read.

    Use it where the answer has to be a few rules that somebody can follow by hand. It fails on what
    is gradual, which it turns into steps, and beyond the training rows, where it stays constant.

    Parameters
    ----------
    random_state
        See :class:`~further.supervised.classical.Classical`.

    References
    ----------
    Breiman, Friedman, Olshen and Stone 1984, "Classification and regression trees".

    Examples
    --------
    >>> import numpy as np
    >>> from further.supervised import DecisionTreeRegressor
    >>> X = np.arange(40.0)[:, None]
    >>> model = DecisionTreeRegressor(max_leaf_nodes=2).fit(X, np.where(X[:, 0] > 25, 7.0, 3.0))
    >>> root = model.explain().root
    >>> root.text, round(root.yes.value, 6), round(root.no.value, 6)
    ('x0 <= 25.5', 3.0, 7.0)
    """

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return scikit-learn's regression tree."""
        from sklearn.tree import DecisionTreeRegressor as Model

        return Model(min_samples_leaf=self.min_samples_leaf, random_state=seed, **chosen)

    def explain(self) -> Tree:
        """Return the questions, with thresholds in the units of the source."""
        values = self.center_ + self.scale_ * self.model_.tree_.value[:, 0, 0]
        return tree_of(self.model_, self._places(), [float(value) for value in values])


def leaf_shares(model: Any) -> Floats:
    """Return the shares of the classes in each node, drawn towards those of all rows.

    Parameters
    ----------
    model : DecisionTreeClassifier of scikit-learn
        Fitted.

    Returns
    -------
    array of shape (nodes, classes)
        Each row sums to 1.
    """
    shares = model.tree_.value[:, 0]
    shares = shares / shares.sum(axis=1, keepdims=True)
    n: NDArray[Any] = model.tree_.n_node_samples[:, None]
    found: Floats = (n * shares + shares[:1]) / (n + 1)
    return found


def tree_of(model: Any, places: list[Place], values: list[Any]) -> Tree:
    """Return a fitted tree of scikit-learn as nested rules.

    Parameters
    ----------
    model : tree of scikit-learn
        Fitted to encoded rows.
    places : list of Place
        The encoded columns.
    values : list
        The answer of each node.

    Returns
    -------
    Tree
        With thresholds in the units of the source.
    """
    tree = model.tree_

    def rule(node: int) -> Rule:
        n, value = int(tree.n_node_samples[node]), values[node]
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left < 0:
            return Rule(n, value)
        place = places[tree.feature[node]]
        below, above = rule(left), rule(right)
        if place.category is not None:
            text = f"{place.column} is {place.category}"
            return Rule(n, value, place.column, None, place.category, text, above, below)
        # The tree sees single precision, so that further digits are none.
        threshold = float(f"{float(place.decoded(tree.threshold[node])):.8g}")
        text = f"{place.column} <= {place.text(threshold)}"
        return Rule(n, value, place.column, threshold, None, text, below, above)

    missing = missing_values(places)
    notes = tuple(
        f"A missing number of {name} counts as its mean, {value:.6g}."
        for name, value in missing.items()
    )
    return Tree(rule(0), missing, notes=notes)
