r"""The explainable boosting machine: an additive model whose functions are steps found by boosting.

.. math:: \eta(x) = b + \sum_j f_j(x_j), \qquad
          f_j \leftarrow f_j + \eta_0\, t_{jm}(x_j) \quad \text{for each } j \text{ in turn,}

with small trees t of one column each, at so low a rate :math:`\eta_0` that the order of the columns
does not matter, averaged over samples of the rows. It is that of the package ``interpret`` (extra
``further-ml[ebm]``), without its functions of two columns; what is kept are its steps alone.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further._sklearn import Interval
from further.data.dataset import Dataset
from further.data.spec import Spec
from further.errors import InputError
from further.supervised.classical import Classical, ClassicalClassifier, ClassicalRegressor, Floats
from further.supervised.explanation import ShapeFunction, ShapeFunctions
from further.supervised.places import MISSING, columns_of
from further.train.parameters import hyperparameters


class Steps:
    """A sum of step functions of one column each, as what was fitted is kept.

    Parameters
    ----------
    record : dict
        ``intercept`` (k,); ``terms``, one a column: ``cuts`` between the steps of a number or
        None, and ``scores`` (steps, k), that of missing numbers first, or those of the categories
        in order; ``classes``, the codes of those that were seen, empty for numbers.
    """

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        self.classes_ = np.asarray(record["classes"], dtype=np.int64)

    def added(self, parts: list[Floats]) -> list[Floats]:
        """Return what each column adds (n, k), given its encoded parts (n, width)."""
        found = []
        for term, part in zip(self.record["terms"], parts, strict=True):
            scores = np.asarray(term["scores"], dtype=np.float64)
            if term["cuts"] is None:
                found.append(scores[part.argmax(axis=1)])
                continue
            cuts = np.asarray(term["cuts"], dtype=np.float64)
            step = 1 + np.searchsorted(cuts, part[:, 0], side="right")
            missing = part[:, 2] > 0 if part.shape[1] > 1 else np.zeros(len(part), dtype=bool)
            found.append(scores[np.where(missing, 0, step)])
        return found

    def total(self, parts: list[Floats]) -> Floats:
        """Return η (n, k)."""
        start = np.asarray(self.record["intercept"], dtype=np.float64)
        return np.asarray(start + sum(self.added(parts)))


@hyperparameters
class _ExplainableBoosting(Classical):
    """What classifier and regressor have in common.

    Parameters
    ----------
    learning_rate : float, default=0.04
        The share of each tree that is added.
    max_bins : int, default=256
        Steps of each function at most.
    outer_bags : int, default=4
        Samples of the rows that the functions are averaged over.
    """

    #: Each column has a meaning of its own, which a pixel has not.
    takes: ClassVar[tuple[str, ...]] = ("table",)

    #: What has to be installed besides what the package brings.
    needs_package: ClassVar[str] = "interpret"

    learning_rate: float = 0.04
    max_bins: int = 256
    outer_bags: int = 4

    _not_saved: ClassVar[tuple[str, ...]] = (*Classical._not_saved, "model_")
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Classical._parameter_constraints,
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "max_bins": [Interval(Integral, 2, None, closed="left")],
        "outer_bags": [Interval(Integral, 1, None, closed="left")],
    }
    kind: ClassVar[str]

    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return interpret's machine, without functions of two columns."""
        try:
            from interpret import glassbox
        except ImportError as error:
            raise InputError(
                f"{type(self).__name__} needs the package interpret-core, which is not installed; "
                'install it with: pip install "further-ml[ebm]".'
            ) from error
        return getattr(glassbox, f"ExplainableBoosting{self.kind}")(
            feature_types=[
                "continuous" if self._is_number(of) else "nominal" for of in self._columns()
            ],
            interactions=0,
            learning_rate=self.learning_rate,
            max_bins=self.max_bins,
            outer_bags=self.outer_bags,
            n_jobs=1,
            random_state=seed % 2**31,
        )

    def _columns(self) -> list[list[int]]:
        return list(columns_of(self._places()).values())

    def _is_number(self, of: list[int]) -> bool:
        return self._places()[of[0]].category is None

    def _split(self, x: Floats) -> list[Floats]:
        return [x[:, of] for of in self._columns()]

    def _frame(self, x: Floats) -> pd.DataFrame:
        """Return the rows with one column each of the source, as interpret takes them."""
        columns: dict[str, Any] = {}
        for j, (of, part) in enumerate(zip(self._columns(), self._split(x), strict=True)):
            if self._is_number(of):
                missing = part[:, 2] > 0 if len(of) > 1 else False
                columns[f"x{j}"] = np.where(missing, np.nan, part[:, 0])
            else:
                columns[f"x{j}"] = [f"c{code}" for code in part.argmax(axis=1)]
        return pd.DataFrame(columns)

    def _fitted(self, x: Floats, y: NDArray[Any], chosen: dict[str, Any]) -> Any:
        rows: Any = self._frame(x)
        return Steps(self._record(super()._fitted(rows, y, chosen)))

    def _record(self, machine: Any) -> dict[str, Any]:
        """Return the steps of a fitted machine as plain numbers."""
        terms = []
        scores_of = dict(zip(machine.term_features_, machine.term_scores_, strict=True))
        for j, of in enumerate(self._columns()):
            scores = np.asarray(scores_of[(j,)]).reshape(len(scores_of[(j,)]), -1)
            bins = machine.bins_[j][0]
            if self._is_number(of):
                terms.append({"cuts": np.asarray(bins).tolist(), "scores": scores[:-1].tolist()})
            else:  # the last score is that of what the training never saw
                order = [bins.get(f"c{code}", len(scores) - 1) for code in range(len(of))]
                terms.append({"cuts": None, "scores": scores[order].tolist()})
        classes = getattr(machine, "classes_", np.zeros(0)).tolist()
        intercept = np.ravel(machine.intercept_).tolist()
        return {"intercept": intercept, "terms": terms, "classes": classes}

    def _after(self, dataset: Dataset, validation: Dataset | None, x: Floats, y: Any) -> None:
        super()._after(dataset, validation, x, y)
        self.steps_: dict[str, Any] = self.model_.record
        added = self.model_.added(self._split(x))
        self.sizes_: Floats = np.stack([values.std(axis=0) for values in added])

    def _rebuild(self) -> None:
        super()._rebuild()
        self.model_ = Steps(self.steps_)

    def count_parameters(self) -> int:
        """Return the number of steps' heights and places."""
        return sum(
            np.size(term["scores"]) + len(term["cuts"] or ()) for term in self.steps_["terms"]
        )

    def _shapes(
        self, outcomes: list[Any], target: str = "", center: float = 0.0, scale: float = 1.0
    ) -> ShapeFunctions:
        places, start = self._places(), self.steps_["intercept"]
        functions, intercepts = [], {}
        for k, outcome in enumerate(outcomes):
            intercepts[target if outcome is None else outcome] = center + scale * start[k]
            for j, of in enumerate(self._columns()):
                term = self.steps_["terms"][j]
                heights = scale * np.asarray(term["scores"])[:, k]
                name, size = places[of[0]].column, float(self.sizes_[j, k])
                if term["cuts"] is None:
                    categories = {
                        str(places[i].category): float(h) for i, h in zip(of, heights, strict=True)
                    }
                    functions.append(ShapeFunction(name, outcome, (), (), categories, size))
                    continue
                cuts = places[of[0]].decoded(np.asarray(term["cuts"], dtype=np.float64))
                x, y = np.repeat(cuts, 2), np.repeat(heights[1:], 2)[1:-1]
                if not len(cuts):
                    x, y = places[of[0]].decoded(np.zeros(1)), heights[1:2]
                missing = {MISSING: float(heights[0])} if len(of) > 1 else {}
                functions.append(
                    ShapeFunction(
                        name, outcome, tuple(x.tolist()), tuple(y.tolist()), missing, size
                    )
                )
        functions.sort(key=lambda function: -function.standardised)
        return ShapeFunctions(intercepts, tuple(functions))


@hyperparameters
class ExplainableBoostingClassifier(_ExplainableBoosting, ClassicalClassifier):
    """The explainable boosting machine, for classes; needs ``pip install "further-ml[ebm]"``.

    Use it where effects have steps, such as an age from which something is paid: splines smooth
    these away. It fails where columns work only together, and takes longer than splines do.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.

    References
    ----------
    Lou, Caruana and Gehrke 2012, "Intelligible models for classification and regression". Nori et
    al. 2019, "InterpretML".

    Examples
    --------
    >>> from further.supervised import ExplainableBoostingClassifier
    >>> ExplainableBoostingClassifier(max_bins=64).max_bins
    64
    """

    kind: ClassVar[str] = "Classifier"

    def _outputs(self, model: Any, x: Floats) -> Floats:
        if not isinstance(model, Steps):  # one class in a fold
            return super()._outputs(model, x)
        eta = model.total(self._split(x))
        if eta.shape[1] == 1:
            eta = np.concatenate([np.zeros_like(eta), eta], axis=1)
        e = np.exp(eta - eta.max(axis=1, keepdims=True))
        p = np.zeros((len(x), len(self.classes_)))
        p[:, model.classes_] = e / e.sum(axis=1, keepdims=True)
        return p

    def explain(self) -> ShapeFunctions:
        """Return the functions, in log odds."""
        return self._shapes(self._outcomes())


@hyperparameters
class ExplainableBoostingRegressor(_ExplainableBoosting, ClassicalRegressor):
    """The explainable boosting machine, for numbers; needs ``pip install "further-ml[ebm]"``.

    Use it where effects have steps, such as an age from which something is paid: splines smooth
    these away. It fails where columns work only together, and takes longer than splines do.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.

    References
    ----------
    Lou, Caruana and Gehrke 2012, "Intelligible models for classification and regression". Nori et
    al. 2019, "InterpretML".

    Examples
    --------
    >>> from further.supervised import ExplainableBoostingRegressor
    >>> ExplainableBoostingRegressor(max_bins=64).max_bins
    64
    """

    kind: ClassVar[str] = "Regressor"

    def _outputs(self, model: Any, x: Floats) -> Floats:
        total: Floats = model.total(self._split(x))[:, 0]
        return total

    def explain(self) -> ShapeFunctions:
        """Return the functions, in units of the target."""
        return self._shapes([None], self.target_name_, self.center_, self.scale_)
