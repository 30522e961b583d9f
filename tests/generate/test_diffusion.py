"""The diffusion model: its network, guidance, sampling, likelihood, and what it learns."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from further import Diffusion
from further.data.spec import Block, Spec, TargetSpec
from further.errors import InputError
from further.generate.diffusion import _stratified_levels
from further.generate.diffusion_net import DenoisingNet, scaling
from further.generate.diffusion_samplers import DDIM, DPMSolver
from further.generate.noise_schedule import Cosine
from further.train.batch import ArraySource, Batch

TABLE = (Block("age", 0, 1, "numeric"), Block("colour", 1, 4, "categorical"))
SPECS = {
    "vector": Spec((5,)),
    "table": Spec((4,), blocks=TABLE, target=TargetSpec("classes", 3)),
    "8x8": Spec((1, 8, 8), levels=17, target=TargetSpec("classes", 10)),
    "12x20": Spec((1, 12, 20), levels=256),
    "28x28": Spec((1, 28, 28), levels=256, target=TargetSpec("classes", 2)),
    "continuous 3x32x32": Spec((3, 32, 32)),
}


def awake(net: nn.Module) -> nn.Module:
    """Replace the zeros that a net starts from, which hide what its layers do."""
    torch.manual_seed(1)
    for parameter in net.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return net


def small(spec: Spec, **parameters: object) -> tuple[Diffusion, DenoisingNet]:
    model = Diffusion(**{"width": 16, "depth": 1, **parameters})
    model.spec_ = spec
    torch.manual_seed(0)
    return model, awake(model.build(spec))


def rows(spec: Spec, n: int = 6) -> Batch:
    x = torch.rand(n, *spec.shape)
    if spec.levels:
        x = (x * (spec.levels - 1)).round() / (spec.levels - 1)
    return Batch(x=x, y=torch.arange(n) % spec.n_classes if spec.n_classes else None)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("prediction", ["velocity", "noise"])
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_works_on_every_shape_and_every_parameter_gets_a_gradient(spec, prediction):
    model, net = small(spec, prediction=prediction, sampler=DPMSolver(steps=3))
    (objective,) = model.objectives(net)
    batch = rows(spec)
    objective.loss(batch, generator())["loss"].backward()
    without = [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []
    with torch.no_grad():
        drawn = model.generate(net, 2, batch.take(slice(2)), generator())
        likelihood = model.log_likelihood(net, batch, generator())
    assert drawn.shape == (2, *spec.shape)
    assert drawn.isfinite().all()
    if spec.is_image:
        assert drawn.min() >= 0
        assert drawn.max() <= 1
    assert (likelihood is not None) == (spec.levels is not None)
    if likelihood is not None:
        assert likelihood.shape == (6,)
        assert (likelihood < 0).all()


@pytest.mark.parametrize("prediction", ["velocity", "noise"])
def test_the_loss_is_the_squared_error_of_the_target(prediction):
    """A net that puts out 0 has the mean square of its target as its loss."""
    spec = Spec((4,))
    model = Diffusion(prediction=prediction, width=16, depth=1)
    model.spec_ = spec
    net = model.build(spec)
    for parameter in net.parameters():
        nn.init.zeros_(parameter)
    x = 3 + torch.zeros(4000, 4)
    loss = float(model.objectives(net)[0].loss(Batch(x=x), generator())["loss"].detach())
    sigma = (1 - net.alpha_bar).sqrt()
    # E v² = α² + 9 σ² at a level, averaged over levels; E ε² = 1.
    velocity = float((1 - sigma**2 + 9 * sigma**2).mean())
    assert loss == pytest.approx(1 if prediction == "noise" else velocity, rel=0.02)


def test_guidance_zero_forgets_the_class_and_one_is_the_class():
    spec = SPECS["8x8"]
    model, net = small(spec)
    x, y, level = torch.randn(5, 1, 8, 8), torch.arange(5), torch.full((5,), 600)
    net.limit.fill_(math.inf)  # so that the estimate is linear in the output
    with torch.no_grad():
        at = {w: model.estimate(net, x, level, y, w) for w in (0.0, 1.0, 3.0)}
        free = model.estimate(net, x, level, None)
        given = model.estimate(net, x, level, y)
    torch.testing.assert_close(at[0.0], free)
    torch.testing.assert_close(at[1.0], given)
    torch.testing.assert_close(at[3.0], free + 3 * (given - free), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(free, given, atol=1e-3)


def test_guided_samples_without_guidance_do_not_depend_on_the_class():
    model, net = small(SPECS["8x8"], guidance=0.0, sampler=DDIM(steps=3))
    with torch.no_grad():
        a = model.generate(net, 3, {"y": torch.tensor([0, 1, 2])}, generator())
        b = model.generate(net, 3, {"y": torch.tensor([5, 5, 5])}, generator())
    torch.testing.assert_close(a, b)


def test_scaling_takes_pictures_and_one_hots_to_minus_one_and_one():
    shift, gain, limit = scaling(SPECS["table"])
    x = torch.tensor([[1.5, 0.0, 1.0, 0.0]])
    assert ((x - shift) * gain).tolist() == [[1.5, -1.0, 1.0, -1.0]]
    assert limit.tolist() == [6.0, 1.0, 1.0, 1.0]
    net = small(SPECS["8x8"])[1]
    picture = torch.rand(2, 1, 8, 8)
    torch.testing.assert_close(net.to_encoded(net.to_diffused(picture)), picture)


def test_levels_of_a_batch_are_stratified():
    levels = _stratified_levels(100, 1000, generator())
    assert sorted((levels // 10).tolist()) == list(range(100))
    # In random order: the level of a row says nothing about its place in the batch.
    assert abs(np.corrcoef(levels.numpy(), np.arange(100))[0, 1]) < 0.3


def test_choosing_the_settings_tightens_the_bound_and_they_are_saved_with_the_weights():
    spec = SPECS["8x8"]
    model, net = small(spec)
    batch = rows(spec, 40)
    with torch.no_grad():
        before = model.log_likelihood(net, batch, generator()).mean()
        model.finish(net, ArraySource(batch), generator())
        after = model.log_likelihood(net, batch, generator()).mean()
    assert after > before
    again = small(spec)[1]
    again.load_state_dict(net.state_dict())
    assert again.bound_settings.start == net.bound_settings.start
    assert again.bound_settings.scale == net.bound_settings.scale
    torch.testing.assert_close(again.bound_settings.proposal, net.bound_settings.proposal)


def test_the_paper_s_model_runs_as_published():
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = Diffusion(
        schedule="linear", prediction="noise", sampler="ancestral", width=16, depth=1,
        budget="100 steps", precision="float32", random_state=0,
    )  # fmt: skip
    drawn = model.fit(X).sample(200)
    assert len(model.net_.alpha_bar) == 1000
    # 100 steps learn the location and the scale of a Gaussian, little more.
    assert np.abs(drawn.mean(0)).max() < 0.7
    assert 0.4 < drawn.std() < 1.6


def test_objects_and_names_say_the_same():
    X = np.random.default_rng(0).normal(size=(60, 3))
    common = {"width": 16, "depth": 1, "budget": "3 steps", "precision": "float32"}
    named = Diffusion(**common, random_state=0).fit(X)
    objects = Diffusion(
        **common, schedule=Cosine(), sampler=DPMSolver(steps=20), random_state=0
    ).fit(X)
    np.testing.assert_array_equal(named.sample(4), objects.sample(4))


def test_too_many_evaluations_are_refused_before_training():
    X = np.zeros((10, 2)) + np.arange(10)[:, None]
    with pytest.raises(InputError, match="steps=20 but the noise schedule has 10 steps"):
        Diffusion(schedule=Cosine(steps=10)).fit(X)


def test_learns_two_groups_and_their_classes():
    """Two Gaussians a class apart: samples lie in the asked group, with its spread."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 600)
    X = rng.normal(size=(600, 2)) * [0.2, 0.4] + np.where(y == 1, 2, -2)[:, None]
    model = Diffusion(
        width=64, depth=1, budget="1000 steps", precision="float32", random_state=0
    ).fit(X, y)
    drawn = model.sample(y=[0] * 300 + [1] * 300)
    # Medians and quartiles: normal scores close the gap between the groups, so that a score just
    # beyond the edge of a group is decoded as a row of the other.
    for group, code in ((drawn[:300], 0), (drawn[300:], 1)):
        low, middle, high = np.percentile(group, [25, 50, 75], axis=0)
        truth = np.percentile(X[y == code], [25, 50, 75], axis=0)
        np.testing.assert_allclose(middle, truth[1], atol=0.12)
        np.testing.assert_allclose(high - low, truth[2] - truth[0], rtol=0.35)


def test_tables_come_back_with_their_columns_and_categories():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"age": rng.integers(18, 80, 120), "colour": rng.choice(["red", "green"], 120)}
    )
    model = Diffusion(width=16, depth=1, budget="5 steps", precision="float32", random_state=0)
    drawn = model.fit(frame).sample(20)
    assert list(drawn.columns) == ["age", "colour"]
    assert set(drawn["colour"]) <= {"red", "green"}
    assert drawn["age"].between(18, 80).all()


@pytest.mark.slow
def test_digits_beat_independent_pixels():
    """The bound in bits a pixel is below the entropy of pixels taken one by one."""
    X, y = load_digits(return_X_y=True)
    X = X.reshape(-1, 8, 8).astype("uint8")
    model = Diffusion(budget="4e11", precision="float32", random_state=0)
    model.fit(X[:1400], y[:1400])
    bits = -model.score_samples(X[1400:], y[1400:]).mean() / (64 * math.log(2))
    counts = np.stack([(X[:1400].reshape(-1, 64) == k).sum(0) + 0.1 for k in range(17)])
    p = counts / counts.sum(0)
    pixels = X[1400:].reshape(-1, 64)
    independent = -np.log2(p[pixels, np.arange(64)]).sum(1).mean() / 64
    assert bits < independent


@pytest.mark.slow
def test_larger_pictures_start_as_a_gaussian_of_the_training_rows():
    """One step trains nothing: what is drawn is smooth where the rows are, and not noise."""
    rng = np.random.default_rng(0)
    waves = np.linspace(0, np.pi, 20)
    shapes = np.stack(
        [np.outer(np.sin(a * waves), np.sin(b * waves)) for a in (1, 2) for b in (1, 2)]
    )
    x = 0.5 + np.einsum("nk,kij->nij", rng.normal(0, [0.12, 0.08, 0.05, 0.03], (300, 4)), shapes)
    x = (255 * x.clip(0, 1)).round().astype(np.uint8)
    model = Diffusion(budget="1 step", precision="float32", random_state=0).fit(x)
    drawn = model.sample(300, random_state=1).astype(float).reshape(300, -1)
    real = x.reshape(300, -1).astype(float)
    assert np.abs(drawn.mean(0) - real.mean(0)).max() < 6
    first, second = (np.cov(values.T) for values in (real, drawn))
    assert np.linalg.norm(first - second) < 0.25 * np.linalg.norm(first)
