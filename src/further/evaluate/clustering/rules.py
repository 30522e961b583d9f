r"""A shallow tree that says in words which rows are in which cluster, and how often it is right.

The tree is fitted to the labels on the columns as they came. Its fidelity is the accuracy of trees
that did not see the rows that they are asked about,

.. math:: \frac1n \sum_i [\, t_{-f(i)}(x_i) = l_i \,],

with the tree :math:`t_{-f(i)}` fitted without the fold of row i; what it is worth is read beside
the share of the largest cluster, which naming that cluster always would reach. Of the rule r for a
cluster c, precision is :math:`P(c \mid r)` and recall :math:`P(r \mid c)`, on all rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_consistent_length, column_or_1d

from further.data.preparation.column_text import is_quantity, json_value
from further.data.preparation.columns import typed_table
from further.errors import InputError
from further.evaluate.clustering.rule_conditions import Choice, NumberColumn, Range, rule_text
from further.evaluate.interval import Estimate
from further.evaluate.typed_json import to_json
from further.evaluate.wilson import wilson

FOLDS = 5
#: A tree of a few questions does not change with more rows than this.
ROWS_FITTED = 50_000
#: Categories of a column about which the tree may ask, the most frequent ones.
VALUES_ASKED = 30
#: A leaf holds at least this share of the rows, and a rule leaves out what finds less of a cluster.
LEAST_LEAF = 0.005
LEAST_RECALL = 0.05

Condition = Range | Choice


@dataclass(frozen=True)
class ClusterRule:
    """What the tree says of a cluster."""

    cluster: Annotated[int, "-1 for noise."]
    text: Annotated[
        str | None, "Conditions on the columns; None where no leaf of the tree is the cluster's."
    ]
    precision: Annotated[
        float | None, "Share of the rows that pass which belong to the cluster."
    ] = None
    recall: Annotated[float | None, "Share of the cluster that passes."] = None
    rows: Annotated[int, "How many rows pass."] = 0


@dataclass(frozen=True)
class Rules:
    """A shallow tree for the clusters, in words."""

    fidelity: Annotated[
        Estimate, "How often trees of this kind name the cluster of a row that they did not see."
    ]
    baseline: Annotated[float, "The share of the largest cluster."]
    depth: Annotated[int, "How many questions the tree asks at most."]
    clusters: Annotated[tuple[ClusterRule, ...], "One a cluster, noise first if there is any."]

    @property
    def text(self) -> list[str]:
        """The rules, one a cluster that has one."""
        return [f"{_name(c.cluster)}: {c.text}" for c in self.clusters if c.text is not None]

    @property
    def note(self) -> str:
        """What to compare the fidelity with, in a sentence."""
        return (
            f"Always naming the largest cluster would be right for {self.baseline:.0%} of the rows."
        )

    def of(self, cluster: int) -> ClusterRule:
        """Return the rule of a cluster."""
        return next((c for c in self.clusters if c.cluster == cluster), ClusterRule(cluster, None))

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each cluster."""
        return pd.DataFrame([vars(rule) for rule in self.clusters])

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**to_json(self), "text": self.text, "note": self.note}


def cluster_rules(
    frame: Any, labels: Any, *, max_depth: int = 3, random_state: Any = None
) -> Rules:
    """Return rules on the original columns that say which rows are in which cluster.

    When it fails: clusters whose borders are oblique or round need more questions than a person can
    follow; the fidelity shows it. Rows beyond 50,000 enter by a sample, precision and recall are of
    all rows.

    Parameters
    ----------
    frame : DataFrame or array of shape (n, d)
        The table as it came: numbers, dates and categories, missing values allowed.
    labels : array of shape (n,), int
        The clusters; -1 for noise.
    max_depth : int, default=3
        Questions at most; as many more as it takes to tell all clusters apart.
    random_state : int, RandomState or None
        Of the folds. The rules themselves do not depend on it.

    Returns
    -------
    Rules
        A rule for each cluster, with the cross-validated fidelity of them all.

    Raises
    ------
    InputError
        With fewer than two clusters, or a depth below 1.

    Examples
    --------
    >>> table = pd.DataFrame({"size": [1, 2, 3, 11, 12, 13] * 5})
    >>> rules = cluster_rules(table, [0, 0, 0, 1, 1, 1] * 5, random_state=0)
    >>> rules.text, rules.fidelity.value
    (['Cluster 0: size <= 7', 'Cluster 1: size > 7'], 1.0)
    """
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict

    table, labels = _checked(frame, labels, max_depth)
    (matrix, questions), rows = _questions(table), _fitted_rows(len(labels))
    tree = _tree(max_depth, labels, len(rows))
    smallest = int(np.unique(labels[rows], return_counts=True)[1].min())
    X = matrix[rows]
    many = smallest >= 2
    folds = (StratifiedKFold if many else KFold)(
        min(FOLDS, smallest) if many else min(FOLDS, len(rows)),
        shuffle=True,
        random_state=check_random_state(random_state).randint(2**31 - 1),
    )
    right = cross_val_predict(tree, X, labels[rows], cv=folds) == labels[rows]
    share = float(right.mean())
    method = f"{folds.n_splits}-fold cross-validation, Wilson score interval"
    if len(rows) < len(labels):
        method += f"; on a sample of {len(rows):,} of {len(labels):,} rows"
    largest = int(np.unique(labels, return_counts=True)[1].max())
    return Rules(
        fidelity=Estimate(share, *wilson(share, len(rows)), len(rows), method),
        baseline=largest / len(labels),
        depth=int(tree.max_depth),
        clusters=_rules_of(tree.fit(X, labels[rows]), questions, labels),
    )


def find_rules(frame: Any, labels: Any, *, max_depth: int = 3) -> tuple[ClusterRule, ...]:
    """Return the rules of :func:`cluster_rules` alone, without the cross-validation.

    Parameters
    ----------
    frame, labels, max_depth
        As there.

    Returns
    -------
    tuple of ClusterRule
        One for each cluster.
    """
    table, labels = _checked(frame, labels, max_depth)
    (matrix, questions), rows = _questions(table), _fitted_rows(len(labels))
    tree = _tree(max_depth, labels, len(rows)).fit(matrix[rows], labels[rows])
    return _rules_of(tree, questions, labels)


@dataclass(frozen=True)
class _Threshold:
    """Whether a number is at most a threshold, which the tree knows on a scale of its own."""

    column: NumberColumn
    centre: float
    spread: float

    def answered(self, before: Any, threshold: float, *, left: bool, missing: bool) -> Condition:
        limit = self.column.threshold(threshold * self.spread + self.centre)
        known: Range = before or Range(self.column)
        return known.narrowed(left=left, threshold=limit, missing=missing)


@dataclass(frozen=True)
class _Equality:
    """Whether a category is this one."""

    column: pd.Series
    value: Any

    def answered(self, before: Any, threshold: float, *, left: bool, missing: bool) -> Condition:
        known: Choice = before or Choice(self.column)
        return known.narrowed(self.value, equal=not left)


def _checked(frame: Any, labels: Any, max_depth: int) -> tuple[pd.DataFrame, NDArray[np.intp]]:
    if not isinstance(frame, pd.DataFrame):
        array = np.asarray(frame)
        frame = pd.DataFrame(array, columns=[f"x{i}" for i in range(array.shape[1])])
    labels = column_or_1d(labels)
    check_consistent_length(frame, labels)
    if len(np.unique(labels)) < 2:
        raise InputError("cluster_rules: labels has one cluster; rules need at least 2.")
    if not isinstance(max_depth, Integral) or max_depth < 1:
        raise InputError(f"cluster_rules: max_depth={max_depth}; give an int of at least 1.")
    return typed_table(frame, name="frame"), labels


def _fitted_rows(n: int) -> NDArray[np.intp]:
    if n <= ROWS_FITTED:
        return np.arange(n)
    # A seed of its own, so that the rules are the same whoever asks for them.
    return np.sort(np.random.default_rng(0).choice(n, ROWS_FITTED, replace=False))


def _tree(max_depth: int, labels: NDArray[np.intp], n: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    k = len(np.unique(labels))
    # One question parts two clusters; more of them rarely part in the fewest questions.
    needed = math.ceil(math.log2(k)) + (k > 2)
    return DecisionTreeClassifier(
        max_depth=max(max_depth, needed),
        min_samples_leaf=max(1, math.ceil(LEAST_LEAF * n)),
        random_state=0,
    )


def _questions(
    table: pd.DataFrame,
) -> tuple[NDArray[np.float64], list[_Threshold | _Equality]]:
    """Return what the tree is fitted to, and what it asks of each column of that."""
    columns: list[NDArray[np.float64]] = []
    questions: list[_Threshold | _Equality] = []
    for name in table:
        column = table[name]
        distinct, missing = column.nunique(), bool(column.isna().any())
        if distinct + missing < 2:
            continue
        if is_quantity(column):
            found = NumberColumn.of(column)
            # Trees compute in float32, in which large numbers with small differences are equal.
            centre = float(np.nan_to_num(np.nanmedian(found.values)))
            spread = float(np.nanmax(np.abs(found.values - centre))) or 1.0
            columns.append((found.values - centre) / spread)
            questions.append(_Threshold(found, centre, spread))
            continue
        counts = column.value_counts()
        asked = [value for value, count in counts.items() if count > 0][:VALUES_ASKED]
        if len(asked) == 2 and not missing:
            asked = asked[:1]
        codes, values_found = pd.factorize(column)
        place = {json_value(value): code for code, value in enumerate(values_found)}
        for value in asked:
            columns.append((codes == place[json_value(value)]).astype(np.float64))
            questions.append(_Equality(column, json_value(value)))
    if not columns:
        raise InputError(
            "cluster_rules: no column of frame varies, so there is nothing to distinguish rows by."
        )
    return np.column_stack(columns), questions


def _rules_of(
    tree: Any, questions: list[_Threshold | _Equality], labels: NDArray[np.intp]
) -> tuple[ClusterRule, ...]:
    paths: dict[int, list[dict[str, Condition]]] = {}
    _collect(tree, questions, 0, {}, paths)
    return tuple(_rule(int(c), paths.get(int(c), []), labels == c) for c in np.unique(labels))


def _collect(
    tree: Any,
    questions: list[_Threshold | _Equality],
    node: int,
    path: dict[str, Condition],
    paths: dict[int, list[dict[str, Condition]]],
) -> None:
    """Gather the paths to each cluster; a node below which all is one cluster is a leaf."""
    known = tree.tree_
    named = _named(tree, node)
    if len(named) == 1:
        paths.setdefault(named.pop(), []).append(path)
        return
    question, threshold = questions[int(known.feature[node])], float(known.threshold[node])
    missing_left, name = bool(known.missing_go_to_left[node]), str(question.column.name)
    for left, child in ((True, known.children_left[node]), (False, known.children_right[node])):
        after = question.answered(
            path.get(name), threshold, left=left, missing=left == missing_left
        )
        _collect(tree, questions, int(child), {**path, name: after}, paths)


def _named(tree: Any, node: int) -> set[int]:
    """Return the clusters that the leaves below a node name."""
    known = tree.tree_
    left, right = int(known.children_left[node]), int(known.children_right[node])
    if left < 0:
        return {int(tree.classes_[int(known.value[node][0].argmax())])}
    return _named(tree, left) | _named(tree, right)


def _rule(
    cluster: int, paths: list[dict[str, Condition]], members: NDArray[np.bool_]
) -> ClusterRule:
    """Join the paths that find a worthwhile part of a cluster, and measure what they find."""
    found = []
    for path in paths:
        passed = np.ones(len(members), dtype=bool)
        for condition in path.values():
            passed &= condition.holds()
        found.append((int((passed & members).sum()), passed, list(path.values())))
    found.sort(key=lambda item: -item[0])
    worth = [item for item in found if item[0] >= LEAST_RECALL * members.sum()]
    kept = worth or found[:1]
    if not kept:
        return ClusterRule(cluster, None)
    passed = np.logical_or.reduce([item[1] for item in kept])
    rows, hits = int(passed.sum()), int((passed & members).sum())
    return ClusterRule(
        cluster,
        rule_text([item[2] for item in kept]),
        precision=hits / rows if rows else None,
        recall=hits / int(members.sum()),
        rows=rows,
    )


def _name(cluster: int) -> str:
    return "Noise" if cluster < 0 else f"Cluster {cluster}"
