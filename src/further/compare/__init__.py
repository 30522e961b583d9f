"""Several models under one budget, with controls, intervals and a recommendation; a file a task."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from further.compare.assignments import predict_clusters
    from further.compare.clusterings import Clustering, cluster_table
    from further.compare.generative import Comparison, generative_models, judge, resume
    from further.compare.single import Trained, evaluate_model, resume_training, train_model

_HOME = {
    "Clustering": "clusterings",
    "Comparison": "generative",
    "Trained": "single",
    "cluster_table": "clusterings",
    "evaluate_model": "single",
    "generative_models": "generative",
    "judge": "generative",
    "predict_clusters": "assignments",
    "resume": "generative",
    "resume_training": "single",
    "train_model": "single",
}

__all__ = [
    "Clustering", "Comparison", "Trained", "cluster_table", "evaluate_model",
    "generative_models", "judge", "predict_clusters", "resume", "resume_training", "train_model",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"further.compare.{_HOME[name]}"), name)
    raise AttributeError(f"module 'further.compare' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
