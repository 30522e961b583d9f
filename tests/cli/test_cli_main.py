from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from further.cli import main as main_module
from further.cli.main import COMMANDS
from further.registry import MODELS, models_for

HEAVY = ("torch", "numpy", "pandas", "sklearn", "scipy", "rich", "PIL", "lightning_fabric")
WITHOUT_HEAVY = """
import sys
from click.testing import CliRunner
from further.cli.main import cli
commands = ("--help", "models", "train --help", "compare --help", "data --help", "runs nowhere",
            "explain-net 3-5-2-1")
for arguments in map(str.split, commands):
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, (arguments, result.output)
print(",".join(name for name in %r if name in sys.modules))
"""


def test_help_and_lists_import_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_HEAVY % (HEAVY,)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_help_names_every_command_with_the_questions_first(further):
    status, out, _ = further("--help")
    assert status == 0
    assert all(f"\n  {name} " in out for name in COMMANDS)
    titles = [line for line in out.splitlines() if line.endswith(":")]
    assert titles == ["Options:", "Ask:", "Train and use:", "Runs and models:"]
    questions = out[out.index("Ask:") : out.index("Train and use:")].splitlines()[1:-1]
    assert all(line.endswith("?") for line in questions)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(further, name):
    status, out, err = further(name, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"Usage: further {name}")


#: The common options of each command, where they mean something.
OPTIONS = {
    "cluster": {"--json", "--quiet", "--seed", "--out"},
    "compare": {"--json", "--quiet", "--seed", "--out", "--device"},
    "data": {"--json", "--quiet", "--seed"},
    "audit": {"--json", "--quiet", "--seed", "--out"},
    "audit-labels": {"--json", "--quiet", "--seed", "--out", "--device"},
    "card": {"--json", "--quiet"},
    "doctor": {"--json", "--quiet"},
    "explain-net": {"--json", "--quiet", "--out"},
    "train": {"--json", "--quiet", "--seed", "--out", "--device"},
    "evaluate": {"--json", "--quiet", "--seed", "--out", "--device"},
    "sample": {"--json", "--quiet", "--seed", "--out", "--device"},
    "predict": {"--json", "--quiet", "--out", "--device"},
    "export": {"--json", "--quiet"},
    "impute": {"--json", "--quiet", "--seed", "--out", "--device"},
    "resume": {"--json", "--quiet", "--device"},
    "report": {"--json", "--quiet", "--out"},
    "runs": {"--json", "--quiet"},
    "carbon": {"--json", "--quiet"},
    "models": {"--json"},
}


@pytest.mark.parametrize("name", COMMANDS)
def test_common_options_are_there_where_they_mean_something(further, name):
    model = ["vae"] if name == "train" else []
    out = further(name, *model, "--help").out
    common = {"--json", "--quiet", "--seed", "--out", "--device"}
    lines = out.replace("\n  -o, ", "\n  ")
    assert {option for option in common if f"\n  {option} " in lines} == OPTIONS[name]


@pytest.mark.parametrize("command", [("compare",), ("train", "vae")])
def test_a_device_that_is_not_there_is_one_sentence_and_2(
    further, tmp_path, command, missing_device
):
    run, name = tmp_path / "run", missing_device
    status, out, err = further(*command, "digits", "--device", name, "--out", run)
    assert (status, out) == (2, "")
    assert f'device="{name}" is not available' in err
    assert len(err.splitlines()) == 1
    assert not run.exists()


def test_version(further):
    assert further("--version").out.startswith("further 0.")


def test_python_dash_m():
    done = subprocess.run(
        [sys.executable, "-m", "further", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("further ")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["compre", "digits"], "compare"),
        (["compare", "digits", "--budgt", "1e9"], "--budget"),
        (["compare", "digits", "budgt=1e9"], "--budget"),
        (["compare", "digts"], "digits"),
        (["compare"], "DATA"),
        (["compare", "digits", "--models", "vea"], "vae"),
        (["compare", "digits", "--budget", "soon"], "budget"),
        (["compare", "digits", "--repeats", "0"], "--repeats"),
        (["compare", "digits", "--epochs", "3", "budget=1e9"], "give one of the two"),
        (["train", "vae", "digits", "--epochs=3", "--budget", "1e9"], "give one of the two"),
        (["train", "copy", "digits", "--epochs=3"], "--epochs"),
        (["compare", "digits", "json=perhaps"], "json"),
        (["train", "vea", "digits"], "vae"),
        (["report", "nowhere"], "nowhere"),
        (["resume", "nowhere"], "nowhere"),
        (["evaluate", "nowhere"], "nowhere"),
        (["sample", "nowhere"], "nowhere"),
        (["runs", "--remove", "nowhere"], "nowhere"),
        (["data", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_wrong_usage_or_input_is_one_sentence_and_2(
    further, tmp_path, monkeypatch, arguments, named
):
    monkeypatch.chdir(tmp_path)
    status, out, err = further(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("further: ")
    assert named in err
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


def test_a_failure_of_ours_is_1_and_names_the_traceback(further, monkeypatch):
    def fail(*arguments: object, **options: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr("further.data.load", fail)
    status, out, err = further("data", "digits")
    assert (status, out) == (1, "")
    assert len(err.splitlines()) == 1
    path = Path(err.split()[-1])
    assert "KeyError" in path.read_text()
    path.unlink()


def test_an_interruption_is_130_and_says_how_to_resume(further, tmp_path, monkeypatch):
    run = tmp_path / "run"

    def interrupted(data: str, **options: object) -> None:
        run.mkdir()
        (run / "run.json").write_text("{}")
        raise KeyboardInterrupt

    monkeypatch.setattr("further.compare.generation.task.compare", interrupted)
    status, out, err = further("compare", "digits", "--out", run)
    assert (status, out) == (130, "")
    assert err.strip().endswith(f"further resume {run}")


def test_a_refusal_of_a_hyperparameter_by_scikit_learn_is_2(monkeypatch):
    from further._sklearn import InvalidParameterError

    assert main_module._is_parameter_error(InvalidParameterError("no"))
    assert not main_module._is_parameter_error(ValueError("no"))


def test_models_lists_the_table(further):
    out = further("models").out
    assert all(line.name in out for line in MODELS)
    told = {line.split()[0]: line for line in out.splitlines()}
    assert told["vae"].endswith("train")
    assert told["kmeans"].endswith("cluster")
    assert told["perceptron"].endswith("no        Python only")


def test_train_lists_apart_what_it_cannot_train(further):
    _, _, listed = further("train", "--help").out.partition("Models:\n")
    able, _, unable = listed.partition("From Python only:\n")
    listed_names = {line.split()[0] for line in able.strip().splitlines()}
    assert {line.name for line in models_for(command="train")} <= listed_names
    names = [line.split()[0] for line in unable.split("\n\n")[0].splitlines()]
    assert names == [line.name for line in models_for(command="")]
    assert not listed_names & set(names)
    for name in names:
        for arguments in ((name, "digits"), (name, "--help")):
            found = further("train", *arguments)
            assert found.status == 2
            assert "learns from arrays in Python: further." in found.err
            assert len(found.err.strip().splitlines()) == 1


def test_train_says_which_command_fits_a_method(further):
    found = further("train", "kmeans", "digits")
    assert found.status == 2
    assert 'k-means is fitted by "further cluster", not by "further train"' in found.err
