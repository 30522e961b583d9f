from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import AgglomerativeClustering
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from further.cluster.kmeans import KMeans
from further.cluster.kmedians import KMedians
from further.cluster.number.stability import (
    UNLABELLED,
    Resamples,
    agreement_by_k,
    agreement_of_samples,
    mean_agreement,
    pairwise_adjusted_rand,
    stability,
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


def test_the_mean_is_that_of_all_pairs_and_the_limits_are_those_of_the_samples():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, (40, 50))
    samples = agreement_of_samples(labels)
    pairs = pairwise_adjusted_rand(labels)[np.triu_indices(40, 1)]
    found = mean_agreement(samples)
    assert found.value == pytest.approx(pairs.mean())
    inside = (samples >= found.low) & (samples <= found.high)
    assert inside.mean() == pytest.approx(0.95, abs=0.01)


def test_the_limits_do_not_close_in_as_samples_are_added():
    X = np.random.default_rng(0).random((80, 2))
    width = {}
    for m in (10, 90):
        found = stability(X, KMeans(4), n_bootstrap=m, random_state=0)
        width[m] = found.high - found.low
    assert width[90] > 0.7 * width[10]


def brute_force_jaccard(reference, line, rows, cluster):
    own = {i for i in set(rows.tolist()) if reference[i] == cluster}
    others = [{i for i in set(rows.tolist()) if line[i] == d} for d in set(line.tolist()) - {-1}]
    return max(len(own & other) / len(own | other) for other in others)


def test_the_stability_of_a_cluster_is_hennigs_mean_jaccard_similarity():
    rng = np.random.default_rng(2)
    X = np.vstack([rng.normal(0, 1, (30, 2)), rng.normal(4, 1.5, (20, 2))])
    resamples = Resamples(X, n_bootstrap=8, random_state=3)
    (labels,) = resamples.cluster(KMeans(3))
    reference = KMeans(3, n_init=5, random_state=0).fit(X).labels_
    for found in resamples.clusters(labels, reference):
        values = np.array([
            brute_force_jaccard(reference[resamples.used], line, rows, found.cluster)
            for line, rows in zip(labels, resamples.drawn, strict=True)
        ])  # fmt: skip
        assert found.jaccard.value == pytest.approx(values.mean())
        assert found.recovered == (values >= 0.75).mean()
        assert found.dissolved == (values <= 0.5).mean()
        assert found.jaccard.n == 8


def test_a_cluster_apart_is_stable_and_the_parts_of_a_cloud_are_not():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(20, 1, (40, 2)), rng.normal(0, 1, (160, 2))])
    reference = KMeans(3, n_init=10, random_state=0).fit(X).labels_
    resamples = Resamples(X, random_state=0)
    found = resamples.clusters(resamples.cluster(KMeans(3))[0], reference)
    apart = next(one for one in found if one.cluster == reference[0])
    parts = [one.jaccard.value for one in found if one is not apart]
    assert (apart.jaccard.value, apart.verdict, apart.recovered) == (1.0, "stable", 1.0)
    assert len(parts) == 2
    assert max(parts) < 0.75


def test_samples_of_many_rows_are_drawn_from_all_of_them():
    # Drawn from one part of the rows they would be too much alike, and agree too well.
    X = np.random.default_rng(0).random((500, 2))
    resamples = Resamples(X, n_rows=50, n_bootstrap=30, random_state=0)
    assert len(np.unique(np.concatenate(resamples.drawn))) > 400
    (labels,) = resamples.cluster(KMeans(3))
    labelled = (labels != UNLABELLED).sum(axis=1)
    assert ((labelled > 50) & (labelled <= 100)).all()
    assert len(resamples.agreement(labels)) == 30
    reference = KMeans(3, n_init=5, random_state=0).fit(X).labels_
    for found in resamples.clusters(labels, reference):
        values = np.array([
            brute_force_jaccard(reference[resamples.used], line, rows, found.cluster)
            for line, rows in zip(labels, resamples.drawn, strict=True)
        ])  # fmt: skip
        assert found.jaccard.value == pytest.approx(values.mean())


def test_noise_is_no_cluster_that_is_found_again():
    X = np.arange(6.0)[:, None]
    resamples = Resamples(X, n_bootstrap=4, random_state=0)
    everything_is_noise = np.full((4, 6), -1)
    (found,) = resamples.clusters(everything_is_noise, np.array([0, 0, 0, -1, -1, -1]))
    assert (found.cluster, found.jaccard.value, found.verdict) == (0, 0.0, "unstable")


def test_one_seed_is_one_protocol_whichever_way_it_is_asked(far_blobs):
    X = np.random.default_rng(1).random((90, 2))
    by_k = agreement_by_k(Resamples(X, random_state=5), [2, 3, 4], KMeans())
    alone = stability(X, KMeans(3), random_state=5)
    assert mean_agreement(by_k[3]) == alone


def test_by_k_every_number_has_its_figure(far_blobs):
    resamples = Resamples(far_blobs, n_bootstrap=5, random_state=0)
    found = agreement_by_k(resamples, [2, 3, 4], KMeans())
    assert list(found) == [2, 3, 4]
    assert found[2].mean() == 1.0 > found[4].mean()
    by_rows = agreement_by_k(resamples, [2, 3], AgglomerativeClustering())
    assert by_rows[2].mean() == 1.0 > by_rows[3].mean()


def test_categories_are_drawn_as_rows_of_their_table():
    import pandas as pd

    from further.cluster import KModes

    frame = pd.DataFrame({"a": ["x", "y"] * 20, "b": ["p", "q"] * 20, "c": ["u", "v"] * 20})
    assert stability(frame, KModes(2), n_bootstrap=4, random_state=0).value == 1.0


@pytest.mark.parametrize(("rows", "samples"), [(10, 1), (1, 5)])
def test_what_makes_no_pair_is_refused(rows, samples):
    with pytest.raises(InputError, match="pair"):
        stability(np.zeros((rows, 2)), KMeans(1), n_bootstrap=samples)


def test_centres_that_are_given_do_not_make_samples_agree():
    X = np.random.default_rng(0).random((80, 2))
    given, drawn = KMedians(4, init=X[:4]), KMedians(4)
    found = stability(X, given, n_bootstrap=5, random_state=0)
    assert found == stability(X, drawn, n_bootstrap=5, random_state=0)
