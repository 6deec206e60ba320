"""The Markdown table of docs/PERFORMANCE.md from what `--benchmark-json FILE` wrote.

    .venv/bin/pytest benchmarks/test_speed.py -m speed --benchmark-json speed.json
    .venv/bin/python scripts/speed_table.py speed.json

A number is the time of our layer over that of torch.nn's twin, each the smallest of its rounds: other
work on the machine only ever adds to a round.
"""

import json
import sys
from pathlib import Path


def main(path: str) -> None:
    """Print the environment and one row per shape, layout, dtype and what was timed."""
    document = json.loads(Path(path).read_text())
    best: dict[tuple[str, str, str], float] = {}
    for benchmark in document["benchmarks"]:
        info = benchmark["extra_info"]
        best[info["place"], info["layer"], info["by"]] = benchmark["stats"]["min"]
    layers = sorted({layer for _, layer, _ in best} - {"identity"})
    places = list(dict.fromkeys(place for place, _, _ in best))
    print(", ".join(f"{k} {v}" for k, v in document["machine_info"]["environment"].items()), "\n")
    print("|", " | ".join(["shape, layout, dtype, timed", *layers]), "|")
    print("|---" * (1 + len(layers)) + "|")
    for place in places:
        pairs = [(best.get((place, n, "ours")), best.get((place, n, "torch"))) for n in layers]
        cells = [f"{ours / torch:.2f}" if ours and torch else "" for ours, torch in pairs]
        print("|", " | ".join([place.replace("-", " "), *cells]), "|")


if __name__ == "__main__":
    main(sys.argv[1])
