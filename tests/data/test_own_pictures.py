"""People's own pictures: a folder, CSV or JSON Lines; what is wrong in them is said with its line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import published_layouts as layouts
import pytest
from PIL import Image

from iterprime_xai.data.sources import open_data
from iterprime_xai.records import ImageInputError, OptionError, StorageError

DOG = layouts.box(2, 1, 7, 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "zoo").mkdir()
    layouts.picture(1).save(tmp_path / "dog.jpg")
    layouts.picture(2).save(tmp_path / "zoo" / "cat.png")
    Image.fromarray(DOG.astype(np.uint8)).save(tmp_path / "dog-mask.png")  # 0 and 1: nearly black to the eye
    return tmp_path


def _write(folder: Path, text: str, name: str = "phrases.csv", encoding: str = "utf-8") -> Path:
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def test_a_csv_gives_samples_with_masks_ids_and_tags(folder: Path) -> None:
    path = _write(
        folder,
        "image,phrase,mask,id,kind,category\n"
        "dog.jpg,the dog,dog-mask.png,d1,name,dog\n"
        'zoo/cat.png,"cat, left",,,position,\n'
        'dog.jpg,grass,"[0, 6, 16, 6, 16, 12, 0, 12]",,,plant\n',
    )
    for spec in (f"csv:{path}", f"folder:{folder}"):
        data = open_data(spec)
        dogs, cats = data.pictures()
        assert (dogs.image_id, dogs.sample_ids) == ("dog.jpg", ("d1", "dog.jpg-1"))
        assert cats.sample_ids == ("zoo/cat.png-0",)
        (cat,) = data.samples_of(cats)
        assert (cat.text, cat.mask, cat.image) == ("cat, left", None, folder / "zoo" / "cat.png")
        assert cat.tags == {"domain": "own", "kind": "position", "image_id": "zoo/cat.png"}
        dog, grass = data.samples_of(dogs)
        np.testing.assert_array_equal(dog.mask, DOG)
        np.testing.assert_array_equal(grass.mask, layouts.box(0, 6, 16, 12))
        assert dog.other_categories == ("plant",)
        np.testing.assert_array_equal(dog.others[0], grass.mask)
        json.dumps(data.describe())


def test_the_description_follows_the_rows_and_not_the_place(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = _write(folder, "image,phrase\ndog.jpg,dog\n")
    other = tmp_path_factory.mktemp("moved")
    moved = _write(other, "image;phrase\r\ndog.jpg;dog\r\n")
    assert open_data(f"csv:{path}").describe() == open_data(f"csv:{moved}").describe()
    changed = _write(other, "image;phrase\ndog.jpg;dogs\n")
    assert open_data(f"csv:{path}").describe() != open_data(f"csv:{changed}").describe()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_spreadsheets_in_their_usual_forms_are_read(folder: Path, encoding: str, delimiter: str) -> None:
    text = f"image{delimiter}phrase\r\ndog.jpg{delimiter}chien à gauche\r\n\r\n"
    path = _write(folder, text, encoding=encoding)
    assert open_data(f"csv:{path}").samples_of(open_data(f"csv:{path}").pictures()[0])[0].text == "chien à gauche"
    path = _write(folder, f"sep={delimiter}\r\n{text}", encoding=encoding)
    assert len(open_data(f"csv:{path}").pictures()) == 1


def test_json_lines_hold_masks_as_values(folder: Path) -> None:
    from iterprime_xai.data import rle

    masks = [
        rle.encode(DOG),
        json.dumps(rle.encode(DOG)),
        [[2, 1], [7, 1], [7, 5], [2, 5]],
        [[2, 1, 7, 1, 7, 5, 2, 5]],
        "dog-mask.png",
    ]
    rows = [
        {"image": "dog.jpg", "phrase": f"dog {place}", "mask": mask, "n": place} for place, mask in enumerate(masks)
    ]
    path = _write(folder, "\n".join(map(json.dumps, rows)) + "\n\n", "phrases.jsonl")
    data = open_data(f"jsonl:{path}")
    samples = data.samples_of(data.pictures()[0])
    assert [each.tags["n"] for each in samples] == ["0", "1", "2", "3", "4"]
    for sample in samples:
        np.testing.assert_array_equal(sample.mask, DOG)
        assert sample.others == ()


def test_texts_beside_pictures_are_their_phrases(folder: Path) -> None:
    _write(folder, "the dog\n\n  brown dog \n", "dog.txt", "utf-8-sig")
    _write(folder / "zoo", "the cat\n", "cat.txt")
    Image.fromarray(DOG).save(folder / "dog.mask-2.png")
    Image.fromarray(DOG).save(folder / "zoo" / "cat.mask.png")
    layouts.picture(3).save(folder / "silent.png")
    data = open_data(f"folder:{folder}")
    assert [entry.sample_ids for entry in data.pictures()] == [("dog.jpg-0", "dog.jpg-1"), ("zoo/cat.png-0",)]
    plain, brown = data.samples_of(data.pictures()[0])
    assert (plain.text, plain.mask, brown.text) == ("the dog", None, "brown dog")
    np.testing.assert_array_equal(brown.mask, DOG)
    np.testing.assert_array_equal(data.samples_of(data.pictures()[1])[0].mask, DOG)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("image,phrase\n", "holds no rows"),
        ("imgae,phrase\na.jpg,b\n", r"no column 'image' \(is it 'imgae'\?\); it has 'imgae', 'phrase'"),
        ("image,text\na.jpg,b\n", "no column 'phrase'.*The columns are image, phrase"),
        ("image,phrase,phrase\na,b,c\n", "column 'phrase' twice"),
        ("image,phrase\ndog.jpg,the dog, left\n", "row 2 has 3 cells, but the header has 2; put quotation marks"),
        ("image,phrase\ndog.jpg,\n", "row 2 has no phrase"),
        ("image,phrase\n,dog\n", "row 2 has no image"),
        ("image,phrase\n../dog.jpg,dog\n", r"row 2 names an image outside its folder: '\.\./dog\.jpg'"),
        ("image,phrase\n/etc/dog.jpg,dog\n", "outside its folder"),
        ("image,phrase\nC:\\dog.jpg,dog\n..\\dog.jpg,dog\n", "outside its folder"),
        (
            "image,phrase,id\ndog.jpg,dog,x\ndog.jpg,dogs,x\n",
            "id 'x' comes twice: phrases.csv, row 2 and phrases.csv, row 3",
        ),
        ('image,phrase\ndog.jpg,"dog\n', "no proper CSV"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_sentence_with_the_row(folder: Path, text: str, message: str) -> None:
    path = _write(folder, text)
    with pytest.raises(StorageError, match=message):
        open_data(f"csv:{path}")


def test_another_encoding_is_refused_with_the_line(folder: Path) -> None:
    path = _write(folder, "image,phrase\ndog.jpg,chien\ndog.jpg,à gauche\n", encoding="latin-1")
    with pytest.raises(StorageError, match=r"not UTF-8: byte 0xe0 in line 3\. Save it as UTF-8"):
        open_data(f"csv:{path}")


def test_lines_that_are_no_objects_are_named(folder: Path) -> None:
    for text, message in [('{"image": "a.jpg"\n', "line 1 is not JSON"), ("\n[1]", "line 2 should hold an object")]:
        with pytest.raises(StorageError, match=message):
            open_data(f"jsonl:{_write(folder, text, 'a.jsonl')}")


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ("dog-mask.jpg", "is a JPEG"),
        ("dog-msk.png", r"there is no file .*dog-msk\.png \(did you mean 'dog-mask\.png'"),
        ("small.png", "small.png is 3 x 2, but the picture is 16 x 12"),
        ("../dog-mask.png", "outside its folder"),
        ("phrases.csv", "cannot be read"),
        ("[[1, 2, 3, 4, 5]]", "odd number of coordinates"),
        ('[1, 2, 3, 4, 5, "x"]', "row 2 cannot be used"),
        ('{"size": [2, 3], "counts": [6]}', r"for a picture of \[2, 3\], not \[12, 16\]"),
        ("{broken", "row 2 cannot be used"),
    ],
)
def test_a_mask_that_cannot_be_used_harms_its_picture_alone(folder: Path, mask: str, message: str) -> None:
    Image.new("1", (3, 2)).save(folder / "small.png")
    quoted = mask.replace('"', '""')
    path = _write(folder, f'image,phrase,mask\ndog.jpg,dog,"{quoted}"\nzoo/cat.png,cat,\n')
    data = open_data(f"csv:{path}")
    with pytest.raises(StorageError, match=message):
        data.samples_of(data.pictures()[0])
    assert len(data.samples_of(data.pictures()[1])) == 1


def test_a_missing_picture_does_not_stop_the_list(folder: Path) -> None:
    data = open_data("csv:" + str(_write(folder, "image,phrase\ndgo.jpg,dog\ndog.jpg,dog\n")))
    missing, there = data.pictures()
    assert data.samples_of(there)
    with pytest.raises(ImageInputError, match=r"no picture 'dgo\.jpg' in .* \(did you mean 'dog\.jpg'"):
        data.samples_of(missing)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_masks_of_every_mode_are_what_is_not_black(folder: Path, mode: str) -> None:
    grey = Image.fromarray(DOG.astype(np.uint8) * 255)
    if mode == "I;16":
        image = Image.fromarray(DOG.astype(np.uint16))
    elif mode == "P":
        image = grey.convert("RGB").quantize(4)
    else:
        image = grey.convert(mode)
    image.save(folder / "m.png")
    data = open_data("csv:" + str(_write(folder, "image,phrase,mask\ndog.jpg,dog,m.png\n")))
    np.testing.assert_array_equal(data.samples_of(data.pictures()[0])[0].mask, DOG)


def test_a_turned_photo_needs_a_mask_of_its_upright_size(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    layouts.picture(1, (12, 16)).save(folder / "dog.jpg", exif=exif)  # 12 wide in the file, 16 wide upright
    data = open_data("csv:" + str(_write(folder, "image,phrase,mask\ndog.jpg,dog,dog-mask.png\n")))
    assert data.samples_of(data.pictures()[0])[0].mask.shape == (12, 16)


def test_folders_that_say_nothing_are_told_what_to_write(folder: Path) -> None:
    with pytest.raises(StorageError, match=r"holds 3 pictures and no phrases: write phrases\.csv"):
        open_data(f"folder:{folder}")
    with pytest.raises(StorageError, match=r"no folder .*zo \(did you mean 'zoo'"):
        open_data(f"folder:{folder / 'zo'}")
    _write(folder, "image,phrase\ndog.jpg,a\n")
    with pytest.raises(StorageError, match=r"no file .*phrase\.csv \(did you mean 'phrases\.csv'"):
        open_data(f"csv:{folder / 'phrase.csv'}")
    _write(folder, "{}", "phrases.jsonl")
    with pytest.raises(StorageError, match=r"both phrases\.csv and phrases\.jsonl"):
        open_data(f"folder:{folder}")


def test_a_text_of_two_pictures_is_refused(folder: Path) -> None:
    layouts.picture(1).save(folder / "dog.png")
    _write(folder, "dog\n", "dog.txt")
    with pytest.raises(StorageError, match=r"belongs to dog\.jpg and dog\.png"):
        open_data(f"folder:{folder}")


def test_options_that_mean_nothing_here_are_refused(folder: Path) -> None:
    path = _write(folder, "image,phrase\ndog.jpg,a\n")
    with pytest.raises(OptionError, match="count= is for scenes"):
        open_data(f"csv:{path}", count=3)
    with pytest.raises(OptionError, match="one wording only"):
        open_data(f"csv:{path}", text="raw")
