"""The Markdown table of docs/PERFORMANCE.md from the section `layers` of performance.json.

    .venv/bin/pytest benchmarks/test_speed.py -m speed
    .venv/bin/python scripts/speed_table.py .bnref/report/performance.json

A number is the time of our layer over that of torch.nn's twin, each the smallest of its rounds: other
work on the machine only ever adds to a round. In brackets is, for batch norm, the share of the
bandwidth of a copy that ours reaches and that torch.nn reaches.
"""

import json
import sys
from pathlib import Path


def main(path: str) -> None:
    """Print the environment, the bandwidth and one row per shape, layout, dtype and what was timed."""
    document = json.loads(Path(path).read_text())
    section = document["layers"]
    found = {(place(row), row["layer"], row["by"]): row for row in section["rows"]}
    both = {key[:2] for key in found if (*key[:2], "torch") in found and key[1] != "identity"}
    layers = sorted({layer for _, layer in both})
    print(", ".join(f"{k} {v}" for k, v in document["environment"].items()), "\n")
    print(", ".join(f"{k} {v / 1e9:.1f} GB/s" for k, v in section["bandwidth"].items()), "\n")
    print("|", " | ".join(["shape, layout, dtype, timed", *layers]), "|")
    print("|---" * (1 + len(layers)) + "|")
    for where in dict.fromkeys(place(row) for row in section["rows"]):
        cells = []
        for layer in layers:
            ours, twin = (found.get((where, layer, by)) for by in ("ours", "torch"))
            cells.append(f"{ours['seconds'] / twin['seconds']:.2f}" if ours and twin else "")
            if ours and twin and layer == "batch_norm":
                cells[-1] += f" ({ours['of_bandwidth']:.0%}, {twin['of_bandwidth']:.0%})"
        print("|", " | ".join([where, *cells]), "|")


def place(row: dict[str, object]) -> str:
    """What a layer and its twin have in common."""
    shape = "x".join(map(str, row["shape"]))  # type: ignore[call-overload]
    compiled = " compiled" if row["compiled"] else ""
    return f"{shape} {row['layout']} {row['dtype']} {row['timed']}{compiled}"


if __name__ == "__main__":
    main(sys.argv[1])
