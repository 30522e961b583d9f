"""Parameters, products, memory and operations: by hand, by torch's own counts, by scikit-learn."""

from __future__ import annotations

import json
import warnings
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn.utils import prune
from torch.utils.flop_counter import FlopCounterMode

import further
from further.errors import InputError
from further.explain.architecture import explain_architecture
from further.explain.notation import parse

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("sizes", "each", "total"),
    [("3-5-2", [20, 12], 32), ("3-5-2-1", [20, 12, 3], 35), ([784, 100, 10], [78500, 1010], 79510)],
)
def test_dense_parameters_by_hand(sizes, each, total):
    net = explain_architecture(sizes)
    assert [layer.parameters for layer in net.layers] == each
    assert net.parameters == total == net.weights + net.biases


@pytest.mark.parametrize("text", ["3-5-2-1", "3 5 2 1", "3,5,2,1", " 3 - 5 -2- 1 ", "3, 5, 2, 1"])
def test_separators_do_not_matter(text):
    assert explain_architecture(text).parameters == 35


def test_the_chain_of_products():
    net = explain_architecture("3-5-2", batch_size=4)
    rows = net.records()
    assert [row["formula"] for row in rows] == ["h1 = a(W1 x + b1)", "y = g(W2 h1 + b2)"]
    assert rows[0]["product"] == "(5 x 3) (3 x 4) = 5 x 4"
    assert rows[1]["product"] == "(2 x 5) (5 x 4) = 2 x 4"
    assert net.chain == "y = g(W2 a(W1 x + b1) + b2)"
    assert (
        explain_architecture("3 5 relu 2 softmax").chain == "y = softmax(W2 relu(W1 x + b1) + b2)"
    )


def test_a_convolution_by_hand():
    net = explain_architecture("3x32x32 conv8k5s2p2")
    (layer,) = net.layers
    # 8 kernels of 3 x 5 x 5, at 16 x 16 places.
    assert (layer.weights, layer.biases) == (600, 8)
    assert layer.outputs == (8, 16, 16)
    assert layer.multiply_adds == 600 * 256
    assert layer.product(1) == "(8 x 75) (75 x 256) = 8 x 256"


def test_memory_and_operations_by_hand():
    net = explain_architecture("3-5-2", batch_size=10, optimizer="momentum")
    assert net.memory.parameters == net.memory.gradients == net.memory.optimizer == 4 * 32
    assert net.memory.activations == 4 * 10 * (3 + 5 + 2)
    assert net.memory.total == 3 * 128 + 400
    assert net.operations.forward == 2 * 10 * (15 + 10)
    # Each product twice more on the way back, but for the gradient of the input.
    assert net.operations.step == 2 * 10 * (2 * 15 + 3 * 10)


@pytest.mark.parametrize(
    ("optimizer", "numbers"), [("sgd", 0), ("momentum", 1), ("adam", 2), ("adamw", 2)]
)
def test_the_state_of_an_optimizer_is_that_of_torch(optimizer, numbers):
    net = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
    made = {
        "sgd": lambda p: torch.optim.SGD(p, 0.1),
        "momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9),
        "adam": torch.optim.Adam,
        "adamw": torch.optim.AdamW,
    }[optimizer](net.parameters())
    net(torch.ones(1, 3)).sum().backward()
    made.step()
    state = [v for s in made.state.values() for v in s.values() if torch.is_tensor(v) and v.dim()]
    found = explain_architecture(net, optimizer=optimizer).memory.optimizer
    assert found == 4 * sum(value.numel() for value in state) == 4 * numbers * 32


NOTATIONS = {
    "3 5 relu 2": lambda: nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2)),
    "1x28x28 conv8k3 relu pool2 conv16k3s2p1 relu pool2 flatten 10": lambda: nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(144, 10),
    ),
    "4x9x12 conv6k3x2g2 norm tanh avgpool2x3s1p0 gap 3 softmax": lambda: nn.Sequential(
        nn.Conv2d(4, 6, (3, 2), groups=2), nn.BatchNorm2d(6), nn.Tanh(),
        nn.AvgPool2d((2, 3), 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3),
        nn.Softmax(1),
    ),
    "2x50 conv4k5p2 gelu pool5s3p1 flatten dropout 7": lambda: nn.Sequential(
        nn.Conv1d(2, 4, 5, padding=2), nn.GELU(), nn.MaxPool1d(5, 3, 1), nn.Flatten(),
        nn.Dropout(), nn.Linear(64, 7),
    ),
    "6 layernorm 4": lambda: nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 4)),
}  # fmt: skip


@pytest.mark.parametrize("text", NOTATIONS)
def test_the_notation_is_what_torch_builds(text):
    inputs, layers = parse(text)
    net = NOTATIONS[text]()
    out = net(torch.zeros(2, *inputs))
    assert out.shape[1:] == layers[-1].outputs
    counted = [layer.parameters for layer in layers if layer.parameters]
    own = [sum(p.numel() for p in part.parameters()) for part in net]
    assert counted == [n for n in own if n]
    read = explain_architecture(net, input_shape=inputs)
    assert [layer.parameters for layer in read.layers if layer.parameters] == counted
    assert read.is_chain
    assert read.layers[-1].outputs == layers[-1].outputs


@pytest.mark.parametrize("text", [t for t in NOTATIONS if "norm" not in t])
def test_operations_are_those_that_torch_counts(text):
    inputs, _ = parse(text)
    net, rows = NOTATIONS[text](), torch.randn(4, *inputs)
    with FlopCounterMode(display=False) as forward:
        loss = net(rows).sum()
    with FlopCounterMode(display=False) as step:
        net(rows).sum().backward()
    assert loss.isfinite()
    for model, shape in ((text, None), (net, inputs)):
        found = explain_architecture(model, input_shape=shape, batch_size=4).operations
        assert found.forward == forward.get_total_flops()
        assert found.step == step.get_total_flops()


def test_every_parameter_of_any_module_is_counted_once():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(4))
            self.twice = nn.Linear(4, 4, bias=False)
            self.unused = nn.Linear(7, 7)
            self.up = nn.ConvTranspose1d(1, 2, 3)

        def forward(self, x):
            return self.up((self.twice(self.twice(x)) * self.scale + x)[:, None])

    net = Tied()
    found = explain_architecture(net)
    assert found.parameters == sum(p.numel() for p in net.parameters()) == 4 + 16 + 56 + 8
    assert not found.is_chain
    assert found.chain == ""
    assert any("no single formula" in note for note in found.notes)
    assert found.operations.forward == 2 * 32 * (16 + 16 + 6 * 4)
    attention = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    counted = explain_architecture(attention, input_shape=(5, 16)).parameters
    assert counted == sum(p.numel() for p in attention.parameters())


def test_embeddings_frozen_and_running_numbers():
    net = nn.Sequential(nn.Embedding(50, 8), nn.Flatten(), nn.BatchNorm1d(24), nn.Linear(24, 2))
    net[0].weight.requires_grad_(False)
    net.train()
    found = explain_architecture(net, input_shape=3)
    assert [layer.parameters for layer in found.layers] == [400, 0, 48, 50]
    assert any("400 of the parameters are frozen" in note for note in found.notes)
    assert any("48 more numbers, not learnt" in note for note in found.notes)
    assert all(part.training for part in net.modules())
    assert not net[2].running_mean.any()


@pytest.mark.parametrize("cls", [MLPClassifier, MLPRegressor])
def test_scikit_learns_networks(cls):
    X, y = load_iris(return_X_y=True)
    model = cls(
        hidden_layer_sizes=(6, 5), activation="logistic", max_iter=5, random_state=0, solver="sgd"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = make_pipeline(StandardScaler(), model).fit(X, y)
    found = explain_architecture(pipeline)
    assert found.parameters == sum(a.size for a in (*model.coefs_, *model.intercepts_))
    assert [layer.matrix for layer in found.layers] == [w.T.shape for w in model.coefs_]
    last = "softmax" if cls is MLPClassifier else "identity"
    assert [layer.activation for layer in found.layers] == ["sigmoid", "sigmoid", last]
    decided = found.to_json()["hyperparameters"]["training"]
    assert (decided["optimizer"], decided["epochs"], decided["seed"]) == ("momentum", "5", "0")


@pytest.mark.parametrize("name", ["Autoencoder", "VAE", "GAN", "Diffusion", "NormalizingFlow"])
def test_networks_of_further(name, tmp_path):
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = getattr(further, name)(budget="2 steps", device="cpu", precision="float32")
    model.fit(X, np.arange(60) % 2)
    found = explain_architecture(model)
    assert found.parameters == model.n_parameters_
    assert found.batch_size == model.training_settings().batch_size
    rows = further.data.dataset.as_dataset(X, np.arange(60) % 2)
    operations = found.operations.forward / found.batch_size
    assert operations == pytest.approx(model.operations_per_row(rows), rel=1e-3)
    model.save(tmp_path)
    assert explain_architecture(tmp_path).parameters == found.parameters


def test_sparse_layers_by_density_and_by_mask():
    net = explain_architecture("100-50-10", density=0.1)
    assert [layer.parameters for layer in net.layers] == [500 + 50, 50 + 10]
    assert net.operations.forward == 2 * 32 * 550
    masks = [np.eye(5, 3), None]
    net = explain_architecture("3-5-2", masks=masks)
    assert [layer.kind for layer in net.layers] == ["sparse", "dense"]
    assert [layer.weights for layer in net.layers] == [3, 10]
    assert net.layers[0].density == pytest.approx(3 / 15)
    assert net.to_svg().count("<line") == 3 + 10
    each = explain_architecture("4-4-4", density=[0.5, 1.0])
    assert [layer.weights for layer in each.layers] == [8, 16]


def test_a_pruned_module_has_what_its_mask_leaves():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 2))
    prune.random_unstructured(net[0], "weight", amount=0.75)
    found = explain_architecture(net)
    assert found.layers[0].weights == int(net[0].weight_mask.sum()) == 20
    assert found.layers[0].kind == "sparse"


def test_what_is_decided_and_what_is_left_open():
    decided = explain_architecture("3-5-2-1").to_json()["hyperparameters"]
    assert decided["architecture"]["depth"] == "3 layers with weights"
    assert decided["architecture"]["widths"].startswith("5, 2; input 3 and output 1")
    assert set(decided["training"].values()) == {"to be chosen"}
    assert {"learning rate", "batch size", "epochs", "optimizer", "loss"} <= set(
        decided["training"]
    )
    given = explain_architecture("3 5 relu 1", batch_size=8, optimizer="sgd").to_json()
    assert given["hyperparameters"]["training"]["batch size"] == "8"
    assert given["hyperparameters"]["training"]["optimizer"] == "sgd"
    assert given["hyperparameters"]["architecture"]["activation"] == "relu"


def test_results_are_tables_and_json():
    net = explain_architecture("1x8x8 conv2k3 relu flatten 3")
    frame = net.to_frame()
    assert frame["parameters"].tolist() == [20, 0, 219]
    assert frame.index.name == "layer"
    found = json.loads(json.dumps(net.to_json()))
    assert found["parameters"] == 239
    assert [layer["kind"] for layer in found["layers"]] == ["convolution", "flatten", "dense"]


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("3", {}, 'give the size of the input and of each layer, as in 3-5-2-1'),
        ("", {}, "is no network"),
        ("3--5", {}, "is no network"),
        ("a-5", {}, '"a" in "a-5" must be the shape'),
        ("3-0-1", {}, "sizes are from 1 to"),
        ("3-99999999999-1", {}, "Units are whole numbers"),
        ("3 5 rely", {}, 'did you mean "relu"'),
        ("1x28x28 conv8", {}, "channels and a kernel, as in conv8k3"),
        ("1x28x28 conv8k30", {}, "a window of 30x30 is larger than 28x28"),
        ("1x28x28 conv8k3s0", {}, "at least 1"),
        ("1x28x28 conv8k3x3x3", {}, "3x3x3 has 3 sizes, but there are 2"),
        ("2x9x9 conv6k3g4", {}, "g4 must divide the 6 channels"),
        ("1x28x28 pool", {}, "as in pool2"),
        ("1x28x28 10", {}, "put flatten or gap"),
        ("784 conv8k3", {}, "begin with such as 1x28x28"),
        ([3], {}, "at least two whole sizes"),
        ([3, 2.5], {}, "at least two whole sizes"),
        ("3-5-2", {"density": 0}, "above 0 and at most 1"),
        ("3-5-2", {"density": [0.5]}, "density has 1 entries but there are 2"),
        ("3-5-2", {"masks": [np.ones((3, 5)), None]}, r"the layer's matrix is \(5, 3\)"),
        ("3-5-2", {"masks": [None, None], "density": 0.5}, "give one"),
        ("3-5-2", {"batch_size": -1}, "at least 1"),
        ("3-5-2", {"optimizer": "adan"}, 'did you mean "adam"'),
        (MLPClassifier(), {}, "is not fitted"),
        (StandardScaler(), {}, "StandardScaler is no network"),
        (nn.Conv2d(1, 2, 3), {}, "needs input_shape"),
        (nn.Conv2d(1, 2, 3), {"input_shape": (2, 9, 9)}, "does not take one example"),
        (nn.Conv2d(1, 2, 3), {"input_shape": (0,)}, "sizes of at least 1"),
        ("runs/none", {}, "is not a run"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_input_is_one_sentence(model, options, message):
    with pytest.raises(InputError, match=message) as refused:
        explain_architecture(model, **options)
    assert "\n" not in str(refused.value)


WORDS = ["3", "1x8x8", "conv2k3", "conv2k3s2p1", "pool2", "relu", "norm", "flatten", "gap", "5"]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.lists(st.sampled_from(WORDS)).map(" ".join), st.text(max_size=20)))
def test_any_text_is_a_network_or_one_sentence(text):
    try:
        net = explain_architecture(text)
    except InputError:
        return
    assert net.parameters == sum(row["parameters"] for row in net.records())
    ET.fromstring(net.to_svg())
    assert net.to_text()


def test_the_drawing_has_units_connections_and_words():
    svg = ET.fromstring(explain_architecture("3-5-2-1").to_svg())
    assert svg.get("role") == "img"
    assert len(svg.findall(f".//{SVG}circle")) == 3 + 5 + 2 + 1
    assert len(svg.findall(f".//{SVG}line")) == 15 + 10 + 2
    words = svg.find(f"{SVG}desc").text
    assert "Layer 1: dense to 5, 20 parameters." in words
    assert svg.get("aria-labelledby").split()[1] == svg.find(f"{SVG}desc").get("id")


def test_the_drawing_leaves_units_and_layers_out_and_shows_channels_as_sheets():
    svg = ET.fromstring(explain_architecture("1000-500-2").to_svg())
    assert len(svg.findall(f".//{SVG}circle")) == 8 + 8 + 2
    assert [text.text for text in svg.iter(f"{SVG}text")].count("⋮") == 2
    deep = ET.fromstring(explain_architecture([4] * 60).to_svg())
    assert len(deep.findall(f".//{SVG}circle")) == 4 * 15
    sheets = ET.fromstring(explain_architecture("1x28x28 conv8k3 pool2 flatten 10").to_svg())
    assert len(sheets.findall(f".//{SVG}rect")) == 1 + 5 + 5
    texts = " ".join(text.text for text in sheets.iter(f"{SVG}text"))
    assert "8x26x26" in texts
    assert "convolution 3x3" in texts


def test_the_drawing_and_its_page_need_nothing_else_and_escape_names():
    class Reader(HTMLParser):
        found: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag, attrs):
            self.found += [tag, *(f"{key}={value}" for key, value in attrs)]

    page = explain_architecture("1x28x28 conv8k3 relu pool2 flatten 10").to_html()
    reader = Reader()
    reader.feed(page)
    assert not [one for one in reader.found if one.startswith(("src=", "href=", "script"))]
    assert "prefers-color-scheme:dark" in page
    assert "13,600" in page or "13,610" in page


def test_the_text_drawing_by_hand():
    lines = explain_architecture("2-3-1").to_text().splitlines()
    # Two units stand between three, and the one in the middle.
    assert [line.count("○") for line in lines] == [0, 1, 1, 2, 1, 1, 0]
    assert lines[-1].split() == ["2", "3", "1"]
    narrow = explain_architecture("3-5-2-1").to_text(width=30).splitlines()
    assert narrow == ["x   3", "h1  5  W1 5x3", "h2  2  W2 2x5", "y   1  W3 1x2"]


def test_what_a_pass_does_not_show_is_said():
    net = nn.LSTM(3, 4)
    found = explain_architecture(net, input_shape=(5, 3))
    assert found.parameters == sum(p.numel() for p in net.parameters())
    assert any(note.startswith("parameters of LSTM are counted together") for note in found.notes)
    notes = explain_architecture("100-50-10", density=0.1).notes
    assert len(notes) == 2
    assert "a dense product with a mask does all" in notes[0]
