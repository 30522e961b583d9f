"""Our k-means against scikit-learn, scikit-learn-intelex, faiss and SuperKMeans on the same rows.

Every side runs in a process of its own, warmed by two iterations, from the same start until no
label changes (``tol=0``). faiss and SuperKMeans are given our number of iterations, with their
subsampling turned off, and SuperKMeans starts from rows of its own. "product alone" is the limit of
whoever computes all distances: as many products of rows and centroids by NumPy's BLAS. ``labels``
counts the rows whose label differs from that of scikit-learn on float64. ``memory`` is the peak of
the process beyond the table itself. The rounds alternate between the sides; the fastest of each
counts. A ratio holds for the processor beside it; ``--narrow`` measures AVX2 on wider ones.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from processor import processor

from data import mnist

#: rows, features, clusters, kind of data
SHAPES = {
    "200k x 64, k=256": (200_000, 64, 256, "blobs"),
    "1M x 8, k=32": (1_000_000, 8, 32, "blobs"),
    "60k x 784, k=100, pictures": (60_000, 784, 100, "pictures"),
    "50k x 384, k=256, embeddings": (50_000, 384, 256, "embeddings"),
    "200k x 64, k=256, noise": (200_000, 64, 256, "noise"),
    "1M x 8, k=32, noise": (1_000_000, 8, 32, "noise"),
    "60k x 784, k=100, noise": (60_000, 784, 100, "noise"),
    "50k x 384, k=256, noise": (50_000, 384, 256, "noise"),
}
PRODUCT = "product alone"
SIDES = (
    "further", "scikit-learn", "scikit-learn float64", "scikit-learn-intelex", "faiss",
    "SuperKMeans", PRODUCT,
)  # fmt: skip
#: These are told how many iterations to do.
COUNTED = ("faiss", "SuperKMeans", PRODUCT)
SWEEP = "elbow sweep k=2..30 on 100k x 8"
#: What has the compilers, BLAS and peers of both sides do without AVX-512. Numba needs both names:
#: for a processor alone it still uses whatever the one at hand can do.
NARROW = {
    "NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma",
    "OPENBLAS_CORETYPE": "Haswell", "MKL_ENABLE_INSTRUCTIONS": "AVX2", "FAISS_OPT_LEVEL": "avx2",
    "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
}  # fmt: skip


def pictures(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return pictures of digits, shifted by up to two pixels where there are too few."""
    given = mnist().values.reshape(-1, 28, 28).astype(np.float32)
    parts = [given]
    while sum(map(len, parts)) < n:
        grain = 0.02 * rng.random(given.shape, dtype=np.float32)
        parts.append(np.roll(given + grain * (given > given.min()), rng.integers(-2, 3, 2), (1, 2)))
    return np.ascontiguousarray(np.concatenate(parts)[:n].reshape(n, -1))


def embeddings(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Return unit vectors of 400 overlapping topics whose variances fall as 1 / i."""
    spread = np.arange(1, d + 1, dtype=np.float32) ** -0.5
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0].astype(np.float32)
    topics = 0.8 * spread * rng.standard_normal((400, d), dtype=np.float32)
    X = topics[rng.integers(0, 400, n)] + spread * rng.standard_normal((n, d), dtype=np.float32)
    X = X @ turn + 0.3 * turn[0]
    return np.ascontiguousarray(X / np.linalg.norm(X, axis=1, keepdims=True))


def table(n: int, d: int, k: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of a kind, blobs overlapping and of unequal spread, and a start."""
    rng = np.random.default_rng(0)
    if kind == "noise":
        X = rng.random((n, d), dtype=np.float32)
    elif kind == "pictures":
        X = pictures(n, rng)
    elif kind == "embeddings":
        X = embeddings(n, d, rng)
    else:
        centers = rng.standard_normal((k, d), dtype=np.float32)
        spread = rng.uniform(0.3, 1.0, k).astype(np.float32)
        of = rng.integers(0, k, n)
        X = rng.standard_normal((n, d), dtype=np.float32)
        X *= spread[of, None]
        X += centers[of]
    return X, X[rng.choice(n, k, replace=False)].copy()


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fit(side: str, X: np.ndarray, start: np.ndarray, max_iter: int, threads: int) -> Any:
    """Return labels, inertia and iterations of one side."""
    k = len(start)
    if side == "faiss":
        import faiss

        faiss.omp_set_num_threads(threads)
        engine = faiss.Kmeans(
            X.shape[1], k, niter=max_iter, max_points_per_centroid=len(X),
            min_points_per_centroid=1, nredo=1, seed=0,
        )  # fmt: skip
        engine.train(X, init_centroids=start)
        squared, labels = engine.index.search(X, 1)
        return labels[:, 0], float(squared.sum()), max_iter
    if side == PRODUCT:
        for _ in range(max_iter):
            products = X @ start.T
        return products.argmax(axis=1), np.nan, max_iter
    if side == "SuperKMeans":
        from superkmeans import SuperKMeans

        flat = SuperKMeans(
            k, X.shape[1], hierarchical=False, iters=max_iter, sampling_fraction=1.0,
            max_points_per_cluster=len(X), n_threads=threads, early_termination=False,
        )  # fmt: skip
        centers = flat.train(X)
        labels = flat.assign(X, centers)
        return labels, float(((X - centers[labels]) ** 2).sum(dtype=np.float64)), max_iter
    if side == "further":
        from further.cluster import KMeans
    elif side == "scikit-learn-intelex":
        from sklearnex.cluster import KMeans
    else:
        from sklearn.cluster import KMeans
    if side == "scikit-learn float64":
        X = X.astype(np.float64)
    model = KMeans(k, init=start, n_init=1, max_iter=max_iter, tol=0).fit(X)
    return model.labels_, model.inertia_, model.n_iter_


def elbow(side: str, X: np.ndarray) -> tuple[np.ndarray, float, int]:
    """Return the sum of the inertias and of the iterations of k = 2 to 30."""
    if side == "further":
        from further.cluster.number.sweep import sweep

        models = list(sweep(X, range(2, 31), n_init=2, random_state=0).values())
    else:
        from sklearn.cluster import KMeans

        models = [KMeans(k, random_state=0).fit(X) for k in range(2, 31)]
    return models[-1].labels_, sum(m.inertia_ for m in models), sum(m.n_iter_ for m in models)


def child(side: str, shape: str, scale: float, max_iter: int, threads: int, labels: str) -> None:
    """Run one side and print its figures."""
    n, d, k, kind = (100_000, 8, 16, "blobs") if shape == SWEEP else SHAPES[shape]
    X, start = table(int(n * scale), d, k, kind)
    fit(side, X, start, 2, threads)
    before, begin = peak(), time.perf_counter()
    if shape == SWEEP:
        found, inertia, n_iter = elbow(side, X)
    else:
        found, inertia, n_iter = fit(side, X, start, max_iter, threads)
    seconds = time.perf_counter() - begin
    np.save(labels, np.asarray(found, dtype=np.int32))
    figures = {"seconds": seconds, "inertia": float(inertia), "iterations": int(n_iter)}
    print(json.dumps(figures | {"memory": max(peak(), before) - X.nbytes / 2**20}))


def environment(threads: int, *, narrow: bool) -> dict[str, str]:
    """Return the variables of the process of a side."""
    counts = {f"{name}_NUM_THREADS": str(threads) for name in ("OMP", "OPENBLAS", "MKL")}
    return os.environ | counts | (NARROW if narrow else {})


def run(side: str, shape: str, arguments: Any, max_iter: int, threads: int, labels: Path) -> Any:
    variables = environment(threads, narrow=arguments.narrow)
    command = [
        sys.executable, __file__, "--child", side, shape, str(arguments.scale), str(max_iter),
        str(threads), str(labels),
    ]  # fmt: skip
    done = subprocess.run(command, env=variables, capture_output=True, text=True)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no message"
        return {"failed": reason}
    return json.loads(done.stdout.strip().splitlines()[-1])


def compare(shape: str, sides: list[str], threads: int, arguments: Any) -> None:
    best: dict[str, Any] = {}
    found: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(arguments.rounds):
            for side in sides:
                if "failed" in best.get(side, {}):
                    continue
                n_iter = arguments.max_iter
                if side in COUNTED:
                    n_iter = best.get("further", {}).get("iterations", n_iter)
                file = Path(folder) / "labels.npy"
                result = run(side, shape, arguments, n_iter, threads, file)
                if "failed" not in result:
                    found[side] = np.load(file)
                if side not in best or result["seconds"] < best[side]["seconds"]:
                    best[side] = result
    print(f"\n{shape}, {threads} thread{'s' if threads > 1 else ''}")
    truth = found.get("scikit-learn float64")
    base = best.get("scikit-learn", {}).get("seconds", np.nan)
    where = processor(environment(threads, narrow=arguments.narrow))
    for side, result in best.items():
        if "failed" in result:
            print(f"  {side:21} {result['failed'][:70]}")
            continue
        off = (
            ""
            if truth is None or side == PRODUCT
            else f"  labels {int((found[side] != truth).sum()):7d} off"
        )
        print(
            f"  {side:21} {result['seconds']:8.2f} s  x{base / result['seconds']:5.2f} on {where}  "
            f"{result['iterations']:4d} iterations  inertia {result['inertia']:.7g}  "
            f"memory {result['memory']:6.0f} MB{off}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--child", nargs=6, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-iter", type=int, default=100)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--narrow", action="store_true", help="no vectors wider than AVX2's")
    parser.add_argument("--only", help="shapes whose name holds this")
    arguments = parser.parse_args()
    if arguments.child:
        side, shape, scale, max_iter, threads, labels = arguments.child
        child(side, shape, float(scale), int(max_iter), int(threads), labels)
        return
    for threads in arguments.threads:
        for shape in SHAPES:
            if not arguments.only or arguments.only in shape:
                compare(shape, list(SIDES), threads, arguments)
        if not arguments.only or arguments.only in SWEEP:
            compare(SWEEP, ["further", "scikit-learn"], threads, arguments)


if __name__ == "__main__":
    main()
