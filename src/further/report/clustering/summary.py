"""What commands say of a clustering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from further.evaluate.clustering.choice import Alternative, ClusterStabilities, StabilityOfCluster
from further.evaluate.clustering.description import ProfileRecord
from further.evaluate.clustering.record import ClusteringEvaluation
from further.evaluate.metrics import METRICS
from further.evaluate.record import Measured
from further.evaluate.typed_json import from_json
from further.report.estimates import write_estimate
from further.report.numbers import significant
from further.report.summary import Summary, TextTable

if TYPE_CHECKING:
    from further.compare.result import Result

#: What ``further cluster --json`` writes of an evaluation; all of it stands in the run.
_KEYS = (
    "run", "sentence", "k", "method", "hyperparameters", "distance", "scale", "criteria",
    "sizes", "noise", "stability", "cluster_stability", "inertia", "profile", "columns",
    "alternatives", "anomalies", "agreement", "doubts", "seed", "seconds",
)  # fmt: skip
#: The metrics by which a clustering is set beside its alternatives.
_COMPARED = ("stability", "silhouette", "agreement")


def summary(result: Result[Any]) -> Summary:
    """Return the clusters, the alternatives and the answer."""
    evaluation = result.evaluation
    found = from_json(ClusteringEvaluation, evaluation)
    notes = [*found.data.notes, *found.notes]
    blocks: list[str | TextTable] = [*notes, *(f"Doubt: {doubt}" for doubt in found.doubts)]
    stabilities = found.cluster_stability or ClusterStabilities()
    held = {one.cluster: one for one in stabilities.clusters}
    if found.profile:
        headings = ["cluster", "rows", "share", "Jaccard (95 %)", "verdict", "what sets it apart"]
        rows = [_cluster_row(one, held.get(one.cluster)) for one in found.profile]
        blocks += ["", TextTable(headings, rows, 2)]
    if held:
        blocks.append(
            "Jaccard similarity of each cluster to its nearest in "
            f"{stabilities.clusters[0].jaccard.n} bootstrap samples (Hennig): stable from "
            f"{stabilities.stable_from:g} on, a pattern from {stabilities.pattern_from:g} on."
        )
    compared = [_alternative_row(one) for one in found.alternatives if one.stability]
    if compared:
        names = (METRICS[name].heading for name in _COMPARED)
        blocks.append(TextTable(["method", "clusters", *names, "in none"], compared, 5))
    blocks.append(found.sentence)
    blocks.append(f"Rows with their clusters: {result.path / 'assignments.csv'}")
    told = {key: evaluation.get(key) for key in _KEYS}
    return Summary(told | {"notes": [*notes, *found.doubts]}, blocks)


def _cluster_row(profile: ProfileRecord, held: StabilityOfCluster | None) -> list[str]:
    name = "none" if profile.cluster < 0 else str(profile.cluster)
    apart = "; ".join(feature.text for feature in profile.features[:3])
    jaccard = "" if held is None else write_estimate(held.jaccard)
    verdict = "" if held is None else held.verdict
    return [name, f"{profile.size:,}", f"{profile.share:.0%}", jaccard, verdict, apart]


def _alternative_row(entry: Alternative) -> list[str]:
    figures = ((own or Measured()).value for own in (entry.stability, entry.silhouette))
    label = f"{entry.label} (chosen)" if entry.chosen else entry.label
    none = "" if entry.noise_share is None else f"{entry.noise_share:.0%}"
    return [label, str(entry.k), *map(significant, (*figures, entry.agreement)), none]
