"""What users type after ``further.``: every estimator and a few more names, for editors too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import further
from further import registry
from further._stub import stub
from further.train.estimator import DatasetEstimator


def test_the_stub_is_what_the_registry_gives() -> None:
    """Run ``python -m further._stub`` after a change of the registry."""
    assert Path(further.__file__).with_name("__init__.pyi").read_text() == stub()


def test_every_name_is_there_and_comes_from_its_module() -> None:
    for name, module in registry.public_names().items():
        assert getattr(further, name).__module__ == module
    for line in registry.MODELS:
        assert getattr(further, line.cls) is line.load()
    assert set(registry.public_names()) <= set(dir(further))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="KMeanz"):
        further.KMeanz  # noqa: B018


def test_no_two_models_share_a_name_or_a_class() -> None:
    for attribute in ("name", "cls", "label"):
        if attribute == "label":  # one method for two tasks may have one label
            found = [(line.task, line.label) for line in registry.MODELS]
        else:
            found = [getattr(line, attribute) for line in registry.MODELS]
        assert len(set(found)) == len(found), attribute


def test_what_a_command_trains_takes_any_data() -> None:
    """What the registry says of a model's commands is true of its class."""
    for line in registry.MODELS:
        if registry.find_task(line.task).command == "train":
            assert issubclass(line.load(), DatasetEstimator) == line.from_commands, line.name


def test_importing_further_imports_nothing_heavy() -> None:
    script = (
        "import sys, further; dir(further); "
        "print([m for m in ('torch', 'sklearn', 'numpy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("line", registry.TASKS, ids=lambda line: line.name)
def test_the_modules_of_a_task_are_there(line: registry.TaskEntry) -> None:
    offered = {
        "compare": ("compare", "train", "open_run"),
        "evaluate": (),
        "report": ("page", "summary"),
    }
    for part, names in offered.items():
        if getattr(line, part):
            module = registry.task_module(line.name, part)
            assert all(callable(getattr(module, name)) for name in names)
