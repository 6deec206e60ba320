"""With batch norm the mean of batch gradients is not the gradient on all images (Bjorck et al. 2018, eq. 2).

The premise of the bound, that a batch's gradient is the true one plus noise of mean zero. Pilots on
seeds 50-57: 0.5 to 1.3.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.batch_gradients import GRADIENT_PROTOCOL, GRADIENT_SCALES, by_batch_size, two


def biased(rows: Rows) -> Effect:
    """|E g_b - g| / |g| at the smallest b, with batch norm less without."""
    found = two(rows)
    return found[1]["bias"] - found[0]["bias"] if found else UNDEFINED


CLAIM = Claim(
    id="BJ18-3-bias",
    locator="section 2.1, equation 2",
    statement="With batch normalisation the mean gradient of batches of eight differs from that of all "
    "images by at least a quarter of its size more than without.",
    protocol=GRADIENT_PROTOCOL
    + "Bias: |E g_b - g| / |g|, from the product of two independent means, so that noise does not count.",
    settings=GRADIENT_SCALES,
    effect=biased,
    region=above(0.25),
    unit="share of the gradient",
    figures=(
        by_batch_size("bias", "|E g_b - g|^2 / |g|^2", "Bias of a batch's gradient by batch size"),
    ),
    substitution=Substitution(better="lower", margin=0.1),
)
