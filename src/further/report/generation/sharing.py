"""What a page or a run gives away of the training set to those with whom it is shared."""

from __future__ import annotations

from further.evaluate.generation.membership import FALSE_POSITIVES, MEMBERSHIP, WHITE_BOX
from further.report.numbers import share
from further.report.run_folder import RunFolder

TRIED = (
    "Membership inference: an attacker is given training rows and as many test rows, and names "
    "training rows by how much nearer samples lie to them than validation rows do, or, with the "
    "weights in hand, by how well the model denoises or reconstructs a row or how likely it finds "
    "it. Told is the share that he finds while he wrongly accuses a tenth of the test rows; "
    "guessing finds a tenth. Samples for it are drawn in at most a tenth of the operations of the "
    "training. Other attacks may find more, and this one looks at the average row: a "
    "model that copies a tenth of its training rows scores 0.19."
)


def revealed(run: RunFolder) -> str:
    """Say what somebody learns of the training rows who gets the page, or the whole run."""
    parts = [
        _of(run, MEMBERSHIP, "with many samples"),
        _of(run, WHITE_BOX, "with the trained weights, which lie in the run"),
    ]
    known = [part for part in parts if part]
    if not known:
        return (
            "What the weights in this run give away of the training set was not measured: share "
            "the page, not the run."
        )
    return (
        f"An attacker who wrongly accuses {share(FALSE_POSITIVES)} of other rows, where guessing "
        f"finds as many, finds {'; '.join(known)}. Share the page, not the run, with whoever must "
        "not learn who was in the training set."
    )


def _of(run: RunFolder, metric: str, means: str) -> str:
    """Tell the highest figure of the models that are no copies."""
    found = [
        (figure.value or 0.0, model.label, figure)
        for model in run.models
        if not (model.is_copy or model.is_control) and (figure := model.figure(metric)) is not None
    ]
    if not found:
        return ""
    value, label, figure = max(found, key=lambda told: told[:2])
    limits = f"{share(figure.low)} to {share(figure.high)}, " if figure.low is not None else ""
    return f"{share(value)} of the training rows {means} ({limits}{label})"
