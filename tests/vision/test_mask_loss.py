"""Losses of masks beside independent ones: scikit-learn's log loss and F-scores."""

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, fbeta_score, log_loss

from further.vision.mask_loss import LOSSES, mask_losses
from further.vision.mask_windows import NOTHING

RNG = np.random.default_rng(0)


def _random() -> tuple[torch.Tensor, torch.Tensor]:
    logits = torch.from_numpy(RNG.normal(size=(2, 3, 6, 5))).float()
    mask = torch.from_numpy(RNG.integers(0, 3, (2, 6, 5))).to(torch.uint8)
    mask[0, :2] = NOTHING
    return logits, mask


@pytest.mark.parametrize("weights", [None, [1.0, 5.0, 0.5]])
def test_cross_entropy_is_the_log_loss_of_the_pixels_that_count(weights):
    logits, mask = _random()
    there = (mask != NOTHING).numpy()
    p = logits.softmax(dim=1).permute(0, 2, 3, 1).numpy()[there]
    truth = mask.numpy()[there]
    given = None if weights is None else torch.tensor(weights)
    sample_weight = None if weights is None else np.array(weights)[truth]
    expected = log_loss(truth, p / p.sum(axis=1, keepdims=True), sample_weight=sample_weight)
    found = mask_losses(logits, mask, "cross_entropy", given)["loss"]
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_of_sure_predictions_dice_is_the_mean_f1_and_tversky_an_f_beta():
    _, mask = _random()
    said = torch.from_numpy(RNG.integers(0, 3, (2, 6, 5)))
    sure = 200 * torch.nn.functional.one_hot(said, 3).permute(0, 3, 1, 2).float()
    there = (mask != NOTHING).numpy()
    truth, found = mask.numpy()[there], said.numpy()[there]
    dice = mask_losses(sure, mask, "dice")["loss"]
    assert float(dice) == pytest.approx(1 - f1_score(truth, found, average="macro"), rel=1e-5)
    tversky = mask_losses(sure, mask, "tversky")["loss"]
    f_beta = fbeta_score(truth, found, beta=(0.7 / 0.3) ** 0.5, average="macro")
    assert float(tversky) == pytest.approx(1 - f_beta, rel=1e-5)


def test_a_class_that_is_not_there_does_not_count():
    mask = torch.zeros(1, 4, 4, dtype=torch.uint8)
    mask[0, 0] = 1
    right = 200 * torch.nn.functional.one_hot(mask.long(), 5).permute(0, 3, 1, 2).float()
    assert float(mask_losses(right, mask, "dice")["loss"]) == pytest.approx(0)


@pytest.mark.parametrize("loss", LOSSES)
def test_pixels_of_nothing_have_no_gradient(loss):
    logits, mask = _random()
    logits.requires_grad_()
    losses = mask_losses(logits, mask, loss)
    losses["loss"].backward()
    nothing = (mask == NOTHING)[:, None].expand_as(logits)
    assert not logits.grad[nothing].any()
    assert logits.grad[~nothing].abs().min() > 0
    if len(losses) > 1:
        total, *parts = (value.item() for value in losses.values())
        assert total == pytest.approx(sum(parts), rel=1e-6)


def test_a_picture_of_nothing_is_no_error():
    logits = torch.zeros(1, 2, 4, 4, requires_grad=True)
    nothing = torch.full((1, 4, 4), NOTHING, dtype=torch.uint8)
    for loss in LOSSES:
        value = mask_losses(logits, nothing, loss, torch.tensor([1.0, 2.0]))["loss"]
        value.backward()
        assert torch.isfinite(value)
    assert torch.isfinite(logits.grad).all()
