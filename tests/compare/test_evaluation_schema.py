"""``evaluation.json`` follows its published schema, which follows the types that write it."""

from __future__ import annotations

import json
from dataclasses import make_dataclass
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from further.evaluate.clustering.record import ClusteringEvaluation
from further.evaluate.metrics import METRICS
from further.evaluate.record import Evaluation
from further.evaluate.schema import evaluation_schema
from further.evaluate.typed_json import from_json, to_json, typed
from real_runs import MAKERS, RealRuns

PUBLISHED = Path(__file__).parents[2] / "docs" / "evaluation.schema.json"


def test_the_published_schema_is_that_of_the_types() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == evaluation_schema(), (
        "python -m further.evaluate.schema > docs/evaluation.schema.json"
    )


@pytest.mark.parametrize("name", MAKERS)
def test_every_file_follows_the_schema(real_runs: RealRuns, name: str) -> None:
    validator = jsonschema.Draft202012Validator(evaluation_schema())
    files = list(real_runs.path(name).rglob("evaluation.json"))
    assert files
    for file in files:
        validator.validate(json.loads(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["digits", "table", "single"])
def test_what_was_written_is_read_back(real_runs: RealRuns, name: str) -> None:
    written = json.loads((real_runs.path(name) / "evaluation.json").read_text(encoding="utf-8"))
    assert to_json(from_json(Evaluation, written)) == written


@pytest.mark.parametrize("name", ["digits", "table", "single"])
def test_every_figure_is_declared_and_within_its_range(real_runs: RealRuns, name: str) -> None:
    written = json.loads((real_runs.path(name) / "evaluation.json").read_text(encoding="utf-8"))
    for model in from_json(Evaluation, written).models:
        assert set(model.metrics) <= set(METRICS)
        for metric, figure in model.metrics.items():
            least, most = METRICS[metric].range
            known = [v for v in (figure.value, figure.real, figure.noise) if v is not None]
            assert all(least is None or value >= least - 1e-9 for value in known), metric
            assert all(most is None or value <= most + 1e-9 for value in known), metric


def test_what_is_damaged_reads_as_nothing_known() -> None:
    found = from_json(
        Evaluation,
        {
            "seed": "0",
            "models": [{"name": "vae", "metrics": {"recall": {"value": float("nan")}}}, 7],
        },
    )
    assert found.seed is None
    assert [model.name for model in found.models] == ["vae"]
    assert found.models[0].metrics["recall"].value is None


def test_what_no_type_declares_is_not_written(real_runs: RealRuns) -> None:
    written = json.loads((real_runs.path("uniform") / "evaluation.json").read_text())
    assert to_json(typed(ClusteringEvaluation, written)) == written
    with pytest.raises(TypeError, match="does not declare criteria"):
        typed(ClusteringEvaluation, written | {"criteria": {**written["criteria"], "odd": 1}})


def test_a_field_may_be_an_array() -> None:
    assert to_json(make_dataclass("Tree", ["sizes"])(np.array([2, 1]))) == {"sizes": [2, 1]}
