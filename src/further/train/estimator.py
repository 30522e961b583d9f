"""What every estimator shares: its fitted state on disk and, given data of any kind, its fit.

:class:`Estimator` writes what was learnt and brings it back, without any code in the files.
:class:`DatasetEstimator` adds what is the same for all that learn from tables and pictures alike:
validation, encoding, classes, held-out rows, the run.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from further._sklearn import check_feature_names
from further.data.dataset import Dataset, as_dataset, with_classes
from further.data.encoding import Encoding
from further.data.kind import encoding_from_json, fit_encoding
from further.data.spec import Spec
from further.data.target import Classes
from further.errors import InputError
from further.registry import name_of
from further.train.callbacks.callback import Callback
from further.train.files import finite, write_bytes, write_json
from further.train.parameters import parameters_to_json
from further.train.processes import decided_by_first
from further.train.run import Run
from further.train.scikit_learn_file import NAME, estimators_to_bytes, is_fitted_estimator

_NUMERIC = "biuf"


class Estimator(BaseEstimator):
    """An estimator whose fitted attributes go to a folder and come back.

    What ends in an underscore is written: arrays of numbers and the weights of networks to
    ``model.safetensors``; arrays of objects, lists, dictionaries, numbers, texts and None to
    ``model.json``; fitted estimators of scikit-learn to ``model.skops``. What is none of these a
    subclass names in ``_entries``, or in ``_not_saved`` and makes anew in ``_rebuild``.
    """

    #: Fitted attributes that are left out of the files.
    _not_saved: ClassVar[tuple[str, ...]] = ()
    #: Those with a ``to_json`` whose record is an entry of ``model.json``, and what reads it.
    _entries: ClassVar[dict[str, Callable[[Any], Any]]] = {}

    def save(self, folder: str | Path) -> Path:
        """Write ``model.safetensors`` and ``model.json`` into a folder; ``further.load`` reads it.

        Fitted estimators of scikit-learn, where there are any, go to ``model.skops``.

        Returns
        -------
        Path
            The folder.
        """
        from safetensors.numpy import save

        check_is_fitted(self)
        arrays: dict[str, np.ndarray] = {}
        facts: dict[str, Any] = {}
        fitted: dict[str, BaseEstimator] = {}
        left_out = {*self._not_saved, *self._entries}
        for name, value in vars(self).items():
            if not name.endswith("_") or name.startswith("_") or name in left_out:
                continue
            if isinstance(value, np.ndarray) and value.dtype.kind in _NUMERIC:
                arrays[name] = np.ascontiguousarray(value)
            elif hasattr(value, "state_dict"):
                for key, tensor in value.state_dict().items():
                    arrays[f"{name}.{key}"] = np.ascontiguousarray(tensor.cpu().numpy())
            elif is_fitted_estimator(value):
                fitted[name] = value
            else:
                facts[name] = _to_json(value)
        # The keys of safetensors need at least one array.
        arrays.setdefault("_", np.zeros(1))
        # All that can be refused is, before the first file is written.
        record = {
            "schema": 1,
            "model": name_of(type(self)).name,
            "parameters": parameters_to_json(self.get_params(deep=False)),
            "facts": facts,
            **{name[:-1]: getattr(self, name).to_json() for name in self._entries},
        }
        archive = estimators_to_bytes(fitted) if fitted else None
        write_bytes(Path(folder) / "model.safetensors", save(arrays))
        if archive is not None:
            write_bytes(Path(folder) / NAME, archive)
        write_json(Path(folder) / "model.json", record)
        return Path(folder)

    def restore(
        self,
        record: Mapping[str, Any],
        arrays: Mapping[str, np.ndarray],
        fitted: Mapping[str, BaseEstimator] | None = None,
    ) -> Self:
        """Take on a saved state; the counterpart of :meth:`save`, called by ``further.load``.

        Parameters
        ----------
        record, arrays : mapping
            What ``model.json`` and ``model.safetensors`` hold.
        fitted : mapping, optional
            What ``model.skops`` holds.

        Returns
        -------
        self
            The fitted estimator.
        """
        for name, read in self._entries.items():
            setattr(self, name, read(record[name[:-1]]))
        for name, value in record["facts"].items():
            setattr(self, name, _from_json(value))
        for name, estimator in (fitted or {}).items():
            setattr(self, name, estimator)
        weights: dict[str, dict[str, np.ndarray]] = {}
        for name, array in arrays.items():
            attribute, _, key = name.partition(".")
            if key:
                weights.setdefault(attribute, {})[key] = array
            elif name != "_":
                setattr(self, name, array)
        self._rebuild()
        for attribute, state in weights.items():
            from torch import from_numpy

            tensors = {key: from_numpy(value) for key, value in state.items()}
            getattr(self, attribute).load_state_dict(tensors)
        return self

    def _rebuild(self) -> None:
        """Make anew what was not saved, and the networks that take on saved weights."""


class DatasetEstimator(Estimator, ABC):
    """An estimator that learns from tables and pictures alike.

    A subclass has ``_learn``, which sets ``n_parameters_`` and ``cost_`` and whatever else it
    learns.

    Attributes
    ----------
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn.
    encoding_ : Encoding
        Rows to the arrays that a model sees, and back.
    spec_ : Spec
        All that a model knows of the data.
    classes_ : array
        The classes, where the training had labels.
    class_prior_ : array
        Their shares in the training rows.
    n_parameters_ : int
        Number of parameters that were learnt.
    cost_ : dict
        Steps, floating-point operations, seconds and watt-hours of the training.
    """

    #: Share of the rows that chooses the best weights where no others are given for it.
    held_out_share: ClassVar[float] = 0.1
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"random_state": ["random_state"]}
    _not_saved: ClassVar[tuple[str, ...]] = ("spec_",)
    _entries: ClassVar[dict[str, Callable[[Any], Any]]] = {"encoding_": encoding_from_json}
    random_state: Any
    n_parameters_: int
    cost_: dict[str, Any]

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        validation: Any = None,
        run: str | Path | Run | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> Self:
        """Learn from rows, given their class if there are labels.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            A table ``(n, features)``, or pictures ``(n, height, width)`` or
            ``(n, channels, height, width)``; integers are grey levels.
        y : array of shape (n,), optional
            Class labels.
        validation : Dataset or (X, y), optional
            Rows that choose the best weights; without them a tenth of X is held out where X has at
            least 50 rows.
        run : path or Run, optional
            A folder to keep configuration, history, checkpoints and weights in; an interrupted
            run of the same configuration and data is resumed.
        callbacks : sequence of Callback, optional
            Added to the training loop.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        InputError
            If X or y cannot be used.
        """
        self._validate_params()
        dataset = self._dataset(X, y, reset=True)
        held_out = None
        if validation is None:
            dataset, held_out = _hold_out(dataset, self.held_out_share)
        self.encoding_: Encoding = self._fit_encoding(dataset)
        self.spec_: Spec = self.encoding_.spec
        if dataset.classes is not None:
            self.class_prior_ = dataset.classes.counts() / len(dataset)
        if validation is not None:
            X, y = validation if isinstance(validation, tuple) else (validation, None)
            held_out = self._dataset(X, y, reset=False)
        seed = decided_by_first(self._seed())
        if run is None:
            self._learn(dataset, held_out, seed, callbacks=callbacks)
            return self
        if not isinstance(run, Run):
            run = self._create_run(Path(run), dataset, seed)
        seed = run.record["seed"]
        with run.working():
            run.update(status="running")
            self._learn(dataset, held_out, seed, run=run, callbacks=callbacks)
            self.save(run.path)
            run.update(status="finished", parameters_count=self.n_parameters_, **self.cost_)
        return self

    def _rebuild(self) -> None:
        self.spec_ = self.encoding_.spec

    @abstractmethod
    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        """Fit; sets ``n_parameters_`` and ``cost_`` and whatever else ends in an underscore.

        The training loop, where there is one, takes ``run`` and ``callbacks``.
        """

    def _dataset(self, X: Any, y: Any, *, reset: bool) -> Dataset:
        """Validate X and y as scikit-learn does and return them as a Dataset."""
        plain = not isinstance(X, Dataset | pd.DataFrame) and not _are_pictures(X)
        if plain or (isinstance(X, pd.DataFrame) and _all_numeric(X)):
            checked = validate_data(
                self, X, reset=reset, dtype="numeric",
                # Missing values are a value like others in a table with named columns.
                ensure_all_finite=True if plain else "allow-nan",
                ensure_min_samples=2 if reset else 1,
            )  # fmt: skip
            X = checked if plain else X
        elif isinstance(X, pd.DataFrame) or reset:
            # A data set that was read from an array numbers its columns; they have no names.
            named = X.values if isinstance(X, Dataset) and not X.is_array else X
            check_feature_names(self, named, reset=reset)
        if not reset:
            return self._like_training(X, y)
        dataset = self._with_target(as_dataset(X), y)
        self.n_features_in_ = _n_features(dataset)
        for left in ("classes_", "class_prior_"):
            if hasattr(self, left):
                delattr(self, left)
        if dataset.classes is not None:
            given = None if y is None else np.asarray(y)
            if given is not None and given.ndim == 2 and given.shape[1] > 1:
                given = given.argmax(axis=1)  # of one-hot rows the classes are the columns
            given = None if given is None else np.unique(given)
            names = np.asarray(dataset.classes.names)
            self.classes_ = given if given is not None and len(given) == len(names) else names
        return dataset

    def _fit_encoding(self, dataset: Dataset) -> Encoding:
        return fit_encoding(dataset)

    def _with_target(self, dataset: Dataset, y: Any) -> Dataset:
        """Return the rows with their target, read as the task has it."""
        return dataset if y is None else with_classes(dataset, y)

    def _like_training(self, X: Any, y: Any) -> Dataset:
        """Return X and y as a Dataset with the columns and class codes of the training.

        Raises
        ------
        InputError
            If the rows are of another kind or have classes that were not trained.
        """
        dataset = as_dataset(X)
        model = type(self).__name__
        if self.spec_.is_image and dataset.values.shape[1:] != self.spec_.shape:
            raise InputError(
                f"X has rows of the shape {dataset.values.shape[1:]}, but {model} was fitted to "
                f"pictures of the shape {self.spec_.shape}; give such pictures."
            )
        if _n_features(dataset) != self.n_features_in_:
            raise InputError(
                f"X has {_n_features(dataset)} features, but {model} is expecting "
                f"{self.n_features_in_} features as input."
            )
        if self.spec_.target is None:
            return dataclasses.replace(dataset, target=None)
        if self.spec_.target.kind != "classes":
            return dataset if y is None else self._with_target(dataset, y)
        if y is None and dataset.classes is not None:
            y = dataset.classes.values
        if y is None:
            return dataset
        codes = self._codes(y)
        if len(codes) != len(dataset):
            raise InputError(
                f"y has {np.size(y)} labels but there are {len(dataset)} rows; give one label for "
                "each row."
            )
        names = tuple(str(value) for value in self.classes_)
        return dataclasses.replace(dataset, target=Classes("y", codes, names))

    def _codes(self, y: Any) -> np.ndarray:
        """Return the codes of class labels.

        Raises
        ------
        InputError
            If a class was not in the training.
        """
        # By value, so that 3 and 3.0 are the same class, or else by name, so that "3" is too.
        known = {str(value): code for code, value in enumerate(self.classes_)}
        known |= {value: code for code, value in enumerate(self.classes_.tolist())}
        distinct, positions = np.unique(np.asarray(y).ravel(), return_inverse=True)
        found = [known.get(value, known.get(str(value))) for value in distinct.tolist()]
        if None in found:
            raise InputError(
                f"y asks for the class {distinct[found.index(None)]!s}; "
                f"the classes are {', '.join(map(str, self.classes_))}."
            )
        return np.asarray(found, dtype=np.int64)[positions]

    def _seed(self, random_state: Any = None) -> int:
        state = self.random_state if random_state is None else random_state
        if isinstance(state, Integral):
            return int(state)
        return int(check_random_state(state).randint(2**31 - 1))

    def _create_run(self, path: Path, dataset: Dataset, seed: int) -> Run:
        fixed = isinstance(self.random_state, Integral)
        run = Run.create(
            path,
            command="fit",
            model=name_of(type(self)).name,
            parameters=parameters_to_json(self.get_params(deep=False)),
            data={"name": dataset.name, "fingerprint": dataset.fingerprint},
            **({"seed": seed} if fixed else {}),
        )
        # A seed that was drawn is kept too, so that the run can be resumed.
        if "seed" not in run.record:
            run.update(seed=seed)
        return run


def _hold_out(dataset: Dataset, share: float) -> tuple[Dataset, Dataset | None]:
    """Hold a share out to choose the best weights by, where there are rows enough."""
    if share == 0 or len(dataset) < 50:
        return dataset, None
    split = dataset.split(seed=0, fractions=(1 - share, share, 0.0))
    return dataset.take(split.train), dataset.take(split.validation)


def _n_features(dataset: Dataset) -> int:
    return int(np.prod(dataset.values.shape[1:]))


def _are_pictures(X: Any) -> bool:
    try:
        return np.asarray(X).ndim in (3, 4)
    except ValueError as error:
        raise InputError(
            "X has rows of unequal length; give a rectangular array or table."
        ) from error


def _all_numeric(frame: pd.DataFrame) -> bool:
    return all(pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes)


def _to_json(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        items = [_to_json(item) for item in value.ravel().tolist()]
        return {"array": items, "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, dict):
        return {"dict": [[_to_json(key), _to_json(item)] for key, item in value.items()]}
    if isinstance(value, float) and not np.isfinite(value):
        return {"float": str(value)}
    return finite(value)


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "float" in value:
        return float(value["float"])
    if "dict" in value:
        return {_from_json(key): _from_json(item) for key, item in value["dict"]}
    items = [_from_json(item) for item in value["array"]]
    array = np.empty(len(items), dtype=np.dtype(value["dtype"]))
    array[:] = items
    return array.reshape(value["shape"])
