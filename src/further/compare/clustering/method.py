"""Which clustering method and which distance suit the columns that are used.

A method says of itself what it is for, in attributes of its class: ``customary_for`` (the kind of
rows for which it is taken unless another is asked for; those for categories take no other kind),
``own_metric`` (the distance that its centres minimise, "any" where it is a parameter),
``objective`` (what it minimises, where no distance between rows says it) and ``defaults_for``
(settings that suit tables better than its own defaults).
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from further.cluster.dissimilarity.distances import find_metric
from further.errors import InputError, unknown
from further.registry import ModelEntry, find_model, models_for
from further.train.estimator import Estimator

#: The kinds of prepared rows, with the customary distance between such rows.
DISTANCES = {
    "numeric": "euclidean", "coordinates": "great_circle", "mixed": "gower", "categorical": "gower",
}  # fmt: skip
WITH_CATEGORIES = ("mixed", "categorical")
N_INIT = 10


@dataclass(frozen=True)
class Method:
    """A method with its distance."""

    line: Annotated[ModelEntry, "Its line in the table of models."]
    distance: Annotated[str, "What it calls near."]
    parameters: Annotated[
        dict[str, Any], "Hyperparameters besides the number of clusters and the seed."
    ] = dataclasses.field(default_factory=dict)

    @property
    def has_k(self) -> bool:
        """Whether the number of clusters is given to it, not found by it."""
        return hasattr(self.make(2, 0), "n_clusters")

    @property
    def metric(self) -> str:
        """The distance between rows that fits it, for silhouettes."""
        return "gower" if "mismatches" in self.distance else self.distance

    def make(self, k: int | None, seed: int) -> Estimator:
        """Return the unfitted estimator for k clusters.

        Parameters
        ----------
        k : int or None
            Number of clusters; of no effect on a method that finds it.
        seed : int
            Of its random choices, where it has any.

        Returns
        -------
        estimator
            Not fitted.
        """
        estimator: Estimator = self.line.load()(**self.parameters)
        known = inspect.signature(type(estimator)).parameters
        given: dict[str, Any] = {"random_state": seed, "n_init": N_INIT}
        own = known.keys() - self.parameters.keys()
        estimator.set_params(**{name: v for name, v in given.items() if name in own})
        if k is not None and hasattr(estimator, "n_clusters"):
            estimator.n_clusters = k
        return estimator


def choose_method(
    kind: str, method: str | None, distance: str | None, given: Mapping[str, Any] | None = None
) -> Method:
    """Return the method and distance for rows of a kind, those asked for or the customary ones.

    Parameters
    ----------
    kind : str
        A key of :data:`DISTANCES`.
    method, distance : str, optional
        What the user wants.
    given : mapping, optional
        Hyperparameters of the method that is named, by the names of its constructor; not the number
        of clusters, the distance and the seed.

    Returns
    -------
    Method
        With its distance and its hyperparameters, validated.

    Raises
    ------
    InputError
        If there is no such method, distance or hyperparameter, or they do not go with the rows or
        with each other.
    """
    chosen = _choose(kind, method, distance)
    if not given:
        return chosen
    if method is None:
        raise InputError(f"Name the method that {', '.join(given)} is meant for.")
    cls = chosen.line.load()
    elsewhere = {"n_clusters": "k", "n_components": "k", "metric": "distance",
                 "random_state": "seed"}  # fmt: skip
    known = [name for name in inspect.signature(cls).parameters if name not in elsewhere]
    for name in given:
        if name in elsewhere:
            raise InputError(f"{cls.__name__}: give {elsewhere[name]} instead of {name}.")
        if name not in known:
            raise InputError(unknown(f"hyperparameter of {cls.__name__}", name, known))
    chosen = dataclasses.replace(chosen, parameters={**chosen.parameters, **given})
    chosen.make(None, 0)._validate_params()
    return chosen


def _choose(kind: str, method: str | None, distance: str | None) -> Method:
    if distance is not None:
        distance = find_metric(distance)
        _refuse_distance(kind, distance)
    customary = _customary(kind)
    if method is None:
        if distance is None or _with_centres(distance) == customary:
            return _with_distance(customary, kind, None)
        return _with_distance(_with_centres(distance), kind, distance)
    line = find_model(method, "clustering")
    if line == _customary("numeric") and distance is not None:
        line = _with_centres(distance)
    made_for = _made_for(line)
    if made_for in WITH_CATEGORIES and kind != made_for:
        raise InputError(
            f'The method "{line.name}" is for {_ROWS[made_for]}, but these are {_ROWS[kind]}; use '
            f"{customary.name}, or choose other columns with --columns."
        )
    return _with_distance(line, kind, distance)


def alternatives(chosen: Method, kind: str) -> list[Method]:
    """Return the methods that the chosen one is compared with on rows of this kind.

    Parameters
    ----------
    chosen : Method
        The method of the run.
    kind : str
        A key of :data:`DISTANCES`.

    Returns
    -------
    list of Method
        The chosen one first.
    """
    found = [chosen]
    for line in models_for("clustering"):
        if line.compared and line.name != chosen.line.name:
            try:
                found.append(choose_method(kind, line.name, None))
            except InputError:  # it is for rows of another kind
                continue
    return found


_ROWS = {
    "numeric": "rows of numbers",
    "coordinates": "coordinates",
    "mixed": "rows of numbers and categories",
    "categorical": "rows of categories",
}


def _made_for(line: ModelEntry) -> str | None:
    """Return the kind of rows that a method says it is for."""
    return getattr(line.load(), "customary_for", None)


@functools.cache
def _customary(kind: str) -> ModelEntry:
    """Return the method for rows of a kind where none is asked for."""
    return next(line for line in models_for("clustering") if _made_for(line) == kind)


@functools.cache
def _with_centres(distance: str) -> ModelEntry:
    """Return the method whose centres minimise a distance, else the one that takes any."""
    lines = [line for line in models_for("clustering") if _made_for(line) not in WITH_CATEGORIES]
    by_metric = {getattr(line.load(), "own_metric", None): line for line in lines}
    return by_metric.get(distance, by_metric["any"])


def _refuse_distance(kind: str, distance: str) -> None:
    if distance == "precomputed":
        raise InputError(
            'The distance "precomputed" is for matrices of distances, but these are rows; choose '
            "a distance between rows, or call further.cluster.KMedoids with the matrix."
        )
    with_categories = kind in WITH_CATEGORIES
    if with_categories and distance == "jaccard":
        raise InputError(
            f'The distance "jaccard" compares sets, columns of 0 and 1, but these are '
            f"{_ROWS[kind]}; use gower, or choose columns of 0 and 1 with --columns."
        )
    if with_categories and distance not in ("gower", "hamming"):
        raise InputError(
            f'The distance "{distance}" is between numbers, but these are {_ROWS[kind]}; use '
            "gower, or choose columns of numbers with --columns."
        )
    if distance == "great_circle" and kind != "coordinates":
        raise InputError(
            'The distance "great_circle" needs one column of latitudes and one of longitudes, in '
            "degrees, and no other; name them with --columns."
        )


def _with_distance(line: ModelEntry, kind: str, distance: str | None) -> Method:
    cls = line.load()
    takes = "metric" in inspect.signature(cls).parameters
    own: str = getattr(cls, "objective", getattr(cls, "own_metric", "euclidean"))
    if not takes:
        if own == "great_circle":
            _refuse_distance(kind, own)
        if distance is not None and distance != own:
            raise InputError(
                f'The method "{line.name}" knows only the distance {own}; use '
                f"{_with_centres(distance).name} for {distance}."
            )
        if kind in WITH_CATEGORIES and _made_for(line) not in WITH_CATEGORIES:
            raise InputError(
                f'The method "{line.name}" needs numbers, but these are {_ROWS[kind]}; use '
                f"{_customary(kind).name}, or choose columns of numbers with --columns."
            )
        return Method(line, own)
    metric = distance or DISTANCES[kind]
    settings = cls.defaults_for(metric) if hasattr(cls, "defaults_for") else {}
    return Method(line, metric, {"metric": metric, **settings})
