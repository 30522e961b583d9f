"""The JSON of DeepOBS: losses of training and test rows with the same weights, from the start."""

from __future__ import annotations

from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, from_lists


def _is_deepobs(source: Source) -> bool:
    found = source.json
    return (
        isinstance(found, dict)
        and isinstance(found.get("train_losses"), list)
        and ("testproblem" in found or "test_losses" in found)
    )


def _read(source: Source) -> Logged:
    names = ("train_losses", "valid_losses", "test_losses", "train_accuracies", "valid_accuracies",
             "test_accuracies")  # fmt: skip
    rows = from_lists({name: source.json[name] for name in names if name in source.json})
    numbered = [{"epoch": float(i), **row} for i, row in enumerate(rows)]
    note = (
        "Losses are evaluated after each epoch with the same weights; epoch 0 is before training."
    )
    return Logged("DeepOBS", numbered, (note,), same_weights=True, first_is_untrained=True)


LAYOUTS = (Layout("a DeepOBS result", _is_deepobs, _read),)
