"""Every usual source becomes the same upright RGB picture; everything else is refused with what to do."""

from __future__ import annotations

import io
import struct
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from iterprime_xai.data.images import Picture, read_image, sha256
from iterprime_xai.records import ImageInputError, MissingExtraError

PIXELS = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[10, 20, 30], [40, 50, 60], [70, 80, 90]]], np.uint8)
GREY = "grey picture: colours cannot be seen in it"


def _pixels(picture: Picture) -> np.ndarray:
    assert picture.image.mode == "RGB"
    return np.asarray(picture.image)


def _png16(values: np.ndarray) -> bytes:
    """A 16-bit PNG by hand: Pillow writes only grey ones."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width, channels = values.shape
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["str", "path", "pil", "array"])
def test_every_source_gives_the_same_pixels(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(PIXELS).save(path)
    source = {"str": str(path), "path": path, "pil": Image.open(path), "array": PIXELS}[kind]

    picture = read_image(source)

    np.testing.assert_array_equal(_pixels(picture), PIXELS)
    assert picture.notes == ()
    assert picture.path == (path if kind in ("str", "path") else None)
    assert sha256(picture.image) == sha256(read_image(PIXELS).image)


def test_the_digest_tells_pixels_and_shapes_apart() -> None:
    zeros = np.zeros((2, 6, 3), np.uint8)
    digests = {sha256(read_image(each).image) for each in (PIXELS, PIXELS[::-1], zeros, zeros.reshape(6, 2, 3))}
    assert len(digests) == 4
    assert len(digests.pop()) == 64


@pytest.mark.parametrize("suffix", ["png", "webp", "bmp", "tif", "gif", "ppm", "jp2", "tga", "jpg", "avif"])
def test_usual_formats_are_read(tmp_path: Path, suffix: str) -> None:
    optional = {"webp": "webp", "jp2": "jpg_2000", "avif": "avif"}
    if suffix in optional and not features.check(optional[suffix]):
        pytest.skip(f"this Pillow is built without {suffix}")
    path = tmp_path / f"a.{suffix}"
    Image.new("RGB", (5, 4), (200, 100, 50)).save(path)
    pixels = _pixels(read_image(path)).astype(int)
    assert pixels.shape == (4, 5, 3)
    assert np.abs(pixels - (200, 100, 50)).max() <= 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    # How an upright picture lies in the file for each orientation: the inverse of what a viewer does.
    stored = {
        1: PIXELS,
        2: PIXELS[:, ::-1],
        3: PIXELS[::-1, ::-1],
        4: PIXELS[::-1],
        5: PIXELS.transpose(1, 0, 2),
        6: np.rot90(PIXELS),
        7: PIXELS[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(PIXELS, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "a.png", exif=exif)

    picture = read_image(tmp_path / "a.png")
    opened = read_image(Image.open(tmp_path / "a.png"))

    np.testing.assert_array_equal(_pixels(picture), PIXELS)
    np.testing.assert_array_equal(_pixels(opened), PIXELS)
    assert picture.notes == (() if orientation == 1 else (f"EXIF orientation {orientation} applied",))
    assert picture.image.getexif().get(0x0112) is None


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_unreadable_exif_data_is_noted_and_does_not_stop(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.png", exif=b"Exif\0\0II*\0garbage that is no directory at all")
    picture = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(_pixels(picture), PIXELS)


def test_transparent_parts_are_put_on_white() -> None:
    pixels = np.array([[[100, 0, 0, 255], [100, 0, 0, 0], [0, 0, 0, 51]]], np.uint8)
    picture = read_image(pixels)
    np.testing.assert_array_equal(_pixels(picture), [[[100, 0, 0], [255, 255, 255], [204, 204, 204]]])
    assert picture.notes == ("transparent parts put on white",)


def test_an_alpha_channel_that_hides_nothing_is_not_worth_a_note() -> None:
    opaque = np.dstack([PIXELS, np.full((2, 3), 255, np.uint8)])
    picture = read_image(opaque)
    np.testing.assert_array_equal(_pixels(picture), PIXELS)
    assert picture.notes == ()


@pytest.mark.parametrize("mode", ["LA", "PA", "La", "RGBa"])
def test_rarer_modes_with_alpha_are_put_on_white(mode: str) -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image = image.convert("LA").convert("La") if mode == "La" else image.convert(mode)
    picture = read_image(image)
    assert _pixels(picture).min() == 255
    assert "transparent parts put on white" in picture.notes


def test_a_transparent_palette_colour_is_put_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    image.save(tmp_path / "a.png", transparency=1)
    picture = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(_pixels(picture), [[[255, 0, 0], [255, 255, 255]]])
    assert picture.notes == ("transparent parts put on white",)


def test_a_palette_becomes_its_colours() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([1, 0])
    np.testing.assert_array_equal(_pixels(read_image(image)), [[[0, 0, 255], [255, 0, 0]]])


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1)])
def test_grey_is_repeated_and_noted(shape: tuple[int, ...]) -> None:
    grey = np.arange(6, dtype=np.uint8).reshape(shape)
    picture = read_image(grey)
    np.testing.assert_array_equal(_pixels(picture), np.repeat(grey.reshape(2, 3, 1), 3, axis=2))
    assert picture.notes == (GREY,)


def test_one_bit_pictures_become_black_and_white() -> None:
    picture = read_image(Image.fromarray(np.array([[True, False]])))
    np.testing.assert_array_equal(_pixels(picture), [[[255] * 3, [0] * 3]])
    assert picture.notes == (GREY,)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_grey_is_scaled_by_the_whole_range(tmp_path: Path, suffix: str) -> None:
    values = np.array([[0, 128, 129, 257, 32768, 65535]], np.uint16)
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    picture = read_image(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(_pixels(picture)[0, :, 0], [0, 0, 1, 1, 128, 255])
    assert picture.notes == ("16-bit grey scaled to 8 bits (0-65535 to 0-255)", GREY)


def test_16_bit_grey_in_a_32_bit_mode_is_scaled_alike() -> None:
    picture = read_image(Image.fromarray(np.array([[0, 65535]], np.int32)))
    np.testing.assert_array_equal(_pixels(picture)[0, :, 0], [0, 255])
    with pytest.raises(ImageInputError, match=r"0 to 65535.*-5 to 7"):
        read_image(Image.fromarray(np.array([[-5, 7]], np.int32)))


@pytest.mark.parametrize("channels", [3, 4])
def test_16_bit_colours_are_scaled_and_noted(tmp_path: Path, channels: int) -> None:
    values = np.full((1, 2, channels), 65535, np.uint16)
    values[0, 0, :3] = (0, 32896, 65535)
    (tmp_path / "a.png").write_bytes(_png16(values))
    picture = read_image(tmp_path / "a.png")
    np.testing.assert_array_equal(_pixels(picture), [[[0, 128, 255], [255, 255, 255]]])
    assert picture.notes == ("16-bit colours scaled to 8 bits",)


def test_cmyk_is_converted_and_noted(tmp_path: Path) -> None:
    Image.new("CMYK", (2, 2), (0, 255, 255, 0)).save(tmp_path / "a.tif")
    picture = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(_pixels(picture), np.full((2, 2, 3), (255, 0, 0)))
    assert picture.notes == ("CMYK converted to RGB without its colour profile",)


def test_the_first_frame_of_a_file_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (2, 2), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    picture = read_image(tmp_path / "a.gif")
    np.testing.assert_array_equal(_pixels(picture), np.full((2, 2, 3), (255, 0, 0)))
    assert picture.notes == ("frame 1 of 3 taken",)


def test_the_frame_that_a_pil_image_stands_on_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (2, 2), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with Image.open(tmp_path / "a.gif") as image:
        image.seek(2)
        picture = read_image(image)
        assert image.tell() == 2
    np.testing.assert_array_equal(_pixels(picture), np.full((2, 2, 3), (0, 0, 255)))
    assert picture.notes == ("frame 3 of 3 taken",)


def test_one_pixel_is_a_picture() -> None:
    assert read_image(np.zeros((1, 1, 3), np.uint8)).image.size == (1, 1)


def test_the_source_is_neither_changed_nor_shared() -> None:
    array = PIXELS.copy()
    image = Image.new("RGBA", (2, 2), (1, 2, 3, 0))
    from_array, from_image = read_image(array), read_image(image)
    array[:] = 7
    image.paste((9, 9, 9, 255), (0, 0, 2, 2))
    np.testing.assert_array_equal(_pixels(from_array), PIXELS)
    assert _pixels(from_image).min() == 255
    assert image.mode == "RGBA"


def test_a_view_of_a_larger_array_is_read_in_its_own_order() -> None:
    np.testing.assert_array_equal(_pixels(read_image(PIXELS[::-1, ::-1, ::-1])), PIXELS[::-1, ::-1, ::-1])


def test_one_lazy_image_can_be_read_from_many_threads(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    shared, found = Image.open(tmp_path / "a.png"), []
    threads = [threading.Thread(target=lambda: found.append(sha256(read_image(shared).image))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [sha256(read_image(noise).image)] * 8


@pytest.mark.parametrize("orientation", [1, 6])
def test_heic_is_read_upright(tmp_path: Path, orientation: int) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    upright = np.zeros((64, 96, 3), np.uint8)
    upright[:, :48] = (220, 30, 30)
    upright[:32, 48:] = (30, 200, 30)
    stored = np.ascontiguousarray(np.rot90(upright) if orientation == 6 else upright)
    exif = Image.Exif()
    exif[0x0112] = orientation
    size = (stored.shape[1], stored.shape[0])
    pillow_heif.encode("RGB", size, stored.tobytes(), tmp_path / "a.heic", exif=exif.tobytes(), quality=90)

    picture = read_image(tmp_path / "a.heic")

    assert np.abs(_pixels(picture).astype(int) - upright).mean() < 6
    assert picture.notes[0] == "HEIC decoded"


def test_heic_without_its_extra_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jpg").write_bytes(struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(100))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r'pip install "iterprime-xai\[heic\]"'):
        read_image(tmp_path / "a.jpg")


def test_a_broken_heic_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif")
    (tmp_path / "a.heic").write_bytes(struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + bytes(100))
    with pytest.raises(ImageInputError, match="damaged"):
        read_image(tmp_path / "a.heic")


def _jpeg() -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.png", b"", r"empty \(0 bytes\)"),
        ("notes.txt", "Grüße aus dem Text".encode(), "it holds text"),
        ("page.jpg", b"<!DOCTYPE html><html><body>404</body></html>", "it holds text"),
        ("random.png", bytes(range(128, 256)) * 4, "no known kind"),
        ("cut.jpg", _jpeg()[:1500], "damaged, cut short"),
        ("head.jpg", _jpeg()[:12], "not a picture|damaged"),
        ("broken.png", _png16(np.random.default_rng(0).integers(0, 65536, (9, 9, 3), np.uint16))[:200], "damaged"),
        ("script.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "it holds text"),
    ],
)
def test_files_that_hold_no_whole_picture_are_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageInputError, match=message) as caught:
        read_image(tmp_path / name)
    assert name in str(caught.value)


def test_a_missing_file_names_the_folder_and_the_nearest_name(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "holiday.jpg")
    with pytest.raises(ImageInputError, match=r"did you mean 'holiday\.jpg'"):
        read_image(tmp_path / "holyday.jpg")
    with pytest.raises(ImageInputError, match="the folder does not exist"):
        read_image(tmp_path / "nowhere" / "a.jpg")
    with pytest.raises(ImageInputError, match="is a folder"):
        read_image(tmp_path)
    with pytest.raises(ImageInputError, match="empty text"):
        read_image("")
    with pytest.raises(ImageInputError, match="Cannot read"):
        read_image("a\0b")


@pytest.mark.parametrize("address", ["https://example.org/a.jpg", "s3://bucket/a.png", "data:image/png;base64,AAAA"])
def test_an_address_is_to_be_downloaded_first(address: str) -> None:
    with pytest.raises(ImageInputError, match="download it first"):
        read_image(address)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "got None"),
        (b"\x89PNG", "io.BytesIO"),
        (3, "got int"),
        ([PIXELS, PIXELS], "one picture at a time"),
        (io.BytesIO(b""), "an open file"),
        (np.zeros((0, 5, 3), np.uint8), "at least one pixel.*5 x 0"),
        (np.zeros((3, 20, 20), np.uint8), r"transpose\(1, 2, 0\)"),
        (np.zeros((2, 20, 20, 3), np.uint8), r"array\[0\]"),
        (np.zeros((20, 20, 2), np.uint8), r"shape \(20, 20, 2\)"),
        (np.zeros(20, np.uint8), r"shape \(20,\)"),
        (np.full((4, 4, 3), 0.5), r"float64; pass `\(array \* 255\)"),
        (np.full((4, 4, 3), -1.5, np.float32), "undo any normalisation"),
        (np.full((4, 4), np.nan), "NaN"),
        (np.full((4, 4), 300, np.uint16), "/ 257"),
        (np.full((4, 4), 3, np.int64), "int64"),
        (np.ones((4, 4), bool), r"\* 255"),
        (np.array([["a"]]), "as numbers"),
        (Image.new("F", (2, 2)), "mode F"),
        (Image.new("RGB", (0, 5)), "at least one pixel"),
    ],
)
def test_what_is_no_picture_is_refused_with_what_to_do(source: object, message: str) -> None:
    with pytest.raises(ImageInputError, match=message):
        read_image(source)  # type: ignore[arg-type]


def test_a_torch_tensor_is_told_how_to_become_an_array() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(ImageInputError, match="permute"):
        read_image(torch.zeros(3, 4, 4))


def test_a_closed_pil_image_is_an_error(tmp_path: Path) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    image = Image.open(tmp_path / "a.png")
    image.close()
    with pytest.raises(ImageInputError, match="no longer open"):
        read_image(image)


def test_pictures_over_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2)
    for source in (tmp_path / "a.png", PIXELS, Image.fromarray(PIXELS)):
        with pytest.raises(ImageInputError, match=r"too large.*up to 4 pixels"):
            read_image(source)


def test_the_limit_stands_before_any_decoding(tmp_path: Path) -> None:
    huge = bytearray(_png16(np.zeros((1, 1, 3), np.uint16)))
    huge[16:24] = struct.pack(">II", 50_000, 50_000)
    huge[29:33] = struct.pack(">I", zlib.crc32(bytes(huge[12:29])))
    (tmp_path / "a.png").write_bytes(bytes(huge))
    with pytest.raises(ImageInputError, match="too large"):
        read_image(tmp_path / "a.png")
