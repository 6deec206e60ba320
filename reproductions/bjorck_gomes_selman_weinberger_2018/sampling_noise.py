"""The noise of a step is alpha^2 C / b for batches drawn with replacement, and less without.

Exact part of BJ18-3 (Bjorck et al. 2018, equation 2; its proof was seen at second hand). Negative
controls: no correction without replacement; a noise that is not centred with independent inclusion.
"""

from bnref.evidence.claim import Claim, grid
from reproductions.exact import DECADES, HOLDS, agreement, departure, settings, tolerance

NOISE = settings(
    "sampling_noise",
    grid(inputs=(5,)),
    {"population": 6, "batch_size": 3},
    {"population": 4, "batch_size": 2},
)

TOLERANCE = tolerance(terms=216, magnified=10)
"""216 batches; the mean gradient is at most some ten times the spread."""

CLAIM = Claim(
    id="BJ18-E16",
    locator="section 2.1, equation 2",
    statement="The mean square E|noise|^2 of a step alpha from a batch of b out of N is alpha^2 C / b with "
    "replacement, times (N - b)/(N - 1) without, and times 1 - b/N where each example enters with "
    "probability b/N and the noise is alpha/b sum (g_i - g): never above the paper's bound.",
    protocol="Gradients g_i of a logistic regression, which do not depend on the batch as a batch norm's "
    "do; every batch of 3 out of 6 (216, 20 and 64), C = mean |g_i - g|^2, float64. Worst error "
    "relative to alpha^2 C / b. Second control: alpha/b sum g_i - alpha g in the third case, "
    f"where the number of examples varies. Tolerance {TOLERANCE:.1e}.",
    settings=NOISE,
    kind="exact",
    effect=agreement(TOLERANCE, "noise"),
    control=departure(TOLERANCE, "noise", "uncentred"),
    region=HOLDS,
    unit=DECADES,
)
