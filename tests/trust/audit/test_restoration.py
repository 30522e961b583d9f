"""What restorations invent: nothing, everything, and other people's faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import Ridge
from sklearn.neighbors import NearestNeighbors

from further import DenoisingAutoencoder, audit_restoration
from further.errors import InputError
from further.trust.audit.restoration import _figures, _Judged


def halved(rows: np.ndarray) -> np.ndarray:
    n, height, width = rows.shape
    return rows.reshape(n, height // 2, 2, width // 2, 2).mean(axis=(2, 4))


def looked_up(pictures: np.ndarray):
    """Return the restoration that answers with the training picture that looks most alike."""
    flat = halved(pictures).reshape(len(pictures), -1)
    index = NearestNeighbors(n_neighbors=1).fit(flat)
    return lambda rows: pictures[index.kneighbors(rows.reshape(len(rows), -1))[1][:, 0]]


@pytest.fixture(scope="module")
def pictures():
    X, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order].reshape(-1, 8, 8) / 16, y[order]
    return X[:700], y[:700], X[700:], y[700:]


def test_the_figures_of_one_row_by_hand() -> None:
    # Missing is (0, 2); the restoration adds (1, 1), of which (1, 0) is invented.
    judged = _Judged(
        clean=np.array([[3.0, 5.0]]), restored=np.array([[[4.0, 4.0]]]),
        linear=np.array([[3.0, 3.0]]),
    )  # fmt: skip
    found = _figures(judged, value_range=10.0)
    assert found["mse"][0] == pytest.approx(1.0)
    assert found["psnr"][0] == pytest.approx(20.0)
    assert found["detail"][0] == pytest.approx(1.0)
    assert found["invented"][0] == pytest.approx(0.5)


def test_a_group_that_the_restoration_did_not_learn_comes_to_look_like_others(pictures) -> None:
    train, of_train, X, y = pictures
    fair = audit_restoration(looked_up(train), X, y, halved)
    blind = audit_restoration(looked_up(train[of_train != 8]), X, y, halved)
    assert not fair.loses_its_group[8]
    assert blind.loses_its_group.tolist() == [k == 8 for k in range(10)]
    assert "restored rows of 8 come to look like" in blind.sentence
    assert "no group loses its look" in fair.sentence
    worst = blind.largest["mse"]
    assert worst is not None
    assert worst.highest == 8
    assert worst.low > 0
    # Whoever answers with a picture of somebody else invents more than a line does.
    line = Ridge(1.0).fit(halved(train).reshape(700, -1), train.reshape(700, -1))
    smooth = audit_restoration(
        lambda d: line.predict(d.reshape(len(d), -1)).reshape(-1, 8, 8), X, y, halved
    )
    assert (smooth.figures["invented"].high < fair.figures["invented"].low).all()
    assert (smooth.figures["inconsistency"].high < fair.figures["inconsistency"].low).all()
    table = blind.to_frame().set_index("group")
    assert table.loc["8", "recognised_restored"] < 0.3 < table.loc["8", "recognised_clean"]
    assert np.nansum(blind.looks_like().values, axis=1) == pytest.approx(np.ones(10))


def test_noise_has_no_consistency_and_several_guesses_have_a_spread(pictures) -> None:
    _, _, X, y = pictures
    rng = np.random.default_rng(0)

    def noisy(rows: np.ndarray) -> np.ndarray:
        return rows + rng.normal(0, 0.2, rows.shape)

    found = audit_restoration(lambda d: d + rng.normal(0, 0.1, d.shape), X, y, noisy, repeats=8)
    assert "inconsistency" not in found.figures
    assert any("random" in note for note in found.notes)
    assert found.figures["spread"].values == pytest.approx(np.full(10, 0.01), rel=0.05)
    same = audit_restoration(lambda d: d, X, y, noisy, repeats=2)
    assert "Every restoration of a row is the same." in same.notes


def test_the_denoising_autoencoder_is_audited_as_any_other(pictures) -> None:
    train, of_train, X, y = pictures
    grey = (train * 16).round().astype(np.uint8)
    model = DenoisingAutoencoder(noise_level=0.3, budget="100 steps", random_state=0)
    model.fit(grey[of_train != 8])
    clean = (X * 16).round()
    found = audit_restoration(
        lambda d: model.denoise(d), clean, y, lambda rows: model.add_noise(rows, random_state=0)
    )
    assert found.figures["mse"].values[8] > np.delete(found.figures["mse"].values, 8).max()


def test_faces_of_people_whom_the_restoration_never_saw(real_data: Path) -> None:
    from skimage.io import imread

    folder = real_data / "olivetti_faces"
    X = np.array([imread(folder / f"image-{i}.png") for i in range(300)]) / 255
    person = np.arange(300) // 10
    known = person < 15
    learnt = known & (np.arange(300) % 10 < 3)
    judged = ~learnt
    group = np.where(known, "seen", "never seen")

    def quarter(rows: np.ndarray) -> np.ndarray:
        return halved(halved(halved(rows)))

    flat = quarter(X[learnt]).reshape(learnt.sum(), -1)
    index = NearestNeighbors(n_neighbors=1).fit(flat)
    found = audit_restoration(
        lambda d: X[learnt][index.kneighbors(d.reshape(len(d), -1))[1][:, 0]],
        X[judged], group[judged], quarter,
    )  # fmt: skip
    worst = found.largest["mse"]
    assert worst is not None
    assert (found.groups[worst.highest], worst.low > 0) == ("never seen", True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clean": np.zeros((50, 2))}, "give at least 100 rows"),
        ({"groups": ["a"] * 300}, "at least 2 groups"),
        ({"groups": ["a"] * 290 + ["b"] * 10}, 'the group "b" has 10'),
        ({"restore": lambda d: d[:, :1]}, "shaped as the clean ones"),
        ({"restore": lambda d: d * np.nan}, "NaN"),
        ({"repeats": 0}, "at least 1"),
    ],
)
def test_what_cannot_be_audited_is_said_in_one_sentence(change: dict, message: str) -> None:
    rng = np.random.default_rng(0)
    given = {
        "restore": lambda d: d, "clean": rng.normal(size=(300, 2)),
        "groups": ["a", "b", "b"] * 100, "degrade": lambda x: x,
    } | change  # fmt: skip
    with pytest.raises(InputError, match=message) as told:
        audit_restoration(**given)
    assert "\n" not in str(told.value)
