"""The conventions of one implementation, measured: `python -m bnref.inspection.convention TARGET`.

In a process of its own, as importing one framework may change another. One JSON object on stdout.
"""

import json
import os
import sys

from bnref.conformance.conventions import measured
from bnref.conformance.implementation import load


def row(target: str) -> dict[str, str | float]:
    """What is published of the implementation package.module:adapter."""
    found = measured(load(target))
    return {
        "name": found.name,
        "version": found.version,
        "weight_of_the_new_batch": found.momentum,
        "weight_of_the_first": found.first,
        "running_var": found.variance,
        "eps": found.eps,
        "one_value_per_channel": found.one_value,
        "buffers": ", ".join(found.buffers) or "none",
    }


def main(target: str) -> None:
    """Print the row; what the framework prints goes to stderr."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    found = json.dumps(row(target))
    with channel:
        channel.write(found + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
