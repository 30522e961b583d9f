"""What a metric of samples is computed from: the test rows beside the samples, in one object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.resampling import HalfSamples

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Compared:
    """Test rows and as many samples, as the :attr:`scorer` of a metric gets them."""

    test: Annotated[Floats, "Encoded values of the test rows, shape (m, d)."]
    samples: Annotated[Floats, "Those of the samples, shape (n, d)."]
    test_classes: Annotated[NDArray[np.integer[Any]] | None, "The classes of the test rows."]
    classes: Annotated[NDArray[np.integer[Any]] | None, "The classes that samples were asked for."]
    test_frame: Annotated[pd.DataFrame | None, "The test rows of a table in the source's own form."]
    frame: Annotated[pd.DataFrame | None, "The samples in that form."]
    test_features: Annotated[Floats, "Test rows in the feature space of the protocol."]
    features: Annotated[Floats, "Samples in it."]
    test_halves: Annotated[
        HalfSamples, "Random halves, the same for every model, so that differences are paired."
    ]
    halves: Annotated[HalfSamples, "Those of the samples."]
    seed: Annotated[int, "Of whatever else is drawn."]
