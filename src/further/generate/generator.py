"""What all generative estimators share: data in, samples out, a run on disk.

:class:`Generator` takes care of the data: encoding, classes, decoding of samples, saving. The
controls derive from it; models made of a network from
:class:`~further.generate.base.GenerativeModel`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from further.data.dataset import Dataset, as_dataset
from further.data.encoding import Encoding
from further.data.kind import encoding_from_json, fit_encoding
from further.data.spec import Spec
from further.data.target import Classes
from further.errors import InputError
from further.registry import name_of
from further.train.callback import Callback
from further.train.files import write_bytes, write_json
from further.train.loop import hash_seed
from further.train.parameters import parameters_to_json
from further.train.processes import decided_by_first
from further.train.run import Run

SAMPLE_BATCH = 1000


class Generator(BaseEstimator):
    """An estimator that learns a distribution and samples from it.

    A subclass has ``_learn``, ``_draw`` and, for saving, ``_state`` and ``_restore``.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"random_state": ["random_state"]}
    #: Whether it gives its training rows back by design.
    is_copy: ClassVar[bool] = False
    random_state: Any

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        validation: Any = None,
        run: str | Path | Run | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> Any:
        """Learn the distribution of the rows, given their class if there are labels.

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
            dataset, held_out = _hold_out(dataset)
        self.encoding_: Encoding = fit_encoding(dataset)
        self.spec_: Spec = self.encoding_.spec
        if dataset.classes is not None:
            self.class_prior_ = dataset.classes.counts() / len(dataset)
        if validation is not None:
            X, y = validation if isinstance(validation, tuple) else (validation, None)
            held_out = self._dataset(X, y, reset=False)
        seed = decided_by_first(self._seed())
        if run is None:
            self._learn(dataset, held_out, seed, None, callbacks)
            return self
        if not isinstance(run, Run):
            run = self._create_run(Path(run), dataset, seed)
        seed = run.record["seed"]
        with run.working():
            run.update(status="running")
            self._learn(dataset, held_out, seed, run, callbacks)
            self.save(run.path)
            run.update(status="finished", parameters_count=self.n_parameters_, **self.cost_)
        return self

    def sample(
        self,
        n_samples: int = 1,
        y: Any = None,
        *,
        return_y: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Generate new rows.

        Parameters
        ----------
        n_samples : int, default=1
            How many; ignored when ``y`` is given.
        y : array of class labels, optional
            One row is generated for each; without it classes are drawn from the training prior.
        return_y : bool, default=False
            Whether to return the classes as well.
        random_state : int, RandomState or None, default=None
            None takes that of the estimator, so that the same call gives the same rows.

        Returns
        -------
        X : array or DataFrame
            As the training data: grey levels, columns, types and rounding.
        y : array of shape (n_samples,)
            With ``return_y``; None without labels.
        """
        check_is_fitted(self)
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise InputError(f"n_samples={n_samples!r} must be a whole number of at least 1.")
        seed = self._seed(random_state)
        codes = self.class_codes(n_samples, y, seed)
        encoded = self.sample_encoded(len(codes) if codes is not None else n_samples, codes, seed)
        rows = self.encoding_.decode(encoded)
        if not return_y:
            return rows
        return rows, None if codes is None else self.classes_[codes]

    def sample_encoded(self, n: int, codes: np.ndarray | None, seed: int) -> np.ndarray:
        """Generate ``(n, *spec.shape)`` float32 rows in encoded form for given class codes."""
        parts = []
        for start in range(0, n, SAMPLE_BATCH):
            stop = min(start + SAMPLE_BATCH, n)
            given = None if codes is None else codes[start:stop]
            parts.append(self._draw(stop - start, given, hash_seed(seed, start)))
        return np.concatenate(parts) if parts else np.empty((0, *self.spec_.shape), np.float32)

    def save(self, folder: str | Path) -> Path:
        """Write ``model.safetensors`` and ``model.json``; ``further.load`` reads them."""
        from safetensors.numpy import save

        check_is_fitted(self)
        arrays, facts = self._state()
        arrays = {name: np.ascontiguousarray(value) for name, value in arrays.items()}
        classes = getattr(self, "classes_", None)
        write_bytes(Path(folder) / "model.safetensors", save(arrays))
        write_json(
            Path(folder) / "model.json",
            {
                "schema": 1,
                "model": name_of(type(self)).name,
                "parameters": parameters_to_json(self.get_params(deep=False)),
                "encoding": self.encoding_.to_json(),
                "classes": None if classes is None else classes.tolist(),
                "class_prior": getattr(self, "class_prior_", None),
                "n_features_in": self.n_features_in_,
                "n_parameters": self.n_parameters_,
                "cost": self.cost_,
                "facts": facts,
            },
        )
        return Path(folder)

    def restore(self, record: dict[str, Any], arrays: dict[str, np.ndarray]) -> Any:
        """Take on a saved state; the counterpart of :meth:`save`, called by ``further.load``."""
        self.encoding_ = encoding_from_json(record["encoding"])
        self.spec_ = self.encoding_.spec
        if record["classes"] is not None:
            self.classes_ = np.asarray(record["classes"])
            self.class_prior_ = np.asarray(record["class_prior"])
        self.n_features_in_ = record["n_features_in"]
        self.n_parameters_, self.cost_ = record["n_parameters"], record["cost"]
        self._restore(arrays, record["facts"])
        return self

    def _learn(
        self,
        dataset: Dataset,
        validation: Dataset | None,
        seed: int,
        run: Run | None,
        callbacks: Sequence[Callback],
    ) -> None:
        """Fit; sets ``n_parameters_`` and ``cost_`` and whatever else ends in an underscore."""
        raise TypeError(f"{type(self).__name__} does not say how it learns.")

    def _draw(self, n: int, codes: np.ndarray | None, seed: int) -> np.ndarray:
        """Return ``(n, *spec.shape)`` float32 rows in encoded form."""
        raise TypeError(f"{type(self).__name__} does not say how it samples.")

    def _state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return arrays and plain facts that :meth:`_restore` takes on."""
        raise TypeError(f"{type(self).__name__} does not say how it is saved.")

    def _restore(self, arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> None:
        raise TypeError(f"{type(self).__name__} does not say how it is restored.")

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
        if not reset:
            return self._like_training(X, y)
        dataset = as_dataset(X, y)
        self.n_features_in_ = _n_features(dataset)
        for left in ("classes_", "class_prior_"):
            if hasattr(self, left):
                delattr(self, left)
        if dataset.classes is not None:
            given = None if y is None else np.unique(np.asarray(y))
            names = np.asarray(dataset.classes.names)
            self.classes_ = given if given is not None and len(given) == len(names) else names
        return dataset

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
        if self.spec_.n_classes == 0:
            return dataclasses.replace(dataset, target=None)
        if y is None and dataset.classes is not None:
            y = dataset.classes.values
        if y is None:
            return dataset
        codes = self.class_codes(len(dataset), y, 0)
        if codes is None or len(codes) != len(dataset):
            raise InputError(
                f"y has {np.size(y)} labels but there are {len(dataset)} rows; give one label for "
                "each row."
            )
        names = tuple(str(value) for value in self.classes_)
        return dataclasses.replace(dataset, target=Classes("y", codes, names))

    def _seed(self, random_state: Any = None) -> int:
        state = self.random_state if random_state is None else random_state
        if isinstance(state, Integral):
            return int(state)
        return int(check_random_state(state).randint(2**31 - 1))

    def class_codes(self, n: int, y: Any, seed: int) -> np.ndarray | None:
        """Return class codes: those asked for, or drawn from the training prior."""
        if self.spec_.n_classes == 0:
            if y is not None:
                raise InputError(f"{type(self).__name__} was fitted without labels; leave out y.")
            return None
        if y is None:
            rng = np.random.default_rng(hash_seed(seed, -2))
            codes: np.ndarray = rng.choice(self.spec_.n_classes, size=n, p=self.class_prior_)
            return codes
        asked = np.asarray(y)
        if asked.ndim == 0:
            asked = np.full(n, asked)
        # By value, so that 3 and 3.0 are the same class, or else by name, so that "3" is too.
        known = {str(value): code for code, value in enumerate(self.classes_)}
        known |= {value: code for code, value in enumerate(self.classes_.tolist())}
        distinct, positions = np.unique(asked.ravel(), return_inverse=True)
        found = [known.get(value, known.get(str(value))) for value in distinct.tolist()]
        if None in found:
            raise InputError(
                f"y asks for the class {distinct[found.index(None)]!s}; "
                f"the classes are {', '.join(map(str, self.classes_))}."
            )
        return np.asarray(found, dtype=np.int64)[positions]

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


def _hold_out(dataset: Dataset) -> tuple[Dataset, Dataset | None]:
    """Hold a tenth out to choose the best weights by, where there are rows enough."""
    if len(dataset) < 50:
        return dataset, None
    split = dataset.split(seed=0, fractions=(0.9, 0.1, 0.0))
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
