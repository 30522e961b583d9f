"""``further explain-net``: what it says, what it writes, and that it imports nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import further as library

LIGHT = """
import sys
from click.testing import CliRunner
from further.cli.main import cli
result = CliRunner().invoke(cli, ["explain-net", "3-5-2-1", *sys.argv[1:]])
assert result.exit_code == 0, result.output
heavy = ("torch", "numpy", "pandas", "sklearn", "scipy", "rich")
print([name for name in heavy if name in sys.modules])
"""


def test_it_says_what_is_learnt(further):
    status, out, _ = further("explain-net", "3-5-2-1")
    assert status == 0
    lines = out.splitlines()
    total = next(line for line in lines if "total" in line)
    assert total.split() == ["total", "27", "8", "35"]
    assert "y = g(W3 a(W2 a(W1 x + b1) + b2) + b3)" in lines
    assert any(line.startswith("memory of a training step of 32 examples") for line in lines)
    assert any("to be chosen: learning rate, batch size" in line for line in lines)


def test_json_has_layers_and_parameters(further):
    found = json.loads(further("explain-net", "3-5-2", "--json", "--batch-size", 4).out)
    assert found["parameters"] == 32
    assert [layer["parameters"] for layer in found["layers"]] == [20, 12]
    assert found["layers"][0]["product"] == "(5 x 3) (3 x 4) = 5 x 4"


def test_words_may_be_arguments_of_their_own_and_key_value_works(further):
    words = "1x28x28 conv8k3 pool2 conv16k3 pool2 flatten 10"
    one = json.loads(further("explain-net", words, "--json").out)
    several = json.loads(further("explain-net", *words.split(), "--json").out)
    assert one == several
    # 80 + 1168 + 4010
    assert one["parameters"] == 5258
    sparse = json.loads(further("explain-net", "100-50-10", "density=0.1", "--json").out)
    assert sparse["parameters"] == 610


@pytest.mark.parametrize("options", [[], ["--json"], ["--density", "0.5"], ["--out", "net.svg"]])
def test_sizes_import_nothing_heavy(options, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", LIGHT, *options], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_drawing_is_written_and_nothing_overwritten(further, tmp_path):
    svg, page = tmp_path / "new" / "net.svg", tmp_path / "net.html"
    assert f"Drawing: {svg}" in further("explain-net", "3-5-2-1", "--out", svg).out
    assert ET.parse(svg).getroot().tag.endswith("svg")
    assert further("explain-net", "3-5-2-1", "--out", page, "--quiet").out == ""
    assert page.read_text().startswith("<!doctype html>")
    status, _, err = further("explain-net", "3-5-2-1", "--out", page)
    assert (status, "is not overwritten" in err) == (2, True)
    status, _, err = further("explain-net", "3-5-2-1", "--out", tmp_path / "net.png")
    assert (status, "must end in .svg or .html" in err) == (2, True)


def test_a_run_with_a_network(further, tmp_path):
    model = library.Autoencoder(budget="2 steps", precision="float32", device="cpu")
    model.fit(np.random.default_rng(0).normal(size=(60, 3)), run=tmp_path / "run")
    found = json.loads(further("explain-net", tmp_path / "run", "--json").out)
    assert found["parameters"] == model.n_parameters_
    assert found["hyperparameters"]["training"]["epochs"] == "2 steps"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["3"], "as in 3-5-2-1"),
        (["3-5-x"], 'There is no layer "x"'),
        (["1x28x28", "conv8k3", "10"], '"10", layer 2'),
        (["3-5-2", "--density", "2"], "at most 1"),
        (["3-5-2", "--optimizer", "adan"], 'did you mean "adam"'),
        ([], "Missing argument"),
    ],
)
def test_bad_input_is_one_sentence_and_2(further, arguments, message):
    status, out, err = further("explain-net", *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_what_is_no_run_is_said(further, tmp_path):
    status, _, err = further("explain-net", tmp_path)
    assert (status, "is not a run" in err) == (2, True)
