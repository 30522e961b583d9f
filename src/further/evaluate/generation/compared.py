"""What a metric of samples is computed from: the test rows beside the samples, in one object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.resampling import HalfSamples

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Compared:
    """Test rows and as many samples, as :attr:`further.evaluate.metrics.Metric.scorer` gets them.

    Attributes
    ----------
    test, samples : ndarray of shapes (m, d) and (n, d)
        Encoded values.
    test_classes, classes : ndarray or None
        The classes of the test rows, and those that samples were asked for.
    test_frame, frame : DataFrame or None
        The same rows of a table in the source's own form.
    test_features, features : ndarray
        In the feature space of the protocol.
    test_halves, halves : HalfSamples
        Random halves of both, the same for every model, so that differences are paired.
    seed : int
        Of whatever else is drawn.
    """

    test: Floats
    samples: Floats
    test_classes: NDArray[np.integer[Any]] | None
    classes: NDArray[np.integer[Any]] | None
    test_frame: pd.DataFrame | None
    frame: pd.DataFrame | None
    test_features: Floats
    features: Floats
    test_halves: HalfSamples
    halves: HalfSamples
    seed: int
