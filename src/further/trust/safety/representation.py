"""Numbers by which rows are compared: columns, principal components, a network's last layer.

* A table: numbers as standard scores (a missing one as the median, with a mark), categories
one-hot;
  a category that training rows did not have is 0 in each.
* Pictures: principal components of the training pictures, as many as 50.
* A network: what enters its last layer, so that rows are compared as the network sees them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.errors import InputError

Floats = NDArray[np.float64]
Represent = Callable[[Any], Floats]

COMPONENTS = 50


def representation_of(X: Any, model: Any = None, wanted: str | Represent = "auto") -> Represent:
    """Return what turns rows into numbers, learnt from training rows.

    Parameters
    ----------
    X : DataFrame or array of shape (n, ...)
        Training rows; more than two axes are pictures.
    model : estimator, optional
        Fitted.
    wanted : {"auto", "columns", "network"} or callable
        "network" is the last layer of ``model``; "auto" takes it where ``model`` is a network, and
        the columns or pictures themselves otherwise. A callable takes rows and returns numbers.

    Returns
    -------
    callable
        Takes rows, returns an array of shape (n, numbers).

    Raises
    ------
    InputError
        If the model is no network and its last layer is asked for.
    """
    if callable(wanted):
        return partial(_given, wanted)
    is_network = _last_layer(model) is not None
    if wanted == "network" and not is_network:
        raise InputError(
            f"{type(model).__name__} has no network in net_; take the representation "
            '"columns", or give a function.'
        )
    if is_network and wanted != "columns":
        return partial(penultimate, model)
    return _of_pictures(X) if getattr(X, "ndim", 2) > 2 else _of_columns(X)


def _of_pictures(X: Any) -> Represent:
    from sklearn.decomposition import PCA

    flat = _flat(X)
    components = min(COMPONENTS, *(n - 1 for n in flat.shape))
    found = PCA(max(1, components), svd_solver="randomized", random_state=0).fit(flat)
    return partial(_components, found)


def _given(function: Represent, X: Any) -> Floats:
    return np.asarray(function(X), dtype=np.float64).reshape(len(X), -1)


def _components(found: Any, X: Any) -> Floats:
    values: Floats = found.transform(_flat(X))
    return values


def _flat(X: Any) -> Floats:
    return np.asarray(X, dtype=np.float64).reshape(len(X), -1)


def _of_columns(X: Any) -> Represent:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame = _table(X)
    numeric = [c for c in frame if pd.api.types.is_numeric_dtype(frame[c])]
    others = [c for c in frame if c not in numeric]
    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    encoder = make_column_transformer(
        (make_pipeline(fill, StandardScaler()), numeric),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), others),
    ).fit(_written(frame, others))
    return partial(_encoded, encoder, others)


def _encoded(encoder: Any, others: list[Any], X: Any) -> Floats:
    values: Floats = np.asarray(encoder.transform(_written(_table(X), others)), np.float64)
    return values


def _table(X: Any) -> pd.DataFrame:
    return X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))


def _written(frame: pd.DataFrame, others: list[Any]) -> pd.DataFrame:
    """Return the table with categories as text, a missing one too."""
    return frame.assign(**{c: frame[c].astype(str) for c in others}) if others else frame


def _last_layer(model: Any) -> Any:
    """Return the last linear layer of a network; None where there is no network."""
    net = getattr(model, "net_", None)
    if net is None:
        return None
    import torch

    last = getattr(net, "last", None)
    if isinstance(last, torch.nn.Module):
        return last
    linear = [module for module in net.modules() if isinstance(module, torch.nn.Linear)]
    return linear[-1] if linear else None


@contextmanager
def _listening(layer: Any, heard: list[Floats], what: str) -> Iterator[None]:
    def listen(module: Any, given: Any, made: Any) -> None:
        values = given[0] if what == "input" else made
        heard.append(values.detach().cpu().double().flatten(1).numpy())

    hook = layer.register_forward_hook(listen)
    try:
        yield
    finally:
        hook.remove()


def _heard(model: Any, X: Any, what: str) -> Floats:
    heard: list[Floats] = []
    with _listening(_last_layer(model), heard, what):
        model.predict(X)
    return np.concatenate(heard)


def penultimate(model: Any, X: Any) -> Floats:
    """Return what enters the last layer of a network, shape (n, width).

    Parameters
    ----------
    model : estimator
        Fitted, with the network in ``net_``.
    X : Dataset, DataFrame or array
        Rows that it takes.

    Returns
    -------
    array of shape (n, width)
        In the order of the rows.
    """
    return _heard(model, X, "input")


def network_logits(model: Any, X: Any) -> Floats | None:
    """Return what leaves the last layer of a network, shape (n, outputs); None without one.

    Parameters
    ----------
    model, X
        See :func:`penultimate`.

    Returns
    -------
    array of shape (n, outputs) or None
        Logits of the classes.
    """
    return _heard(model, X, "output") if _last_layer(model) is not None else None
