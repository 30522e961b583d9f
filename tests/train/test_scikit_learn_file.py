"""Files of what scikit-learn fitted: reading one never runs code."""

from __future__ import annotations

import numpy as np
import pytest

from further.errors import InputError, RunError
from further.train.scikit_learn_file import estimators_from_bytes, estimators_to_bytes


class Foreign:
    """Of a type that no file of ours may name."""


def test_a_file_that_names_another_type_is_refused(tmp_path):
    from sklearn.linear_model import Ridge
    from skops.io import dumps

    model = Ridge().fit(np.eye(3), [1.0, 2.0, 3.0])
    model.extra = Foreign()
    with pytest.raises(InputError, match="cannot be saved, since reading it could run code"):
        estimators_to_bytes({"model_": model})
    with pytest.raises(RunError, match=r"names the type .*Foreign.* and was not read"):
        estimators_from_bytes(dumps({"model_": model}), "model.skops")
    with pytest.raises(RunError, match=r'"model\.skops" is damaged'):
        estimators_from_bytes(b"no archive", "model.skops")
