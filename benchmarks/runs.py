"""Runs at scale: memory of an evaluation while it grows, and time and memory of summary, comparison and one row.

    python -m benchmarks.runs                       100,000 simulated phrases
    python -m benchmarks.runs --quick               2,000: whether it runs
    python -m benchmarks.runs --keep FOLDER         leave the run there

The pictures are small and the system draws its answer by a hash: what is measured is everything around a model. Memory is
the resident size of the process, printed after every tenth of the phrases; summary, comparison and row run in processes of their
own, and their peak is printed.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image

from iterprime_xai.data.dataset import PictureEntry
from iterprime_xai.evaluation.runs import evaluate
from iterprime_xai.records import Expression, Grounding, Pass, Proposals, RankedProposal, Sample, Selection, Word

ROOT = Path(__file__).parents[1]
SIDE, EACH, KINDS = 48, 3, ("attribute", "position", "relation", "category", "ordinal")

MEASURED = {
    "summary": "from iterprime_xai.evaluation.measures import summarise; str(summarise(sys.argv[1]))",
    "summary --by kind": "from iterprime_xai.evaluation.measures import summarise; str(summarise(sys.argv[1], 'kind'))",
    "compare, two runs": (
        "from iterprime_xai.evaluation.measures import compare\n"
        "from iterprime_xai.evaluation.measures.comparison_tables import written\n"
        "written(compare([sys.argv[1], sys.argv[2]]))"
    ),
    "one row by its id": "from iterprime_xai.evaluation.runs import read_run; read_run(sys.argv[1]).row(sys.argv[3])",
}


class Simulated:
    """Pictures of noise with a rectangle to find and one beside it."""

    name = "simulated:val"

    def __init__(self, count: int) -> None:
        self.count = count

    def describe(self) -> dict[str, object]:
        return {"data": "simulated", "split": "val", "count": self.count}

    def pictures(self) -> list[PictureEntry]:
        return [
            PictureEntry(
                f"picture-{first // EACH}", tuple(f"phrase-{n}" for n in range(first, min(first + EACH, self.count)))
            )
            for first in range(0, self.count, EACH)
        ]

    def samples_of(self, entry: PictureEntry) -> list[Sample]:
        random = np.random.default_rng(int(entry.image_id.rpartition("-")[2]))
        image = Image.fromarray(random.integers(0, 256, (SIDE, SIDE, 3), np.uint8))
        found = []
        for name in entry.sample_ids:
            left, top = random.integers(0, SIDE // 2, 2)
            mask, other = np.zeros((SIDE, SIDE), bool), np.zeros((SIDE, SIDE), bool)
            mask[top : top + 12, left : left + 16] = True
            other[top + 12 : top + 20, left + 16 : left + 24] = True
            kind = KINDS[int(name.rpartition("-")[2]) % len(KINDS)]
            found.append(
                Sample(name, image, f"the {kind} thing", mask, (other,), ("thing",), {"split": "val", "kind": kind})
            )
        return found


class Hashing:
    """Answers with one of twelve masks, by a hash of the phrase and the picture."""

    def __init__(self, salt: int = 0) -> None:
        self.name, self.salt = f"hashing-{salt}", salt

    def describe(self) -> dict[str, Any]:
        return {"salt": self.salt}

    def segment(self, image: Any, text: str, *, proposals: Any = None, answer: str = "always") -> Grounding:
        return self.segment_many(image, [text])[0]

    def segment_many(self, image: Any, texts: Any, *, proposals: Any = None, answer: str = "always") -> list[Grounding]:
        masks = np.zeros((12, SIDE, SIDE), bool)
        for index, mask in enumerate(masks):
            mask[index : index + 14, 2 * index : 2 * index + 18] = True
        made = Proposals(masks, np.ones(12, np.float32), "simulated")
        return [self._answer(image, text, made, place) for place, text in enumerate(texts)]

    def _answer(self, image: Any, text: str, made: Proposals, place: int) -> Grounding:
        digest = hashlib.sha256(f"{self.salt} {place} {text}".encode() + image.tobytes()).digest()
        heat = np.random.default_rng(list(digest[:8])).random((14, 14)).astype(np.float32)
        words = tuple(Word(word, (0, len(word)), True, "NOUN") for word in text.split())
        chosen = digest[9] % 12
        ranking = tuple(
            RankedProposal(index, float(index == chosen), {"heat": 0.5, "prior": 1.0}) for index in range(12)
        )
        return Grounding(
            image=image,
            expression=Expression(text, words, len(words) - 1, words[-1].span, parser="simulated"),
            heatmap=heat,
            passes=(Pass(heat, heat, np.ones((14, 14), bool), 0.0, digest[10] / 255),),
            box=None,
            point=(0, 0),
            proposals=made,
            selection=Selection(ranking, chosen, 0.5, "simulated", "by its hash"),
            mask=made.masks[chosen],
            trace=("simulated",),
        )


class Watched(Hashing):
    """Prints the resident memory after every tenth of ``count`` phrases."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count, self.done = count, 0

    def segment_many(self, image: Any, texts: Any, **options: Any) -> list[Grounding]:
        before = self.done * 10 // self.count
        self.done += len(texts)
        if self.done * 10 // self.count > before:
            print(f"  {self.done:>9,} phrases: {resident():7.1f} MB", flush=True)
        return super().segment_many(image, texts)


def resident() -> float:
    """Resident memory of this process in MB (Linux; elsewhere its peak)."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def measure(code: str, *arguments: str) -> tuple[float, float, float]:
    """Seconds, seconds of the processor, and peak MB of a fresh process, its start and imports left out of the seconds."""
    program = (
        "import sys, time, resource, pyarrow.parquet, iterprime_xai.evaluation.measures.comparing, "
        "iterprime_xai.evaluation.measures.summing_up\n"
        f"started, worked = time.perf_counter(), time.process_time()\n{code}\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == 'darwin' else 1024)\n"
        "print(time.perf_counter() - started, time.process_time() - worked, peak)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )
    seconds, worked, peak = map(float, done.stdout.split())
    return seconds, worked, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args()
    count = 2000 if chosen.quick else chosen.count
    folder = chosen.keep or Path(tempfile.mkdtemp())
    try:
        started = perf_counter()
        print(f"evaluating {count:,} phrases, memory of the process:")
        first = evaluate(Watched(count), Simulated(count), folder / "one", threads=None, progress=False)
        print(f"  {1000 * (perf_counter() - started) / count:.2f} ms a phrase around the system")
        second = evaluate(Hashing(1), Simulated(count), folder / "two", threads=None, progress=False)
        size = sum(path.stat().st_size for path in first.files)
        print(f"  {len(first.files)} parts, {size / count / 1000:.2f} kB a row (detail light)")
        for name, code in MEASURED.items():
            seconds, worked, peak = measure(code, str(first.path), str(second.path), f"phrase-{count // 2}")
            print(f"{name:20} {seconds:6.2f} s (processor {worked:.2f} s)   peak {peak:7.1f} MB", flush=True)
    finally:
        if chosen.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
