"""The encoder axis: each system with the bundled encoder and with one of base size, whose weights are random.

    python -m benchmarks.random_base FOLDER                  writes the models of base size
    python -m benchmarks.encoders FOLDER RUNS                each system with both, 30 phrases of scenes:testA among the gold masks

What a random encoder answers is chance: a system that is far from the random floor with it decides by something
else than the encoder. Times are those of this machine, one process.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import iterprime_xai as ix
from iterprime_xai.evaluation.markdown import markdown
from iterprime_xai.evaluation.measures import summarise
from iterprime_xai.evaluation.measures.summing_up import percent
from iterprime_xai.systems.registry import settings_of

MATCHERS = ("iterprime", "gradcam")


def encoders_of(system: str, folder: Path) -> dict[str, str | None]:
    """The encoders that a system is run with, by the name in the table; floors have none."""
    if not any(setting.name == "model" for setting in settings_of(system)):
        return {"none": None}
    if system in MATCHERS:
        return {"tiny": None, "random BLIP-base": str(folder / "blip-base")}
    return {"tiny-clip": None, "random CLIP ViT-B/32": str(folder / "clip-base")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="what `python -m benchmarks.random_base` wrote")
    parser.add_argument("runs", type=Path, help="folder of the runs")
    parser.add_argument("--count", type=int, default=30, help="phrases (default: 30)")
    parser.add_argument("--systems", nargs="+", default=ix.system_names())
    options = parser.parse_args()
    body = []
    for system in options.systems:
        for name, model in encoders_of(system, options.folder).items():
            run = ix.evaluate(
                system,
                "scenes:testA",
                options.runs / f"{system}-{name.replace(' ', '-').replace('/', '-')}",
                settings={} if model is None else {"model": model},
                proposals="gold",
                data_options={"count": options.count},
                progress=False,
            )
            found = summarise(run)
            whole = found.figures[0]
            errors = sum(found.errors.values())
            seconds = f"{found.seconds / found.rows:.2f}"
            body.append([system, name, percent(whole.metrics["miou"]), str(errors), seconds])
            print(" | ".join(body[-1]), flush=True)
    print()
    print(markdown(["system", "encoder", "mIoU among gold masks", "errors", "s a phrase"], body))


if __name__ == "__main__":
    main()
