"""`python -m bnref.conformance.museum [SEED]`: the kill matrix; exit code 1 where a mutant lives."""

from __future__ import annotations

import sys

from bnref.conformance.museum import kill_matrix, markdown, survivors

if __name__ == "__main__":
    rows = kill_matrix(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(markdown(rows))
    bad = survivors(rows)
    print("", *bad, f"{len(rows) - 1} mutants, {len(bad)} complaints", sep="\n")
    sys.exit(bool(bad))
