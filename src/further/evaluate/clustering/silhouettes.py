"""The silhouettes of a clustering: a value a row, their mean, and what is drawn of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.evaluate.interval import Estimate

#: Values of a cluster that a picture can show.
VALUES_DRAWN = 200


@dataclass(frozen=True, eq=False)
class Silhouettes:
    """Silhouettes of the rows of a clustering, or of a sample of them."""

    values: Annotated[
        NDArray[np.float64],
        "Shape (m,), from -1 to 1; below 0 a row is nearer to another cluster than to its own.",
    ]
    rows: Annotated[NDArray[np.intp], "Whose they are, shape (m,); noise has none."]
    labels: Annotated[NDArray[np.intp], "The cluster of each, shape (m,)."]
    neighbours: Annotated[NDArray[np.intp], "The nearest other cluster of each, shape (m,)."]
    estimate: Annotated[Estimate, "Their mean over all rows, with an interval."]
    sampled: Annotated[bool, "Whether the rows are a sample."]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each silhouette: row, cluster, silhouette, next cluster."""
        return pd.DataFrame(
            {
                "row": self.rows,
                "cluster": self.labels,
                "silhouette": self.values,
                "next": self.neighbours,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the mean and, of each cluster, the values from the highest to the lowest.

        Of more than :data:`VALUES_DRAWN` values their quantiles are given.
        """
        return {
            **self.estimate.to_dict(),
            "sampled": self.sampled,
            "clusters": [self._of_cluster(int(cluster)) for cluster in np.unique(self.labels)],
        }

    def _of_cluster(self, cluster: int) -> dict[str, Any]:
        values = np.sort(self.values[self.labels == cluster])[::-1]
        drawn = values
        if len(values) > VALUES_DRAWN:
            drawn = np.quantile(values, np.linspace(1, 0, VALUES_DRAWN))
        return {
            "cluster": cluster,
            "n": len(values),
            "mean": float(values.mean()),
            "values": np.round(drawn, 4).tolist(),
            "negative_share": float((values < 0).mean()),
        }
