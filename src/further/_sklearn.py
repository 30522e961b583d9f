"""scikit-learn's private parts that further uses, in one place, so that one file follows a change.

``_param_validation`` is how scikit-learn's own estimators declare the limits of their parameters;
there is no public counterpart.
"""

from __future__ import annotations

from sklearn.utils._param_validation import (
    Interval,
    InvalidParameterError,
    StrOptions,
    make_constraint,
)

__all__ = ["Interval", "InvalidParameterError", "StrOptions", "make_constraint"]
