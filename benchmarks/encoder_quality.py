"""How well a CLIP knows drawn scenes: retrieval, gold crops named, and which thing a phrase means among gold crops.

    python benchmarks/encoder_quality.py                                   the bundled tiny-clip on val, testA and ood
    python benchmarks/encoder_quality.py --model RUN/export --splits val --scenes 96

Loads the folder with stock ``CLIPModel`` and ``CLIPProcessor``. Prints a table, and writes OUT/encoder_quality.md, .json (every
figure) and card.json (the tables as ``export_clip`` puts them on the model card).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from iterprime_xai.data.scenes import SPLITS
from iterprime_xai.evaluation.encoder_quality import EncoderRow, encoder_markdown, encoder_rows
from iterprime_xai.models.finding import BUNDLED_FOLDER
from iterprime_xai.records.writing import write_whole


class StockClip:
    """A folder's ``CLIPModel`` and processor as two functions from pictures and texts to vectors."""

    def __init__(self, folder: Path) -> None:
        from transformers import CLIPModel, CLIPProcessor

        self.model: Any = CLIPModel.from_pretrained(folder, dtype="float32").eval()
        self.processor: Any = CLIPProcessor.from_pretrained(folder)

    def pictures(self, images: Sequence[Image.Image]) -> np.ndarray:
        """Vectors (n, width) of pictures."""
        import torch

        with torch.no_grad():
            pixels = self.processor(images=list(images), return_tensors="pt")
            pooled = self.model.vision_model(**pixels).pooler_output
            return self.model.visual_projection(pooled).numpy()

    def texts(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors (n, width) of texts."""
        import torch

        with torch.no_grad():
            tokens = self.processor(text=list(texts), padding=True, return_tensors="pt")
            pooled = self.model.text_model(**tokens).pooler_output
            return self.model.text_projection(pooled).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tiny-clip", help="bundled name or folder (default: tiny-clip)")
    parser.add_argument("--splits", nargs="+", default=["val", "testA", "ood"], choices=SPLITS)
    parser.add_argument("--scenes", type=int, default=320, help="scenes a split (default: 320)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None, help="CPU threads")
    parser.add_argument("--out", type=Path, default=Path("runs/encoder_quality"))
    arguments = parser.parse_args()
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)

    bundled = BUNDLED_FOLDER / arguments.model
    clip = StockClip(bundled if bundled.is_dir() else Path(arguments.model))
    rows: list[EncoderRow] = []
    for split in arguments.splits:
        rows += encoder_rows(clip.pictures, clip.texts, split, arguments.scenes, arguments.seed)
    table = encoder_markdown(rows)
    print(table)
    setting = f"{arguments.scenes} scenes a split, seed {arguments.seed}; 95 % intervals over pictures."
    title = f"Retrieval and gold crops ({setting})"
    write_whole(arguments.out / "encoder_quality.md", f"# {title}\n\n{table}".encode())
    record = {
        "model": arguments.model,
        "scenes": arguments.scenes,
        "seed": arguments.seed,
        "rows": [asdict(row) for row in rows],
    }
    write_whole(arguments.out / "encoder_quality.json", (json.dumps(record, indent=2) + "\n").encode())
    write_whole(arguments.out / "card.json", (json.dumps({"markdown": {title: table}}, indent=2) + "\n").encode())


if __name__ == "__main__":
    main()
