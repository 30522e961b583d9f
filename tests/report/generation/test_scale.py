from __future__ import annotations

import pytest

from further.evaluate.record import Figure
from further.report.generation.scale import scale_of
from further.report.generation.scale_plot import _bend, _cut
from further.report.run_folder import ModelRun


def model(name: str, metric: str, value: float | None, **more: float) -> ModelRun:
    figure = Figure(value, **more)
    return ModelRun(name, name, is_copy=name == "copy", energy_wh=value, metrics={metric: figure})


def test_noise_is_zero_and_real_is_one() -> None:
    scale = scale_of([model("vae", "coverage", 0.5, real=0.9, noise=0.1)], "coverage")
    assert scale is not None
    assert scale.anchored
    assert [scale.position(value) for value in (0.1, 0.5, 0.9)] == pytest.approx([0, 0.5, 1])


def test_lower_is_further_right_when_lower_is_better() -> None:
    scale = scale_of([model("vae", "kernel_distance", 0.2, real=0.0, noise=0.8)], "kernel_distance")
    assert scale is not None
    assert scale.position(0.2) == pytest.approx(0.75)
    assert scale.position(1.0) == pytest.approx(-0.25)


def test_unknown_ends_are_the_worst_and_the_best_of_the_models() -> None:
    models = [model("vae", "x", 0.1), model("gan", "x", 10.0), model("flow", "x", 1.0)]
    scale = scale_of(models, "energy_wh")
    assert scale is not None
    assert (scale.left_name, scale.right_name) == ("worst", "best")
    # A tenth, one and ten lie equally far apart: costs are drawn on a logarithmic line.
    assert scale.position(1.0) == pytest.approx(0.5)


def test_a_model_that_copies_sets_no_mark() -> None:
    models = [model("vae", "x", 0.2), model("gan", "x", 0.4), model("copy", "x", 1e-9)]
    scale = scale_of(models, "energy_wh")
    assert scale is not None
    assert (scale.left, scale.right) == (0.4, 0.2)


def test_no_scale_without_a_value() -> None:
    assert scale_of([model("gan", "bits_per_dimension", None)], "bits_per_dimension") is None


def test_figures_have_the_digits_that_their_intervals_support() -> None:
    narrow = scale_of([model("vae", "recall", 0.98765, low=0.976, high=0.998)], "recall")
    assert narrow is not None
    assert narrow.write(0.98765) == "0.988"
    tiny = scale_of([model("vae", "kernel_distance", 0.0012, low=0.0008, high=0.0016)],
                    "kernel_distance")  # fmt: skip
    assert tiny is not None
    assert tiny.write(0.0012) == "0.00120"


def test_the_cut_keeps_the_order_and_both_ends() -> None:
    models = [
        model(str(place), "coverage", value, real=1.0, noise=0.0)
        for place, value in enumerate((0.9, 0.94, 0.97))
    ]
    scale = scale_of(models, "coverage")
    assert scale is not None
    cut = _cut(models, scale)
    assert cut is not None
    assert 0.88 < cut < 0.9
    drawn = [_bend(value, cut) for value in (0.0, 0.5, 0.9, 0.94, 0.97, 1.0)]
    assert drawn == sorted(drawn, key=lambda spot: spot or 0.0)
    assert drawn[0] == 0.0
    assert drawn[-1] == pytest.approx(1.0)


def test_no_cut_where_models_are_spread() -> None:
    models = [
        model(str(place), "coverage", value, real=1.0, noise=0.0)
        for place, value in enumerate((0.2, 0.4, 0.6, 0.9))
    ]
    scale = scale_of(models, "coverage")
    assert scale is not None
    assert _cut(models, scale) is None
