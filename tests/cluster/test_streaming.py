"""k-means on batches, in one process and in two, against the same table in memory."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sklearn.cluster
from sklearn.datasets import load_digits, make_blobs
from sklearn.exceptions import ConvergenceWarning

from further.cluster.kmeans import KMeans
from further.cluster.streaming import predict_batches, write_assignments
from further.data.batches import Batches
from further.errors import InputError
from further.train.load import load
from peak_memory import with_tests


def labels_of(model, batches):
    return np.concatenate([labels for labels, _ in predict_batches(model, batches)])


@pytest.fixture(scope="module")
def blobs():
    X, _ = make_blobs(3000, centers=6, n_features=5, cluster_std=2.0, random_state=0)
    return X + 1000.0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options", [{"tol": 0.0}, {"tol": 1e-3}, {"max_iter": 3}])
@pytest.mark.parametrize("kind", ["array", "csv", "parquet"])
def test_equals_the_table_in_memory(kind, options, dtype, blobs, tmp_path):
    X = blobs.astype(dtype)
    source = X
    if kind != "array":
        frame = pd.DataFrame(X, columns=list("abcde"))
        source = tmp_path / f"t.{kind}"
        frame.to_csv(source, index=False) if kind == "csv" else frame.to_parquet(source)
    batches = Batches(source, rows=512, dtype=dtype)
    start = blobs[:6]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        streamed = KMeans(6, init=start, n_init=1, **options).fit(batches)
    theirs = sklearn.cluster.KMeans(6, init=start, n_init=1, **options).fit(X.astype("float64"))
    np.testing.assert_array_equal(labels_of(streamed, batches), theirs.labels_)
    assert streamed.cluster_centers_.dtype == dtype
    np.testing.assert_allclose(
        streamed.cluster_centers_,
        theirs.cluster_centers_,
        rtol=1e-6 if dtype == "float32" else 1e-12,
    )
    assert streamed.inertia_ == pytest.approx(theirs.inertia_, rel=1e-9)
    assert streamed.n_iter_ == theirs.n_iter_
    assert streamed.labels_ is None


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_start_is_that_in_memory_where_the_sample_is_the_table(init, blobs):
    options = {"init": init, "n_init": 3, "random_state": 5}
    streamed = KMeans(6, **options).fit(Batches(blobs, rows=700, dtype="float64"))
    in_memory = KMeans(6, **options).fit(blobs)
    assert streamed.inertia_ == pytest.approx(in_memory.inertia_, rel=1e-9)
    order, of_memory = (np.argsort(m.cluster_centers_[:, 0]) for m in (streamed, in_memory))
    np.testing.assert_allclose(
        streamed.cluster_centers_[order], in_memory.cluster_centers_[of_memory], rtol=1e-9
    )


def test_start_from_a_sample_is_seeded_and_good(monkeypatch, blobs):
    monkeypatch.setattr("further.cluster.streaming.SAMPLE", 200)
    monkeypatch.setattr("further.cluster.streaming.SAMPLE_A_CLUSTER", 1)
    batches = Batches(blobs, rows=512, dtype="float64")
    streamed = [KMeans(6, n_init=4, random_state=seed).fit(batches) for seed in (0, 0)]
    np.testing.assert_array_equal(streamed[0].cluster_centers_, streamed[1].cluster_centers_)
    best = sklearn.cluster.KMeans(6, n_init=10, random_state=0).fit(blobs)
    assert streamed[0].inertia_ <= best.inertia_ * 1.001


@pytest.mark.parametrize("n_empty", [1, 3])
def test_empty_clusters_take_the_farthest_rows(n_empty, blobs):
    far = np.full((n_empty, 5), 1e6) * np.arange(1, n_empty + 1)[:, None]
    start = np.concatenate([blobs[:4], far])
    k = len(start)
    streamed = KMeans(k, init=start, n_init=1, max_iter=1).fit(
        Batches(blobs, rows=512, dtype="float64")
    )
    theirs = sklearn.cluster.KMeans(k, init=start, n_init=1, max_iter=1).fit(blobs)
    order, of_theirs = (np.lexsort(m.cluster_centers_.round(6).T) for m in (streamed, theirs))
    np.testing.assert_allclose(
        streamed.cluster_centers_[order], theirs.cluster_centers_[of_theirs], rtol=1e-9
    )
    assert streamed.inertia_ == pytest.approx(theirs.inertia_)


def test_more_clusters_than_distinct_rows_is_said():
    X = np.repeat([[0.0, 0.0], [5.0, 5.0]], 50, axis=0)
    with pytest.warns(ConvergenceWarning, match=r"clusters \(2\) found smaller than n_clusters"):
        model = KMeans(4, random_state=0).fit(Batches(X, rows=30))
    assert model.inertia_ == 0
    with pytest.raises(InputError, match="n_clusters=101 but the batches have 100 rows"):
        KMeans(101).fit(Batches(X))


def test_real_digits_are_the_same():
    X = load_digits().data.astype("float32")
    streamed = KMeans(10, init=X[:10], n_init=1, tol=0.0).fit(Batches(X, rows=100))
    theirs = sklearn.cluster.KMeans(10, init=X[:10], n_init=1, tol=0.0).fit(X.astype("float64"))
    np.testing.assert_array_equal(labels_of(streamed, Batches(X, rows=333)), theirs.labels_)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_assignments_are_written_in_order(suffix, blobs, tmp_path):
    model = KMeans(6, random_state=0).fit(Batches(blobs, rows=512, dtype="float64"))
    path = write_assignments(model, Batches(blobs, rows=400, dtype="float64"),
                             tmp_path / f"a.{suffix}")  # fmt: skip
    frame = pd.read_csv(path) if suffix == "csv" else pd.read_parquet(path)
    np.testing.assert_array_equal(frame["cluster"], model.predict(blobs))
    np.testing.assert_allclose(frame["distance"], -model.score_samples(blobs), rtol=1e-6)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_fault_leaves_no_file(blobs, tmp_path):
    model = KMeans(6, random_state=0).fit(Batches(blobs))
    broken = blobs.copy()
    broken[2999, 3] = np.nan
    with pytest.raises(InputError, match='row 3000, column "3": the value is missing'):
        write_assignments(model, Batches(broken, rows=512), tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())


def test_fitted_on_batches_can_be_saved(blobs, tmp_path):
    frame = pd.DataFrame(blobs, columns=list("abcde"))
    model = KMeans(6, random_state=0).fit(Batches(frame, dtype="float64"))
    back = load(model.save(tmp_path))
    np.testing.assert_array_equal(back.predict(frame), model.predict(frame))
    assert back.labels_ is None


def test_other_columns_are_refused(blobs):
    frame = pd.DataFrame(blobs, columns=list("abcde"))
    model = KMeans(3, random_state=0).fit(Batches(frame))
    with pytest.raises(InputError, match="fitted on 5 columns, but the batches have 4"):
        next(predict_batches(model, Batches(frame, columns=list("abcd"))))
    with pytest.raises(InputError, match="have a, b, c, e, d"):
        next(predict_batches(model, Batches(frame, columns=list("abced"))))
    with pytest.raises(InputError, match="record=True"):
        KMeans(3, record=True).fit(Batches(frame))
    with pytest.raises(ValueError, match="does not match the number of features"):
        KMeans(2, init=np.zeros((2, 3)), n_init=1).fit(Batches(frame))


FIT = """
import json, os, sys
import numpy as np
from further.cluster.kmeans import KMeans
from further.data.batches import Batches
from further.errors import InputError

def fits(source):
    found = {}
    try:
        batches = Batches(source, rows=256, dtype="float64")
        seeded = KMeans(5, random_state=1).fit(batches)
        far = np.array([[1e6] * 4, [2e6] * 4])  # clusters that stay empty
        start = np.concatenate([seeded.cluster_centers_[:3], far])
        given = KMeans(5, init=start, n_init=1, max_iter=2).fit(batches)
        for name, model in (("seeded", seeded), ("given", given)):
            found[name] = [model.cluster_centers_.tolist(), model.inertia_, model.n_iter_]
    except InputError as error:
        found["error"] = str(error)
    return found

if __name__ == "__main__":
    X = np.load(sys.argv[1])
    broken = X.copy()
    broken[3999, 2] = np.nan
    found = [fits(source) for source in (X, sys.argv[2], broken)]
    rank = os.environ["RANK"]
    open(f"{sys.argv[3]}.{rank}.json", "w").write(json.dumps(found))
"""


@pytest.mark.slow
def test_two_processes_give_the_answer_of_one(tmp_path):
    X, _ = make_blobs(4000, centers=5, n_features=4, cluster_std=2.5, random_state=2)
    np.save(tmp_path / "t.npy", X)
    path = tmp_path / "t.parquet"
    pd.DataFrame(X, columns=list("abcd")).to_parquet(path, row_group_size=300)
    (tmp_path / "fit.py").write_text(FIT)
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone",
         tmp_path / "fit.py", tmp_path / "t.npy", path, tmp_path / "out"],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (json.loads((tmp_path / f"out.{rank}.json").read_text()) for rank in (0, 1))
    assert first == second  # to the bit
    here: dict = {}
    exec(FIT, here)
    for two, source in zip(first[:2], (X, path), strict=True):
        alone = here["fits"](source)
        for name in ("seeded", "given"):
            np.testing.assert_allclose(two[name][0], alone[name][0], rtol=1e-9)
            assert two[name][1] == pytest.approx(alone[name][1], rel=1e-9)
            assert two[name][2] == alone[name][2]
    # A fault in the share of one process is said by both.
    assert 'row 4000, column "2": the value is missing' in first[2]["error"]


PEAK = """
import json, sys
import numpy as np
from further.cluster.kmeans import KMeans
from further.data.batches import Batches
from further.cluster.streaming import write_assignments
from peak_memory import peak
def fit(path):
    batches = Batches(path, rows=32768)
    model = KMeans(4, max_iter=3, random_state=0).fit(batches)
    write_assignments(model, batches, sys.argv[3])
    return model
fit(sys.argv[1])  # loads what there is to load, compiled code among it
before = peak()
model = fit(sys.argv[2])
print(json.dumps({"grown": peak() - before, "inertia": model.inertia_}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peaks are in bytes elsewhere")
def test_memory_does_not_grow_with_the_rows(tmp_path):
    rng = np.random.default_rng(0)
    names = [f"c{i}" for i in range(8)]
    for name, groups in (("small", 2), ("large", 40)):
        schema = pa.schema([(c, pa.float64()) for c in names])
        with pq.ParquetWriter(tmp_path / f"{name}.parquet", schema, compression="none") as writer:
            for _ in range(groups):
                block = rng.normal(size=(65536, 8))
                writer.write_table(pa.table(list(block.T), schema=schema))
    size = (tmp_path / "large.parquet").stat().st_size
    assert size > 160e6
    done = subprocess.run(
        [sys.executable, "-c", PEAK, tmp_path / "small.parquet", tmp_path / "large.parquet",
         tmp_path / "out.parquet"],
        capture_output=True, text=True, check=True, timeout=300, env=with_tests(),
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["grown"] < size / 5
    assert found["inertia"] > 0
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_rows == 40 * 65536
