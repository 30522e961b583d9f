"""An estimator whose fitted attributes go to a run folder and come back, without any code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from further.registry import name_of
from further.train.files import finite, write_bytes, write_json
from further.train.parameters import parameters_to_json

_NUMERIC = "biuf"


class SavedEstimator:
    """Mixin: ``save`` writes what ends in an underscore, ``further.load`` brings it back.

    Arrays of numbers go to ``model.safetensors``; arrays of objects, lists, dictionaries, numbers,
    texts and None to ``model.json``. What is none of these cannot be saved; a subclass names such
    attributes in ``_not_saved`` and makes them anew in ``_rebuild``.
    """

    #: Fitted attributes that are left out of the files.
    _not_saved: tuple[str, ...] = ()

    def save(self, folder: str | Path, **more: Any) -> Path:
        """Write ``model.safetensors`` and ``model.json``.

        Parameters
        ----------
        folder : path
            Where to.
        **more
            Further entries of ``model.json``.
        """
        from safetensors.numpy import save

        check_is_fitted(self)
        arrays: dict[str, np.ndarray] = {}
        facts: dict[str, Any] = {}
        for name, value in vars(self).items():
            if not name.endswith("_") or name.startswith("_") or name in self._not_saved:
                continue
            if isinstance(value, np.ndarray) and value.dtype.kind in _NUMERIC:
                arrays[name] = np.ascontiguousarray(value)
            else:
                facts[name] = _to_json(value)
        # The keys of safetensors need at least one array.
        arrays.setdefault("_", np.zeros(1))
        # All that can be refused is, before the first file is written.
        record = {
            "schema": 1,
            "model": name_of(type(self)).name,
            "parameters": parameters_to_json(self.get_params(deep=False)),  # type: ignore[attr-defined]
            "n_features_in": getattr(self, "n_features_in_", None),
            "facts": facts,
            **more,
        }
        write_bytes(Path(folder) / "model.safetensors", save(arrays))
        write_json(Path(folder) / "model.json", record)
        return Path(folder)

    def restore(self, record: dict[str, Any], arrays: dict[str, np.ndarray]) -> Any:
        """Take on a saved state; the counterpart of :meth:`save`, called by ``further.load``."""
        for name, value in record["facts"].items():
            setattr(self, name, _from_json(value))
        for name, array in arrays.items():
            if name != "_":
                setattr(self, name, array)
        self._rebuild()
        return self

    def _rebuild(self) -> None:
        """Make anew what was not saved."""


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
