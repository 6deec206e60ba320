"""How far the summands of a kernel's gradient cancel costs one more backward pass.

Exact; what BJ18-10 (Bjorck et al. 2018, table 1) is measured with. Negative control: magnitudes of
the input alone.
"""

from bnref.evidence.claim import Claim, grid
from reproductions.exact import DECADES, HOLDS, agreement, departure, settings, tolerance

SUMMANDS = settings(
    "gradient_summands",
    grid(channels=(8,)),
    {"batch_size": 8, "size": 8},
    {"batch_size": 2, "size": 4},
)

TOLERANCE = tolerance(terms=8 * 8 * 8)
"""A kernel's gradient sums 8 images of 64 positions."""

CLAIM = Claim(
    id="BJ18-E18",
    locator="section 3.1, table 1",
    statement="The sum of the magnitudes of what a kernel's gradient adds up over images and positions is "
    "the gradient for the magnitudes of input and output gradient, as |u v| = |u| |v|.",
    protocol="3x3 convolution of 8 channels on 8 images of 8x8, inputs and gradients over eight decades, "
    "every summand formed one by one, float64. Worst error of sum and sum of magnitudes, relative "
    f"to the latter. Control: the gradient for |u| and v. Tolerance {TOLERANCE:.1e}.",
    settings=SUMMANDS,
    kind="exact",
    effect=agreement(TOLERANCE, "summands"),
    control=departure(TOLERANCE, "summands"),
    region=HOLDS,
    unit=DECADES,
)
