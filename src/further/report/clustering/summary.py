"""What commands say of a clustering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from further.evaluate.metrics import METRICS
from further.report.numbers import significant
from further.report.summary import Summary, TextTable

#: What ``further cluster --json`` writes of an evaluation; all of it stands in the run.
CLUSTERING_KEYS = (
    "run", "sentence", "k", "method", "hyperparameters", "distance", "scale", "criteria",
    "sizes", "noise", "stability", "inertia", "profile", "columns", "alternatives", "anomalies",
    "agreement", "notes", "seed", "seconds",
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
    rows = [_cluster_row(profile) for profile in evaluation["profile"]]
    if rows:
        blocks.append("")
        blocks.append(TextTable(["cluster", "rows", "share", "what sets it apart"], rows, 2))
    compared = [entry for entry in evaluation["alternatives"] if entry["stability"]]
    if compared:
        headings = (METRICS[name].heading for name in _COMPARED)
        cells = [_alternative_row(entry) for entry in compared]
        blocks.append(TextTable(["method", "clusters", *headings, "in none"], cells, 5))
    blocks.append(evaluation["sentence"])
    blocks.append(f"Rows with their clusters: {path / 'assignments.csv'}")
    return Summary({key: evaluation.get(key) for key in CLUSTERING_KEYS}, blocks)


def _cluster_row(profile: dict[str, Any]) -> list[str]:
    name = "none" if profile["cluster"] < 0 else str(profile["cluster"])
    apart = "; ".join(feature["text"] for feature in profile["features"][:3])
    return [name, f"{profile['size']:,}", f"{profile['share']:.0%}", apart]


def _alternative_row(entry: dict[str, Any]) -> list[str]:
    figures = [
        significant((entry[name] or {}).get("value")) for name in ("stability", "silhouette")
    ]
    label = f"{entry['label']} (chosen)" if entry["chosen"] else entry["label"]
    none = "" if entry["noise_share"] is None else f"{entry['noise_share']:.0%}"
    return [label, str(entry["k"]), *figures, significant(entry["agreement"]), none]
