"""What commands say of a clustering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from further.evaluate.metrics import METRICS
from further.report.estimates import read_estimate, write_estimate
from further.report.numbers import significant
from further.report.summary import Summary, TextTable

#: What ``further cluster --json`` writes of an evaluation; all of it stands in the run.
CLUSTERING_KEYS = (
    "run", "sentence", "k", "method", "hyperparameters", "distance", "scale", "criteria",
    "sizes", "noise", "stability", "cluster_stability", "inertia", "profile", "columns",
    "alternatives", "anomalies", "agreement", "notes", "seed", "seconds",
)  # fmt: skip


#: The metrics by which a clustering is set beside its alternatives.
_COMPARED = ("stability", "silhouette", "agreement")


def summary(path: Path, evaluation: dict[str, Any]) -> Summary:
    """Return the clusters, the alternatives and the answer.

    Parameters
    ----------
    path : Path
        The run.
    evaluation : dict
        Its ``evaluation.json``.

    Returns
    -------
    Summary
        For a terminal, and for ``--json``.
    """
    blocks: list[str | TextTable] = [*evaluation["data"]["notes"], *evaluation["notes"]]
    found = evaluation["cluster_stability"]
    stable = {one["cluster"]: one for one in found["clusters"]} if found else {}
    rows = [_cluster_row(profile, stable) for profile in evaluation["profile"]]
    if rows:
        headings = ["cluster", "rows", "share", "Jaccard (95 %)", "verdict", "what sets it apart"]
        blocks += ["", TextTable(headings, rows, 2)]
    if stable:
        n = found["clusters"][0]["jaccard"]["n"]
        blocks.append(
            f"Jaccard similarity of each cluster to its nearest in {n} bootstrap samples (Hennig): "
            f"stable from {found['stable_from']:g} on, a pattern from {found['pattern_from']:g} on."
        )
    compared = [entry for entry in evaluation["alternatives"] if entry["stability"]]
    if compared:
        names = (METRICS[name].heading for name in _COMPARED)
        cells = [_alternative_row(entry) for entry in compared]
        blocks.append(TextTable(["method", "clusters", *names, "in none"], cells, 5))
    blocks.append(evaluation["sentence"])
    blocks.append(f"Rows with their clusters: {path / 'assignments.csv'}")
    return Summary({key: evaluation.get(key) for key in CLUSTERING_KEYS}, blocks)


def _cluster_row(profile: dict[str, Any], stable: dict[int, dict[str, Any]]) -> list[str]:
    name = "none" if profile["cluster"] < 0 else str(profile["cluster"])
    apart = "; ".join(feature["text"] for feature in profile["features"][:3])
    held = stable.get(profile["cluster"])
    jaccard = "" if held is None else write_estimate(read_estimate(held["jaccard"]))
    verdict = "" if held is None else held["verdict"]
    return [name, f"{profile['size']:,}", f"{profile['share']:.0%}", jaccard, verdict, apart]


def _alternative_row(entry: dict[str, Any]) -> list[str]:
    figures = [
        significant((entry[name] or {}).get("value")) for name in ("stability", "silhouette")
    ]
    label = f"{entry['label']} (chosen)" if entry["chosen"] else entry["label"]
    none = "" if entry["noise_share"] is None else f"{entry['noise_share']:.0%}"
    return [label, str(entry["k"]), *figures, significant(entry["agreement"]), none]
