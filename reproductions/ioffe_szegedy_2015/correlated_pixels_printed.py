"""Algorithm 2's factor for feature maps, as sections 3.1 and 3.2 have it together; see IS15-E15.

Exact. Judged only where the corrected law holds on the same batches. Negative control: m images
counted as m values.
"""

from bnref.evidence.claim import Claim
from reproductions.exact import (
    BATCHES,
    DECADES,
    HOLDS,
    REORDERED,
    as_printed,
    departure,
    refuted,
    tolerance,
)

TOLERANCE = tolerance(terms=216 + 12, magnified=10)
"""216 variances of 12 pixels; means lie within ten standard deviations."""

CLAIM = Claim(
    id="IS15-E15-printed",
    locator="section 3.1, algorithm 2, carried to feature maps by section 3.2",
    statement="For batches of m images of p pixels, m' = m p, the mean of m'/(m'-1) var_B is the variance "
    "of the population.",
    protocol="Every one of the 216 batches of 3 out of 6 images of 2x2, whose channels range from "
    "independent to equal pixels, float64; the running variance estimated again from all of them. "
    "Worst relative error. Control: the factor m/(m-1), with the corrected law. Tolerance "
    f"{TOLERANCE:.1e}.",
    settings=BATCHES,
    kind="exact",
    effect=as_printed(TOLERANCE, printed="unbiased", corrected="images"),
    control=departure(TOLERANCE, "images"),
    region=HOLDS,
    unit=DECADES,
    expected=refuted(
        "Pixels of an image are correlated, so a batch holds fewer independent values than m p, and "
        "its variance falls short by more than the factor makes good."
    ),
    substitution=REORDERED,
)
