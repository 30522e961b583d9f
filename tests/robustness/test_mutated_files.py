"""2,000 damaged files of every format: each loads, or is refused in one sentence that names it."""

from __future__ import annotations

import gzip
import io
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from further.data import load
from further.errors import InputError
from peak_memory import forget_peak, peak

MUTATIONS_IN_ALL = 2000
MOST_SECONDS, MOST_BYTES = 10.0, 2**30
ROWS = 60
RNG = np.random.default_rng(0)


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": RNG.integers(18, 90, ROWS),
            "height": RNG.normal(170, 10, ROWS).round(1),
            "town": RNG.choice(["Zürich", "Oslo, N", 'the "old" town'], ROWS),
            "seen": pd.date_range("2020-01-01", periods=ROWS).astype(str),
            "class": RNG.choice(["a", "b"], ROWS),
        }
    )


def csv() -> bytes:
    return table().to_csv(index=False).encode()


def parquet() -> bytes:
    content = io.BytesIO()
    table().to_parquet(content)
    return content.getvalue()


def npy() -> bytes:
    content = io.BytesIO()
    np.save(content, RNG.normal(size=(ROWS, 4)))
    return content.getvalue()


def npz() -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, X=RNG.random((ROWS, 6, 5)), y=np.arange(ROWS) % 3)
    return content.getvalue()


def idx() -> bytes:
    header = bytes([0, 0, 8, 3]) + b"".join(side.to_bytes(4, "big") for side in (ROWS, 6, 5))
    return header + RNG.integers(0, 256, ROWS * 30, dtype=np.uint8).tobytes()


def picture(suffix: str, kind: str = "RGB") -> bytes:
    content = io.BytesIO()
    pixels = Image.fromarray(RNG.integers(0, 256, (12, 10, 3), dtype=np.uint8)).convert(kind)
    pixels.save(
        content, suffix, **({"save_all": True, "append_images": [pixels]} if kind == "P" else {})
    )
    return content.getvalue()


def tiff(dtype: str, pages: int) -> bytes:
    content = io.BytesIO()
    pixels = (200 * RNG.random((pages, 12, 10))).astype(dtype)
    tifffile.imwrite(content, pixels, photometric="minisblack", compression="zlib")
    return content.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "a.csv": csv,
    "a.csv.gz": lambda: gzip.compress(csv()),
    "a.parquet": parquet,
    "a.npy": npy,
    "a.npz": npz,
    "some-images.idx": idx,
    "some-images.idx.gz": lambda: gzip.compress(idx()),
    "rgb.png": lambda: picture("PNG"),
    "palette.png": lambda: picture("PNG", "P"),
    "deep.png": lambda: picture("PNG", "I;16"),
    "a.jpg": lambda: picture("JPEG"),
    "a.gif": lambda: picture("GIF", "P"),
    "a.webp": lambda: picture("WEBP"),
    "bytes.tif": lambda: tiff("u1", 1),
    "single.tif": lambda: tiff("f4", 2),
    "double.tif": lambda: tiff("f8", 3),
}


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Return a content with flipped bits, cut off, with bytes put in, or with blocks moved."""
    places = np.sort(rng.integers(0, len(content) + 1, 4))
    a, b, c, d = (int(place) for place in places)
    kind = int(rng.integers(5))
    if kind == 0:
        flipped = bytearray(content)
        for bit in rng.integers(0, 8 * len(content), rng.integers(1, 9)):
            flipped[bit // 8] ^= 1 << (bit % 8)
        return bytes(flipped)
    if kind == 1:
        return content[: int(rng.integers(len(content)))]
    if kind == 2:
        return content[:a] + rng.bytes(int(rng.integers(1, 40))) + content[a:]
    if kind == 3:
        return content[:b] + content[a:b] + content[b:]
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def outcome(source: Path) -> str | None:
    """Return why a source is refused, None where it is read; all else that is raised fails."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            assert len(load(source)) > 0
        except InputError as error:
            return str(error)
    return None


@pytest.mark.slow
@pytest.mark.parametrize("name", list(FILES))
def test_every_damaged_file_is_data_or_one_sentence(name: str, tmp_path: Path) -> None:
    whole = FILES[name]()
    folder = tmp_path / "files"
    folder.mkdir()
    file = folder / name
    is_picture = file.suffix in (".png", ".jpg", ".gif", ".webp", ".tif")
    if is_picture:
        (folder / f"good{file.suffix}").write_bytes(whole)
    source = folder if is_picture else file
    file.write_bytes(whole)
    assert outcome(source) is None
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    forget_peak()
    before = peak()
    for _ in range(MUTATIONS_IN_ALL // len(FILES)):
        content = mutated(whole, rng)
        file.write_bytes(content)
        started = time.perf_counter()
        message = outcome(source)
        assert time.perf_counter() - started < MOST_SECONDS
        assert file.read_bytes() == content
        if message is not None:
            assert "\n" not in message
            assert "Traceback" not in message
            assert name in message
            assert message.endswith(".")
    assert peak() - before < MOST_BYTES
