from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from further.cluster.kmeans import KMeans
from further.cluster.number.stability import (
    mean_agreement,
    pairwise_adjusted_rand,
    stability,
    stability_by_k,
)
from further.errors import InputError


@pytest.fixture(scope="module")
def far_blobs():
    return make_blobs(100, 2, centers=[[0, 0], [30, 0]], random_state=0)[0]


def test_all_pairs_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    labels = np.array([rng.integers(-1, high, 80) for high in (1, 2, 3, 5, 9, 80)])
    found = pairwise_adjusted_rand(labels)
    expected = [[adjusted_rand_score(a, b) for b in labels] for a in labels]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_two_far_blobs_are_perfectly_stable(far_blobs):
    found = stability(far_blobs, KMeans(2), n_bootstrap=6, random_state=0)
    assert (found.value, found.low, found.high, found.n) == (1.0, 1.0, 1.0, 6)


def test_noise_cut_in_many_pieces_is_not_stable():
    X = np.random.default_rng(0).random((150, 2))
    assert stability(X, KMeans(7), n_bootstrap=8, random_state=0).value < 0.7


def test_the_same_seed_gives_the_same_and_another_another():
    X = np.random.default_rng(0).random((60, 2))
    values = [stability(X, KMeans(4), n_bootstrap=4, random_state=s).value for s in (1, 1, 2)]
    assert values[0] == values[1] != values[2]


def test_an_estimator_without_predict_is_compared_on_common_rows(far_blobs):
    estimator = AgglomerativeClustering(2)
    assert not hasattr(estimator, "predict")
    assert stability(far_blobs, estimator, n_bootstrap=5, random_state=0).value == 1.0
    noise = np.random.default_rng(0).random((60, 2))
    assert stability(noise, estimator, n_bootstrap=5, random_state=0).value < 0.9


def test_an_estimator_that_finds_the_number_itself(far_blobs):
    from sklearn.cluster import DBSCAN

    assert stability(far_blobs, DBSCAN(eps=3), n_bootstrap=4, random_state=0).value > 0.9


def test_the_interval_is_the_jackknife_over_samples():
    rng = np.random.default_rng(0)
    agreement = rng.random((7, 7))
    agreement = (agreement + agreement.T) / 2
    np.fill_diagonal(agreement, 1)
    left_out = []
    for a in range(7):
        rest = np.delete(np.delete(agreement, a, 0), a, 1)
        left_out.append(rest[np.triu_indices(6, 1)].mean())
    variance = 6 / 7 * ((np.array(left_out) - np.mean(left_out)) ** 2).sum()
    found = mean_agreement(agreement)
    assert found.high - found.value == pytest.approx(2.446912 * variance**0.5, rel=1e-5)


def test_the_interval_holds_its_level_although_pairs_share_samples():
    # Each sample has an effect on all of its pairs: treating 66 pairs as independent would not do.
    rng = np.random.default_rng(0)
    inside = alone = 0
    for _ in range(400):
        effect = rng.normal(0, 0.05, 12)
        agreement = 0.5 + np.add.outer(effect, effect)
        found = mean_agreement(agreement)
        inside += found.low <= 0.5 <= found.high
        pairs = agreement[np.triu_indices(12, 1)]
        alone += abs(pairs.mean() - 0.5) <= 1.96 * pairs.std() / len(pairs) ** 0.5
    assert inside / 400 > 0.92
    assert alone / 400 < 0.75


def test_by_k_every_number_has_its_figure(far_blobs):
    found = stability_by_k(far_blobs, [2, 3, 4], KMeans(), n_bootstrap=5, random_state=0)
    assert list(found) == [2, 3, 4]
    assert found[2].value == 1.0 > found[4].value
    by_rows = stability_by_k(
        far_blobs, [2, 3], AgglomerativeClustering(), n_bootstrap=4, random_state=0
    )
    assert by_rows[2].value == 1.0 > by_rows[3].value


def test_categories_are_drawn_as_rows_of_their_table():
    import pandas as pd

    from further.cluster import KModes

    frame = pd.DataFrame({"a": ["x", "y"] * 20, "b": ["p", "q"] * 20, "c": ["u", "v"] * 20})
    assert stability(frame, KModes(2), n_bootstrap=4, random_state=0).value == 1.0


@pytest.mark.parametrize(("rows", "samples"), [(10, 1), (1, 5)])
def test_what_makes_no_pair_is_refused(rows, samples):
    with pytest.raises(InputError, match="pair"):
        stability(np.zeros((rows, 2)), KMeans(1), n_bootstrap=samples)
