"""Small data sets written byte for byte in the layouts in which they are published."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools import mask as coco

HEIGHT, WIDTH = 12, 16
DOG = [[2, 1, 7, 1, 7, 5, 2, 5]]
CAT = [[9, 6, 15, 6, 15, 11, 9, 11]]


class Python2Pickler(pickle._Pickler):
    """Writes every text as Python 2 wrote its ``str``: bytes, with an opcode of their own."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_str(self, value: str) -> None:
        data = value.encode("latin-1")
        self.write(pickle.SHORT_BINSTRING + bytes([len(data)]) + data)
        self.memoize(value)

    dispatch[str] = save_str


def python_2_pickle(value: Any) -> bytes:
    buffer = io.BytesIO()
    Python2Pickler(buffer, protocol=2).dump(value)
    return buffer.getvalue()


def box(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    return mask


def picture(seed: int = 0, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values)


def picture_bytes(seed: int = 0) -> bytes:
    buffer = io.BytesIO()
    picture(seed).save(buffer, "PNG")
    return buffer.getvalue()


def sentences(*texts: str, first: int = 0) -> list[dict[str, Any]]:
    return [
        {"raw": text.upper(), "sent": text, "sent_id": first + number, "tokens": text.split()}
        for number, text in enumerate(texts)
    ]


def ref(ref_id: int, ann_id: Any, image_id: int, split: str, said: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "ref_id": ref_id,
        "ann_id": ann_id,
        "category_id": 1,
        "image_id": image_id,
        "file_name": f"COCO_train2014_{image_id:012d}_{ref_id}.jpg",
        "split": split,
        "sent_ids": [each["sent_id"] for each in said],
        "sentences": said,
    } | more


def instances(
    *image_ids: int, shapes: list[Any] | None = None, name: str = "COCO_train2014_{:012d}.jpg"
) -> dict[str, Any]:
    """Two things in every image: annotation 10 * image a dog, 10 * image + 1 a cat."""
    kinds = shapes or [DOG, CAT]
    return {
        "images": [
            {"id": each, "file_name": name.format(each), "height": HEIGHT, "width": WIDTH} for each in image_ids
        ],
        "annotations": [
            {"id": 10 * each + place, "image_id": each, "category_id": place + 1, "segmentation": shape, "iscrowd": 0}
            for each in image_ids
            for place, shape in enumerate(kinds)
        ],
        "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "cat"}],
    }


def write_refer_layout(
    root: Path,
    dataset: str,
    refs: list[dict[str, Any]],
    content: dict[str, Any],
    *,
    file: str = "refs(unc).p",
    images: str = "images/mscoco/images/train2014",
) -> Path:
    folder, where = root / dataset, root / images
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "instances.json").write_text(json.dumps(content), encoding="utf-8")
    data = json.dumps(refs).encode() if file.endswith(".json") else python_2_pickle(refs)
    (folder / file).write_bytes(data)
    for each in content["images"]:
        path = where / each["file_name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(each["id"]).save(path)
    return root


def refcoco(root: Path) -> Path:
    """Two images whose refs do not follow each other, in two splits."""
    refs = [
        ref(1, 70, 7, "val", sentences("left dog", "the dog")),
        ref(2, 80, 8, "val", sentences("dog", first=2)),
        ref(3, 71, 7, "val", sentences("cat caf\xe9", first=3)),
        ref(4, 90, 9, "testA", sentences("a dog", first=4)),
    ]
    return write_refer_layout(root, "refcoco", refs, instances(7, 8, 9))


def grefcoco(root: Path, file: str = "grefs(unc).json") -> Path:
    """One ref of both things, one of none (said with -1), one of none (said with no_target), one of one thing."""
    refs = [
        ref(1, [70, 71], 7, "val", sentences("both animals"), no_target=False, category_id=[1, 2]),
        ref(2, [-1], 7, "val", sentences("the horse", first=1), no_target=True, category_id=[-1]),
        ref(3, [], 7, "val", sentences("two cows", first=2), no_target=True, category_id=[]),
        ref(4, [71], 7, "val", sentences("cat", first=3), no_target=False, category_id=[2]),
        ref(5, -1, 7, "val", sentences("no one", first=4), no_target=False),
        ref(6, [0], 7, "val", sentences("a place for nothing", first=5), no_target=True),
    ]
    return write_refer_layout(root, "grefcoco", refs, instances(7), file=file, images="images/train2014")


def refclef(root: Path) -> Path:
    """Masks are lists of RLE dicts with text counts; one ref's picture is missing from the published pictures."""

    def runs(mask: np.ndarray) -> dict[str, Any]:
        encoded = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
        return {"size": [HEIGHT, WIDTH], "counts": encoded["counts"].decode("ascii")}

    shapes = [[runs(box(0, 0, 4, 4)), runs(box(3, 3, 6, 6))], [runs(box(10, 2, 14, 8))]]
    refs = [
        ref(1, 70, 7, "test", sentences("dog")),
        ref(2, 80, 8, "test", sentences("lost dog", first=1)),
    ]
    write_refer_layout(
        root, "refclef", refs, instances(7, 8, shapes=shapes, name="{}.jpg"), images="images/saiapr_tc-12"
    )
    (root / "images/saiapr_tc-12/8.jpg").unlink()
    return root


def task(
    name: str, image_id: int, phrase: str, ann_ids: list[int], polygons: list[Any], kind: str = "name"
) -> dict[str, Any]:
    return {
        "task_id": name,
        "image_id": image_id,
        "ann_ids": ann_ids,
        "instance_boxes": [[0, 0, 1, 1] for _ in polygons],
        "Polygons": polygons,
        "phrase": phrase,
        "phrase_structure": {
            "name": phrase.split()[-1],
            "attributes": phrase.split()[:-1],
            "relation_ids": [],
            "relation_descriptions": [],
            "type": kind,
        },
    }


def phrasecut(root: Path, sizes: str | None = "image_data_split3000.json") -> Path:
    """Two instances whose polygons overlap, a polygon inside another one, and a second phrase for one of the things."""
    folder = root / "VGPhraseCut_v0"
    (folder / "images").mkdir(parents=True)
    square, shifted = [[1, 1], [6, 1], [6, 6], [1, 6]], [[4, 4], [9, 4], [9, 9], [4, 9]]
    outer, inner = [[10, 1], [15, 1], [15, 6], [10, 6]], [[12, 3], [13, 3], [13, 4], [12, 4]]
    tasks = [
        task("7__1", 7, "brown dogs", [1, 2], [[square], [shifted]], "attribute"),
        task("7__2", 7, "ring", [3], [[outer, inner]]),
        task("8__1", 8, "cat", [4], [[[[2.9, 2.9], [5.2, 2.9], [5.2, 5.9], [2.9, 5.9]], [[0, 0]]]]),
        task("7__3", 7, "dogs", [1], [[square]]),
    ]
    (folder / "refer_val.json").write_text(json.dumps(tasks), encoding="utf-8")
    (folder / "refer_miniv.json").write_text(json.dumps([task("9__1", 9, "hat", [5], [[square]])]), encoding="utf-8")
    if sizes is not None:
        listed = [{"image_id": each, "width": WIDTH, "height": HEIGHT, "split": "val"} for each in (7, 8, 9)]
        (folder / sizes).write_text(json.dumps(listed), encoding="utf-8")
    for number in (7, 8, 9):
        picture(number).save(folder / "images" / f"{number}.jpg")
    return root


def write_parquet(path: Path, rows: list[dict[str, Any]], group: int = 2) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=group)


def lmms_rows() -> list[dict[str, Any]]:
    """Three refs of picture 7, two of which are the same thing (once by unc, once by google), and one of picture 8."""

    def row(number: int, image_id: int, shape: list[list[float]], *texts: str) -> dict[str, Any]:
        return {
            "question_id": str(number % 2),  # the mirror's numbers begin anew
            "image": {"bytes": picture_bytes(image_id), "path": None},
            "question": "Provide a caption.",
            "answer": list(texts),
            "segmentation": [float(value) for value in shape[0]],
            "bbox": [0.0, 0.0, 1.0, 1.0],
            "iscrowd": 0,
            "file_name": f"COCO_train2014_{image_id:012d}_{number}.jpg",
        }

    return [
        row(0, 7, DOG, "left dog", "dog"),
        row(1, 8, CAT, "cat"),
        row(2, 7, CAT, "the cat"),
        row(3, 7, DOG, "dog again"),
    ]


def jxu_rows() -> list[dict[str, Any]]:
    def row(ref_id: int, image_id: int, shape: Any, said: list[dict[str, Any]]) -> dict[str, Any]:
        name = f"COCO_train2014_{image_id:012d}.jpg"
        info = {"file_name": name, "height": HEIGHT, "width": WIDTH, "id": image_id}
        return {
            "sent_ids": [each["sent_id"] for each in said],
            "file_name": f"COCO_train2014_{image_id:012d}_{ref_id}.jpg",
            "ann_id": 100 + ref_id,
            "ref_id": ref_id,
            "image_id": image_id,
            "split": "testA",
            "sentences": said,
            "category_id": 1,
            "raw_anns": json.dumps({"segmentation": shape, "image_id": image_id, "id": 100 + ref_id, "iscrowd": 0}),
            "raw_image_info": json.dumps(info),
            "raw_sentences": json.dumps(said),
            "image_path": f"coco/train2014/{name}",
            "bbox": [0.0, 0.0, 1.0, 1.0],
            "captions": [each["sent"] for each in said],
            "global_image_id": f"coco.{image_id}",
            "anns_id": "0",
        }

    return [row(1, 7, DOG, sentences("left dog", "dog")), row(2, 7, CAT, sentences("cat", first=2))]


def moondream_rows() -> list[dict[str, Any]]:
    def runs(mask: np.ndarray) -> dict[str, Any]:
        encoded = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
        return {"size": [HEIGHT, WIDTH], "counts": encoded["counts"].decode("ascii")}

    return [
        {
            "image": {"bytes": picture_bytes(7), "path": "7.png"},
            "samples": [
                {"sentences": ["left dog", "dog"], "bbox": [0.0, 0.0, 1.0, 1.0], "mask": runs(box(2, 1, 7, 5))},
                {"sentences": ["cat"], "bbox": [0.0, 0.0, 1.0, 1.0], "mask": runs(box(9, 6, 15, 11))},
            ],
        },
        {
            "image": {"bytes": picture_bytes(8), "path": "8.png"},
            "samples": [{"sentences": ["a hat"], "bbox": [0.0, 0.0, 1.0, 1.0], "mask": runs(box(0, 0, 1, 1))}],
        },
    ]
