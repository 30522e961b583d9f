"""What all generative estimators share: data in, samples out, a run on disk.

:class:`Generator` takes care of the data: encoding, classes, decoding of samples, saving.
:class:`GenerativeModel` adds the training of a network; a model that derives from it says what
it is in ``build``, ``objectives`` and ``generate``, and what else it can do once trained.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, TransformerTags, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn

from further.data.dataset import Dataset, as_dataset
from further.data.encoding import Encoding, encoding_from_json, fit_encoding
from further.data.spec import Spec
from further.errors import InputError
from further.names import name_of
from further.train.budget import Budget
from further.train.callback import Callback
from further.train.engine import REPRODUCIBLE, Engine
from further.train.files import write_bytes, write_json
from further.train.fit import Fit, fit_network
from further.train.loop import hash_seed
from further.train.objective import Batch, Objective
from further.train.parameters import parameters_to_json
from further.train.processes import decided_by_first
from further.train.run import Run
from further.train.training import Training

Basis = Literal["exact", "bound"]
SAMPLE_BATCH = 1000


class Generator(BaseEstimator):
    """An estimator that learns a distribution and samples from it.

    A subclass has ``_learn``, ``_draw`` and, for saving, ``_state`` and ``_restore``.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"random_state": ["random_state"]}
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
            run of the same configuration and data is gone on with.
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
        n_classes = len(dataset.class_names) if dataset.labels is not None else 0
        self.spec_: Spec = dataclasses.replace(self.encoding_.spec, n_classes=n_classes)
        if dataset.labels is not None:
            self.class_prior_ = np.bincount(dataset.labels, minlength=n_classes) / len(dataset)
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
        codes = self._codes(n_samples, y, seed)
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
                "n_classes": self.spec_.n_classes,
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
        self.spec_ = dataclasses.replace(self.encoding_.spec, n_classes=record["n_classes"])
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
        if dataset.labels is not None:
            given = None if y is None else np.unique(np.asarray(y))
            names = np.asarray(dataset.class_names)
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
            return dataclasses.replace(dataset, labels=None, class_names=())
        if y is None and dataset.labels is not None:
            y = np.asarray(dataset.class_names)[dataset.labels]
        if y is None:
            return dataset
        codes = self._codes(len(dataset), y, 0)
        if codes is None or len(codes) != len(dataset):
            raise InputError(
                f"y has {np.size(y)} labels but there are {len(dataset)} rows; give one label for "
                "each row."
            )
        names = tuple(str(value) for value in self.classes_)
        return dataclasses.replace(dataset, labels=codes, class_names=names)

    def _seed(self, random_state: Any = None) -> int:
        state = self.random_state if random_state is None else random_state
        if isinstance(state, Integral):
            return int(state)
        return int(check_random_state(state).randint(2**31 - 1))

    def _codes(self, n: int, y: Any, seed: int) -> np.ndarray | None:
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
        # A seed that was drawn is kept too, so that the run can be gone on with.
        if "seed" not in run.record:
            run.update(seed=seed)
        return run


def _can(capability: str) -> Any:
    """Offer a method only for models that define what it needs."""

    def check(self: GenerativeModel) -> bool:
        if capability == "log_likelihood" and not getattr(self, "defines_likelihood_", True):
            raise AttributeError(
                f"{type(self).__name__} as configured defines no likelihood of such data."
            )
        return _overrides(self, capability)

    return available_if(check)


def _overrides(model: GenerativeModel, method: str) -> bool:
    return getattr(type(model), method) is not getattr(GenerativeModel, method)


class GenerativeModel(Generator):
    """A generative model made of a network that the training loop trains.

    Attributes
    ----------
    net_ : nn.Module
        The trained network.
    history_ : DataFrame
        The learning curves.
    best_step_ : int
        When the kept weights came.
    defines_likelihood_ : bool
        Whether there are ``score_samples`` and ``score`` for such data.
    cost_ : dict
        Steps, floating-point operations, seconds and watt-hours of the training.
    """

    training_defaults: ClassVar[Training] = Training()
    #: Whether :meth:`log_likelihood` is the likelihood or a lower bound of it.
    likelihood_basis: ClassVar[Basis | None] = None
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "budget": [str, Interval(Real, 0, None, closed="neither"), Budget],
        "precision": [StrOptions({"auto", "float32", "bfloat16"})],
        "training": [None, dict, Training],
        "random_state": ["random_state"],
    }
    budget: Any
    precision: Any
    training: Any

    # What a model says -------------------------------------------------------------------------

    def build(self, spec: Spec) -> nn.Module:
        """Return the network for data of that shape."""
        raise TypeError(f"{type(self).__name__} does not say what its network is.")

    def objectives(self, net: nn.Module) -> list[Objective]:
        """Return what the loop minimises, in turn."""
        raise TypeError(f"{type(self).__name__} does not say what it minimises.")

    def generate(self, net: Any, n: int, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """Return n encoded rows, ``(n, *spec.shape)``, given class codes."""
        raise TypeError(f"{type(self).__name__} does not say how it samples.")

    def training_settings(self) -> Training:
        """Return how the network is trained: the model's defaults with the user's changes."""
        return self.training_defaults.override(self.training)

    def validation_loss(
        self, net: nn.Module, batch: Batch, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return what is computed on validation rows; the first entry selects the weights."""
        return self.objectives(net)[0].loss(batch, generator)

    def finish(self, net: Any, batch: Batch, generator: torch.Generator) -> None:
        """Fit what is fitted after the training, into the network's buffers."""

    def log_likelihood(self, net: Any, batch: Batch, generator: torch.Generator) -> Tensor | None:
        """Return log-likelihoods in nats ``(batch,)``: of the discrete data for pictures with grey
        levels, a density of the encoded values otherwise; None where it is not defined."""
        return None

    def encode_latent(self, net: Any, batch: Batch) -> Tensor:
        """Return latent codes ``(batch, latent_dim)``."""
        raise TypeError(f"{type(self).__name__} has no latent space.")

    def decode_latent(self, net: Any, z: Tensor, y: Tensor | None) -> Tensor:
        """Return encoded rows for latent codes."""
        raise TypeError(f"{type(self).__name__} has no latent space.")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        if hasattr(self, "transform"):
            tags.transformer_tags = TransformerTags(preserves_dtype=[])
        return tags

    # What users call -----------------------------------------------------------------------------

    @_can("log_likelihood")
    def score_samples(self, X: Any, y: Any = None) -> np.ndarray:
        """Return the log-likelihood of each row in nats; higher is more typical.

        Parameters
        ----------
        X : Dataset, DataFrame or array
            Rows like those of the training.
        y : array, optional
            Their classes, for a model that was fitted with labels; without them the likelihood
            is averaged over the classes, weighted with the training prior.

        Returns
        -------
        array of shape (n,), float32
            Of the discrete data for pictures with grey levels; a density of the encoded values
            for tables. ``likelihood_basis`` says whether it is exact or a lower bound.
        """
        check_is_fitted(self)
        dataset = self._dataset(X, y, reset=False)
        x = self.encoding_.encode(dataset)
        if self.spec_.n_classes == 0:
            return self._log_likelihoods(x, None)
        if dataset.labels is not None:
            return self._log_likelihoods(x, dataset.labels)
        by_class = np.stack(
            [
                math.log(prior) + self._log_likelihoods(x, np.full(len(x), code))
                for code, prior in enumerate(self.class_prior_)
                if prior > 0
            ]
        )
        total: np.ndarray = np.logaddexp.reduce(by_class, axis=0)
        return total

    @_can("log_likelihood")
    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean log-likelihood of the rows in nats; see :meth:`score_samples`."""
        return float(self.score_samples(X, y).mean())

    @_can("encode_latent")
    def transform(self, X: Any) -> np.ndarray:
        """Return the latent codes ``(n, latent_dim)`` of the rows."""
        check_is_fitted(self)
        return self.transform_encoded(self.encoding_.encode(self._dataset(X, None, reset=False)))

    @_can("decode_latent")
    def inverse_transform(self, X: Any, y: Any = None) -> Any:
        """Return rows for latent codes ``(n, latent_dim)``, given their class if there is one."""
        check_is_fitted(self)
        z = np.asarray(X, dtype=np.float32)
        return self.encoding_.decode(self.inverse_transform_encoded(z, self._codes(len(z), y, 0)))

    @_can("encode_latent")
    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> np.ndarray:
        """Fit and return the latent codes of the same rows."""
        return self.fit(X, y, **fit_params).transform(X)

    @_can("encode_latent")
    def transform_encoded(self, x: np.ndarray) -> np.ndarray:
        """Return the latent codes of encoded rows ``(n, *spec.shape)``."""
        return self._in_batches(lambda b: self.encode_latent(self.net_, b), x, None)

    @_can("decode_latent")
    def inverse_transform_encoded(self, z: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
        """Return encoded rows for latent codes and class codes."""
        return self._in_batches(lambda b: self.decode_latent(self.net_, b.x, b.y), z, codes)

    def log_likelihoods_encoded(self, x: np.ndarray, codes: np.ndarray | None) -> np.ndarray | None:
        """Return log-likelihoods in nats ``(n,)`` of encoded rows given their class codes.

        None where the model defines no likelihood of such data.
        """
        return self._log_likelihoods(x, codes) if self.defines_likelihood_ else None

    # The training --------------------------------------------------------------------------------

    def _learn(
        self,
        dataset: Dataset,
        validation: Dataset | None,
        seed: int,
        run: Run | None,
        callbacks: Sequence[Callback],
    ) -> None:
        train = self._batch(dataset)
        torch.manual_seed(seed)
        net = self.build(self.spec_)
        training = self.training_settings()
        fit: Fit = fit_network(
            net,
            self.objectives(net),
            train,
            None if validation is None else self._batch(validation),
            self.validation_loss,
            training=training,
            budget=Budget.parse(self.budget, self.spec_),
            precision=self.precision,
            seed=seed,
            run=run,
            callbacks=callbacks,
        )
        self.engine_: Engine = fit.engine
        with self.engine_.active(), torch.no_grad():
            self.finish(net, train, torch.Generator().manual_seed(hash_seed(seed, -3)))
        self.net_ = net
        self.defines_likelihood_ = self._has_likelihood(train)
        self.n_parameters_ = sum(p.numel() for p in net.parameters())
        self.history_ = pd.DataFrame(fit.history)
        self.best_step_ = fit.best_step
        self.cost_ = fit.to_json()

    def _draw(self, n: int, codes: np.ndarray | None, seed: int) -> np.ndarray:
        y = None if codes is None else torch.from_numpy(np.asarray(codes, dtype=np.int64))
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad(), self.engine_.active():
            rows: np.ndarray = self.generate(self.net_, n, y, generator).float().numpy()
        return rows

    def _state(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        arrays = {name: value.numpy() for name, value in self.net_.state_dict().items()}
        facts = {
            "best_step": self.best_step_,
            "engine": self.engine_.to_json(),
            "defines_likelihood": self.defines_likelihood_,
        }
        return arrays, facts

    def _restore(self, arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> None:
        self.net_ = self.build(self.spec_)
        self.net_.load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})
        self.net_.eval()
        self.best_step_, self.engine_ = facts["best_step"], Engine(**facts["engine"])
        self.defines_likelihood_ = facts["defines_likelihood"]

    def _batch(self, dataset: Dataset) -> Batch:
        x = torch.from_numpy(np.ascontiguousarray(self.encoding_.encode(dataset)))
        if self.spec_.n_classes == 0:
            return Batch(x, None)
        if dataset.labels is None:
            raise InputError("The validation rows have no labels, but the training rows do.")
        return Batch(x, torch.from_numpy(dataset.labels.astype(np.int64)))

    def _has_likelihood(self, batch: Batch) -> bool:
        if not _overrides(self, "log_likelihood"):
            return False
        row = Batch(batch.x[:1], None if batch.y is None else batch.y[:1])
        with torch.no_grad(), self.engine_.active():
            value = self.log_likelihood(self.net_, row, torch.Generator().manual_seed(0))
        return value is not None

    def _log_likelihoods(self, x: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
        generator = torch.Generator().manual_seed(0)

        def work(batch: Batch) -> Tensor:
            value = self.log_likelihood(self.net_, batch, generator)
            if value is None:
                raise TypeError(f"{type(self).__name__} defines a likelihood of some rows only.")
            return value

        return self._in_batches(work, x, codes)

    def _in_batches(self, work: Any, x: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
        parts = []
        with torch.no_grad(), getattr(self, "engine_", REPRODUCIBLE).active():
            for start in range(0, len(x), SAMPLE_BATCH):
                rows = torch.from_numpy(np.ascontiguousarray(x[start : start + SAMPLE_BATCH]))
                y = None
                if codes is not None:
                    y = torch.from_numpy(np.asarray(codes[start : start + SAMPLE_BATCH])).long()
                parts.append(work(Batch(rows, y)).float().numpy())
        return np.concatenate(parts)


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
