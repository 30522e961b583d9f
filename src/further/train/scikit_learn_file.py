"""Fitted estimators of scikit-learn as one file, ``model.skops``, without any code in it.

skops writes an archive of plain arrays and a schema that names types. Reading it makes objects of
those types only that skops or the list below trusts, so a file from elsewhere can run nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator

from further.errors import InputError, RunError

NAME = "model.skops"
#: What scikit-learn's trees are made of, besides the types that skops trusts itself.
TRUSTED = frozenset(
    {
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
    }
)


def is_fitted_estimator(value: Any) -> bool:
    """Whether something is an estimator of scikit-learn itself, which goes into that file."""
    return isinstance(value, BaseEstimator) and type(value).__module__.startswith("sklearn.")


def estimators_to_bytes(estimators: Mapping[str, BaseEstimator]) -> bytes:
    """Return fitted estimators as the content of a file.

    Parameters
    ----------
    estimators : mapping of str to estimator
        By the name of the attribute.

    Returns
    -------
    bytes
        An archive.

    Raises
    ------
    InputError
        If one holds an object that could not be read again.
    """
    from skops.io import dumps

    content: bytes = dumps(dict(estimators))
    foreign = _foreign(content)
    if foreign:
        raise InputError(
            f"A model that holds an object of the type {foreign[0]} cannot be saved, since reading "
            "it could run code; use parameters of plain types."
        )
    return content


def estimators_from_bytes(content: bytes, place: str) -> dict[str, BaseEstimator]:
    """Return the fitted estimators of a file.

    Parameters
    ----------
    content : bytes
        From :func:`estimators_to_bytes`.
    place : str
        The file, for messages.

    Returns
    -------
    dict of str to estimator
        By the name of the attribute.

    Raises
    ------
    RunError
        If the file is damaged, or names a type that is not trusted.
    """
    from skops.io import loads

    try:
        foreign = _foreign(content)
        if foreign:
            raise RunError(
                f'"{place}" names the type {foreign[0]}, which no model of further holds, and was '
                "not read; train the model again."
            )
        found = loads(content, trusted=sorted(TRUSTED))
        if not isinstance(found, dict) or not all(map(is_fitted_estimator, found.values())):
            raise TypeError("no fitted estimators")
    except RunError:
        raise
    except Exception as error:  # skops lets through whatever its parts raise
        raise RunError(
            f'"{place}" is damaged ({type(error).__name__}: {error}); train the model again.'
        ) from error
    return found


def _foreign(content: bytes) -> list[str]:
    from skops.io import get_untrusted_types

    return sorted(set(get_untrusted_types(data=content)) - TRUSTED)
