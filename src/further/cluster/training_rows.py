"""Estimators that keep the rows they were fitted on, to compare new ones with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from further.errors import InputError
from further.train.estimator import Estimator


class KeepsTrainingRows(Estimator):
    """Mixin: ``training_rows_`` goes into the files, so a saved estimator holds the data.

    When to use: where new rows are compared with training rows, or a model is rebuilt from them.
    When it fails: sparse matrices are not saved.
    """

    training_rows_: Any

    def save(self, folder: str | Path, **more: Any) -> Path:
        """Write ``model.safetensors`` and ``model.json``, the training rows among them.

        Parameters
        ----------
        folder : path
            Where to.
        **more
            Further entries of ``model.json``.

        Raises
        ------
        InputError
            If it was fitted on a sparse matrix.
        """
        check_is_fitted(self)
        if sparse.issparse(self.training_rows_):
            raise InputError(
                f"{type(self).__name__}: it was fitted on a sparse matrix, which is not saved; "
                "fit it on a dense array."
            )
        return super().save(folder, **more)

    def _rebuild(self) -> None:
        rows = self.training_rows_
        if isinstance(rows, np.ndarray) and rows.dtype == object:
            # A table of objects comes back as a list a row.
            self.training_rows_ = np.array(rows.tolist(), dtype=object)
