from __future__ import annotations

from pathlib import Path

from further.evaluate.record import Figure
from further.report.generation.sharing import revealed
from further.report.run_folder import ModelRun, RunFolder


def run(**models: dict[str, Figure]) -> RunFolder:
    made = tuple(
        ModelRun(name, name, is_copy=name == "copy", metrics=metrics)
        for name, metrics in models.items()
    )
    return RunFolder(Path(), {}, {}, made, (), False)


def test_the_worst_model_that_is_no_copy_is_told() -> None:
    told = revealed(
        run(
            copy={"membership": Figure(1.0, 0.9, 1.0)},
            vae={"membership": Figure(0.12, 0.08, 0.17)},
            diffusion={
                "membership": Figure(0.18, 0.13, 0.24),
                "membership_white_box": Figure(0.73, 0.64, 0.8),
            },
        )
    )
    told = told.replace("\u00a0", " ")
    assert "finds 18 % of the training rows with many samples (13 % to 24 %, diffusion)" in told
    assert "73 % of the training rows with the trained weights" in told
    assert "Share the page, not the run" in told


def test_what_was_not_measured_is_not_called_safe() -> None:
    assert "was not measured" in revealed(run(vae={}))
