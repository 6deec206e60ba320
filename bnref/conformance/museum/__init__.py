"""Historical bugs, each a small diff of a clean layer, and the proof that every check sees its own.

    for mutant in mutants().values():
        print(mutant.id, mutant.sentence, mutant.links, mutant.meant_for)
    rows = kill_matrix(seed=0)      # which mutant each check kills; the first row is the clean layers

A new mutant is a class in a file of bugs/: `@bug("the_check_that_must_see_it")` on a subclass of
`clean.Layer` that overrides as little as it can, with one sentence and the links in its docstring:
the threads where it was seen or, for a variation of such a bug, the nearest ones.
It dies by a check that finds it to deviate, or broken. `python -m bnref.conformance.museum` prints
the matrix.
"""

from bnref.conformance.museum.matrix import DEAD, Row, kill_matrix, markdown, survivors
from bnref.conformance.museum.mutant import CLEAN, CLEAN_SAMPLES, Mutant, bug, mutants

__all__ = [
    "CLEAN",
    "CLEAN_SAMPLES",
    "DEAD",
    "Mutant",
    "Row",
    "bug",
    "kill_matrix",
    "markdown",
    "mutants",
    "survivors",
]
