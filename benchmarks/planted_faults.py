"""How often the rules of failures are right: faults planted into what a system gets right, and the confusion table.

    python -m benchmarks.planted_faults                                    400 phrases of scenes:testA, iterprime; minutes
    python -m benchmarks.planted_faults --data scenes:ood --limit 100 --system gradcam

Only phrases that the system gets right get faults. The table of docs/failures.md is the first command's.
"""

from __future__ import annotations

import argparse

import iterprime_xai as ix
from iterprime_xai.data import open_data
from iterprime_xai.evaluation.failures.planted import confusion, planted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="scenes:testA")
    parser.add_argument("--system", default="iterprime")
    parser.add_argument(
        "--limit", type=int, default=400, help="phrases that are asked; those that are right get faults"
    )
    options = parser.parse_args()
    print(
        confusion(list(planted(open_data(options.data), ix.load_system(options.system), limit=options.limit))), end=""
    )


if __name__ == "__main__":
    main()
