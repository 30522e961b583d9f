"""A clustering as its page shows it: the run with its evaluation as typed objects."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Annotated

from further.evaluate.clustering.choice import Criteria
from further.evaluate.clustering.record import ClusteringEvaluation, TableRecord
from further.evaluate.typed_json import from_json
from further.report.run_folder import RunFolder, read_csv

#: Rows that the page holds at most.
MOST_ROWS = 2000


@dataclass(frozen=True)
class ClusterRun(RunFolder):
    """The run of a clustering."""

    found: Annotated[
        ClusteringEvaluation, "Its ``evaluation.json``; what the file lacks reads as not found."
    ] = field(default_factory=ClusteringEvaluation)

    @classmethod
    def of(cls, run: RunFolder) -> ClusterRun:
        """Read the evaluation of a run."""
        known = {one.name: getattr(run, one.name) for one in fields(run)}
        return cls(**known, found=from_json(ClusteringEvaluation, run.evaluation))

    @property
    def table(self) -> TableRecord:
        """The table whose rows were clustered."""
        return from_json(TableRecord, self.data)

    @cached_property
    def held(self) -> list[dict[str, str]]:
        """Rows of the source with their cluster, drawn at random where there are many.

        None in a page that is made to be shared.
        """
        if not self.training_examples:
            return []
        every = read_csv(self.path / "assignments.csv")
        chosen = (
            sorted(random.Random(self.found.seed or 0).sample(range(len(every)), MOST_ROWS))
            if len(every) > MOST_ROWS
            else range(len(every))
        )
        return [{"row": str(i), **every[i]} for i in chosen]

    def rows_of(self, cluster: int) -> list[int]:
        """Return the places of a cluster's rows among those that the page holds."""
        name = "further_cluster" if self.held and "further_cluster" in self.held[0] else "cluster"
        return [i for i, row in enumerate(self.held) if row.get(name) == str(cluster)]

    @property
    def criteria(self) -> Criteria:
        """How many clusters there are by each criterion; empty where none was asked."""
        return self.found.criteria or Criteria()

    @property
    def k_by_rule(self) -> int | None:
        """The number of clusters by the rule of the report; 1 is no cluster structure."""
        return None if self.found.criteria is None else self.found.criteria.k

    @property
    def k(self) -> int | None:
        """The number of clusters that the run settled on."""
        return self.k_by_rule if self.found.k is None else self.found.k

    @property
    def found_none(self) -> bool:
        """Whether the answer is that there are no clusters, not one cluster as asked."""
        return self.k == 1 and self.k_by_rule in (None, 1)
