"""Pictures of every depth come as the values that their files store, and it is said."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from further.data import fit_encoding, load
from further.errors import InputError

RNG = np.random.default_rng(0)
SHAPE = (7, 9)


def write_png16(path, values, alpha=False):
    """Write 16 bits a value, which Pillow writes of grey pictures alone."""
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[1 if values.ndim == 2 else values.shape[2]]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, kind, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n"
    for name, chunk in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
        content += struct.pack(">I", len(chunk)) + name + chunk
        content += struct.pack(">I", zlib.crc32(name + chunk))
    path.write_bytes(content)


def folder_of(tmp_path, values, suffix, write):
    for i, picture in enumerate(values):
        write(tmp_path / f"{i}.{suffix}", picture)
    return tmp_path


def channels_first(values):
    return values[:, None] if values.ndim == 3 else np.moveaxis(values, -1, 1)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("dtype", ["i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"])
def test_tiff_of_every_type(tmp_path, dtype, colour, byteorder):
    kind = np.dtype(dtype)
    high = 900.0 if kind.kind == "f" else min(np.iinfo(kind).max, 2**40)
    low = 0 if kind.kind == "u" else -high / 2
    values = RNG.uniform(low, high, (5, *SHAPE, *([3] if colour else []))).astype(kind)

    def write(path, picture):
        how = "rgb" if colour else "minisblack"
        tifffile.imwrite(path, picture, photometric=how, byteorder=byteorder)

    dataset = load(folder_of(tmp_path, values, "tif", write))
    assert (dataset.levels, dataset.values.dtype) == (None, np.float32)
    np.testing.assert_array_equal(dataset.values, channels_first(values).astype(np.float32))
    note = next(note for note in dataset.notes if "one scale" in note)
    assert f"from {values.min():.6g} to {values.max():.6g}" in note
    assert f"of {8 * kind.itemsize} bits" in note


@pytest.mark.parametrize("predictor", [False, True])
def test_compressed_16_bit_colour(tmp_path, predictor):
    values = RNG.integers(0, 2**16, (4, *SHAPE, 3)).astype(np.uint16)

    def write(path, picture):
        tifffile.imwrite(path, picture, photometric="rgb", compression="zlib", predictor=predictor)

    dataset = load(folder_of(tmp_path, values, "tiff", write))
    np.testing.assert_array_equal(dataset.values, channels_first(values))


@pytest.mark.parametrize("channels", [None, 3])
@pytest.mark.parametrize("high", [4095, 65535])
def test_16_bit_png(tmp_path, channels, high):
    shape = (6, *SHAPE) if channels is None else (6, *SHAPE, channels)
    values = RNG.integers(0, high + 1, shape).astype(np.uint16)
    values.flat[:2] = 0, high
    dataset = load(folder_of(tmp_path, values, "png", write_png16))
    assert dataset.levels is None
    np.testing.assert_array_equal(dataset.values, channels_first(values))
    assert any(f"Values from 0 to {high}" in note for note in dataset.notes)
    encoding = fit_encoding(dataset)
    x = encoding.encode(dataset)
    assert (x.min(), x.max()) == (0, 1)
    np.testing.assert_allclose(encoding.decode(x), dataset.values, rtol=1e-6, atol=high * 1e-6)


@pytest.mark.parametrize("colours", [1, 3])
def test_transparency_of_16_bits_is_put_on_white(tmp_path, colours):
    values = np.full((6, 6, colours + 1), 1000, dtype=np.uint16)
    values[:3, :, -1] = 65535
    values[3:, :, -1] = 0
    write_png16(tmp_path / "a.png", values)
    dataset = load(tmp_path)
    assert (dataset.values[0, :, :3] == 1000).all()
    assert (dataset.values[0, :, 3:] == 65535).all()
    assert any("transparent" in note for note in dataset.notes)


def test_whole_numbers_that_fit_into_a_byte_are_grey_levels(tmp_path):
    values = RNG.integers(0, 13, (5, *SHAPE)).astype(np.uint16)
    values.flat[:2] = 0, 12
    dataset = load(folder_of(tmp_path, values, "png", write_png16))
    assert (dataset.levels, dataset.values.dtype) == (13, np.uint8)
    assert any("from 0 to 12" in note and "13 grey levels" in note for note in dataset.notes)


def test_one_bit_a_pixel_has_two_levels(tmp_path):
    values = RNG.integers(0, 2, (5, *SHAPE)).astype(bool)

    def write(path, picture):
        Image.fromarray(picture).save(path)

    dataset = load(folder_of(tmp_path, values, "png", write))
    assert dataset.levels == 2
    np.testing.assert_array_equal(dataset.values, channels_first(values))
    assert any("2 grey levels" in note for note in dataset.notes)


def test_palette_and_cmyk_are_colours(tmp_path):
    colours = np.zeros((16, 16, 3), dtype=np.uint8)
    colours[:8] = 250, 10, 10
    picture = Image.fromarray(colours)
    picture.quantize(4).save(tmp_path / "a.png")
    picture.convert("CMYK").save(tmp_path / "b.jpg", quality=95, subsampling=0)
    picture.save(tmp_path / "c.png")
    values = load(tmp_path).values.astype(int)
    assert values.shape == (3, 3, 16, 16)
    assert np.abs(values - channels_first(colours[None])).max() < 6


def test_floats_of_different_ranges_keep_one_scale(tmp_path):
    values = RNG.random((6, *SHAPE)).astype(np.float32)
    values[3:] *= 200
    folder_of(tmp_path, values, "tif", tifffile.imwrite)
    dataset = load(tmp_path)
    np.testing.assert_array_equal(dataset.values[:, 0], values)
    x = fit_encoding(dataset).encode(dataset)
    assert x[:3].max() < 0.01
    assert x[3:].max() == 1
    note = next(note for note in dataset.notes if "bring them to one before" in note)
    assert ".tif ends at" in note


@pytest.mark.parametrize(("value", "what"), [(np.nan, "NaN"), (np.inf, "infinity")])
def test_what_is_not_finite_is_one_sentence(tmp_path, value, what):
    values = RNG.random((3, *SHAPE)).astype(np.float32)
    values[1, 2, 4] = value
    folder_of(tmp_path, values, "tif", tifffile.imwrite)
    with pytest.raises(InputError, match=rf"1\.tif has {what} in pixel row 2, column 4"):
        load(tmp_path)


def test_bytes_beside_deeper_pictures_have_no_common_scale(tmp_path):
    write_png16(tmp_path / "deep.png", RNG.integers(0, 4096, SHAPE).astype(np.uint16))
    Image.fromarray(RNG.integers(0, 256, SHAPE).astype(np.uint8)).save(tmp_path / "flat.png")
    with pytest.raises(InputError, match=r"flat\.png stores bytes, but deep\.png stores whole"):
        load(tmp_path)


def test_a_range_that_single_precision_cannot_hold(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", 1e12 + RNG.random(SHAPE))
    with pytest.raises(InputError, match="single precision"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("channels", "dtype", "how"),
    [
        (4, "f4", {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
        (4, "u2", {"photometric": "separated"}),
        (5, "u2", {"photometric": "minisblack", "planarconfig": "contig"}),
        (None, "c8", {"photometric": "minisblack"}),
    ],
)
def test_colours_that_are_not_read_are_one_sentence(tmp_path, channels, dtype, how):
    shape = SHAPE if channels is None else (*SHAPE, channels)
    tifffile.imwrite(tmp_path / "a.tif", RNG.uniform(0, 99, shape).astype(dtype), **how)
    with pytest.raises(InputError, match=r"a\.tif has .* which is not read; save it as grey or"):
        load(tmp_path)


def test_deep_pictures_are_resampled_within_their_range(tmp_path):
    values = np.where(np.arange(40) < 20, 1000, 60000).astype(np.uint16) * np.ones((30, 1), "u2")
    write_png16(tmp_path / "a.png", values)
    found = load(tmp_path, resize=10).values
    assert found.shape == (1, 1, 10, 10)
    assert (found.min(), found.max()) == (1000, 60000)


def test_deep_pictures_on_the_disk_are_those_of_memory(tmp_path):
    values = RNG.random((6, *SHAPE)).astype(np.float32)
    (tmp_path / "p").mkdir()
    memory = load(folder_of(tmp_path / "p", values, "tif", tifffile.imwrite))
    disk = load(tmp_path / "p", mapped=tmp_path / "a.npy")
    assert disk.on_disk
    assert disk.fingerprint == memory.fingerprint
    assert [n for n in disk.notes if "Decoded into" not in n] == list(memory.notes)
    one, other = fit_encoding(disk), fit_encoding(memory)
    assert one.to_json() == other.to_json()


@pytest.mark.parametrize(("name", "high"), [("C1_float_tif", 1), ("C2_12bit_png", 4095)])
def test_the_pictures_that_became_a_few_levels(cases, name, high):
    dataset = load(cases / "generation" / name)
    assert (dataset.levels, dataset.values.max()) == (None, high)
    assert any(f"from 0 to {high}" in note for note in dataset.notes)


# Pages -----------------------------------------------------------------------------------------


def stack(path, n, size=SHAPE, seed=0):
    pages = np.random.default_rng(seed).integers(0, 256, (n, *size)).astype(np.uint8)
    first, *others = [Image.fromarray(page) for page in pages]
    first.save(path, save_all=True, append_images=others)
    return pages


def test_each_page_is_a_picture_and_those_of_a_file_stay_together(tmp_path):
    pages = [stack(tmp_path / f"{i}.tif", 3 + i, seed=i) for i in range(6)]
    dataset = load(tmp_path)
    np.testing.assert_array_equal(dataset.values[:, 0], np.concatenate(pages))
    split = dataset.split()
    sides = [set(dataset.groups[rows]) for rows in (split.train, split.validation, split.test)]
    assert sum(map(len, sides)) == 6 == len(set.union(*sides))
    assert any("6 files have several pages or frames, 33 in all" in n for n in dataset.notes)


def test_pages_of_class_folders_keep_their_class(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        for i in range(3):
            stack(tmp_path / name / f"{i}.tif", 4, seed=i)
    dataset = load(tmp_path)
    assert dataset.codes.tolist() == [0] * 12 + [1] * 12
    assert len(set(dataset.groups)) == 6


def test_one_stack_a_class_can_still_be_split_and_it_is_said(tmp_path):
    for i, name in enumerate("ab"):
        (tmp_path / name).mkdir()
        stack(tmp_path / name / "all.tif", 20, seed=i)
    dataset = load(tmp_path)
    assert dataset.groups is None
    assert any('"a" has 1 files, too few to keep each on one side' in n for n in dataset.notes)
    split = dataset.split()
    assert all((dataset.codes[rows] == 1).any() for rows in (split.train, split.test))


def test_a_page_of_another_size_is_named(tmp_path):
    pages = [Image.fromarray(np.zeros(size, np.uint8)) for size in (SHAPE, SHAPE, (5, 5))]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(InputError, match=r"a\.tif, page 3, has 5x5 pixels but a\.tif has 9x7"):
        load(tmp_path)
    assert len(load(tmp_path, resize=5)) == 3


def test_smaller_copies_of_a_page_are_no_pictures(tmp_path):
    whole = RNG.integers(0, 256, (16, 16)).astype(np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(whole)
        file.write(whole[::2, ::2], subfiletype=1)
    assert load(tmp_path).values.shape == (1, 1, 16, 16)


def test_float_pages_that_pillow_does_not_read(tmp_path):
    pages = RNG.random((5, *SHAPE))
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack")
    np.testing.assert_array_equal(load(tmp_path).values[:, 0], pages.astype(np.float32))


def test_pages_that_go_round_in_a_circle_end(tmp_path):
    content = bytearray(stack_of_doubles())
    first = int.from_bytes(content[4:8], "little")
    number = int.from_bytes(content[first : first + 2], "little")
    link = first + 2 + 12 * number
    content[link : link + 4] = first.to_bytes(4, "little")
    (tmp_path / "a.tif").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.tif cannot be decoded.*circle"):
        load(tmp_path)


def stack_of_doubles():
    content = io.BytesIO()
    tifffile.imwrite(content, RNG.random((2, *SHAPE)), photometric="minisblack", metadata=None)
    return content.getvalue()


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_each_frame_of_an_animation_is_a_picture(tmp_path, suffix):
    for i in range(4):
        frames = [Image.new("RGB", (9, 7), (40 * k + 10, 0, 9 * i)) for k in range(4)]
        options = {"lossless": True} if suffix == "webp" else {}
        path = tmp_path / f"{i}.{suffix}"
        frames[0].save(path, save_all=True, append_images=frames[1:], **options)
    dataset = load(tmp_path)
    assert len(dataset) == 16
    assert dataset.values[:4, 0, 0, 0].tolist() == [10, 50, 90, 130]
    assert dataset.groups.tolist() == np.repeat(range(4), 4).tolist()
    assert any("4 files have several pages or frames" in note for note in dataset.notes)


def test_the_stacks_of_which_only_the_first_page_was_read(cases):
    dataset = load(cases / "generation" / "D2_multipage_many")
    files = sorted((cases / "generation" / "D2_multipage_many").iterdir())
    assert len(dataset) == sum(Image.open(file).n_frames for file in files)


def test_what_is_marked_belongs_to_the_first_page(tmp_path):
    for place, high in (("images", 256), ("masks", 2)):
        (tmp_path / place).mkdir()
        for i in range(3):
            pages = RNG.integers(0, high, (2, *SHAPE)).astype(np.uint8)
            tifffile.imwrite(tmp_path / place / f"{i}.tif", pages, photometric="minisblack")
    dataset = load(tmp_path)
    assert len(dataset) == 3
    assert any("3 further pages or frames of files are left out" in n for n in dataset.notes)


def test_a_mask_of_16_bits_keeps_its_classes(tmp_path):
    for place in ("images", "masks"):
        (tmp_path / place).mkdir()
    for i in range(3):
        Image.fromarray(RNG.integers(0, 256, SHAPE).astype(np.uint8)).save(
            tmp_path / "images" / f"{i}.png"
        )
        mask = RNG.choice([0, 256, 1000], SHAPE).astype(np.uint16)
        write_png16(tmp_path / "masks" / f"{i}.png", mask)
    assert load(tmp_path).target.names == ("0", "256", "1000")
