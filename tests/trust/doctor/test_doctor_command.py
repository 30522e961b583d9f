"""``further doctor``: what it writes, what it imports and how long it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from further import doctor
from further.cli.doctor import command
from further.train.run import Run
from trust.doctor.writers import keras_csv, our_run


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "further", "doctor", *arguments], capture_output=True, text=True
    )


def test_the_answer_comes_first(overfitted, tmp_path: Path) -> None:
    file = keras_csv(tmp_path, overfitted)
    done = run(str(file))
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Overfitting: since epoch 3 ")
    assert "Keep the weights of the best validation epoch" in done.stdout
    assert len(lines) < 25


def test_json_has_what_was_promised(overfitted, tmp_path: Path) -> None:
    found = json.loads(run(str(keras_csv(tmp_path, overfitted)), "--json").stdout)
    assert {"findings", "healthy", "columns", "notes", "cannot_tell"} <= set(found)
    assert found["healthy"] is False
    assert {"condition", "confidence", "epoch", "evidence", "try"} <= set(found["findings"][0])
    assert found["columns"]["train"] == "loss"


def test_what_cannot_be_used_ends_with_2_and_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("height,weight\n1,2\n3,4\n")
    done = run(str(file))
    assert done.returncode == 2
    assert done.stderr.startswith("further: ")
    assert '"height", "weight"' in done.stderr
    assert "--train" in done.stderr
    assert done.stderr.count("\n") == 1
    assert run(str(tmp_path / "none")).returncode == 2


def test_options_name_columns_and_baseline(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    rows = [f"{i},{2.3:.4f},{2.31:.4f}" for i in range(12)]
    file.write_text("\n".join(["when,apples,pears", *rows]))
    arguments = [str(file), "--train", "apples", "--validation", "pears", "--epoch", "when"]
    done = CliRunner().invoke(command, [*arguments, "--classes", "10", "--json"])
    found = json.loads(done.output)
    assert found["columns"] == {"train": "apples", "validation": "pears", "epoch": "when"}
    assert [finding["condition"] for finding in found["findings"]] == ["not_learning"]


def test_neither_torch_nor_scikit_learn_nor_pandas_is_imported(overfitted, tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from further.cli.main import main\n"
        "try:\n"
        f"    main(['doctor', {str(our_run(tmp_path, overfitted))!r}])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "heavy = ('torch', 'sklearn', 'pandas', 'scipy', 'pyarrow', 'numba', 'lightning_fabric')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_run_of_ours_is_diagnosed(digits, tmp_path: Path) -> None:
    from further import VAE

    X = digits[0].reshape(len(digits[0]), -1).astype(float)
    VAE(budget="8 epochs", precision="float32", random_state=0).fit(X, run=tmp_path / "run")
    assert Run(tmp_path / "run").path.joinpath("history.csv").exists()
    found = doctor(tmp_path / "run")
    assert {"train", "validation", "fit"} <= set(found.columns)


def test_a_frame_has_a_row_a_finding(overfitted) -> None:
    frame = doctor(overfitted).to_frame()
    assert frame["condition"].tolist() == ["overfitting"]
    assert list(frame.columns) == [
        "condition", "severity", "confidence", "epoch", "evidence", "causes", "try",
    ]  # fmt: skip
    assert doctor({"loss": [1.0, 0.9]}).to_frame().empty


@pytest.mark.parametrize("scale", [1, 3000])
def test_a_long_history_is_no_trouble(scale: int, tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    n = 20 * scale
    rows = [f"{i},{1 / (i + 1):.5g},{1.1 / (i + 1):.5g}" for i in range(n)]
    file.write_text("\n".join(["step,train_loss,val_loss", *rows]))
    assert doctor(file).rows == n
