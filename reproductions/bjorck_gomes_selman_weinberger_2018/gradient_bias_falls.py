"""The bias of batch gradients with batch norm falls as batches grow (Bjorck et al. 2018, equation 2).

A reading of the bound for networks that it leaves out. Pilots on seeds 50-57: 0.8 to 1.3.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.batch_gradients import GRADIENT_PROTOCOL, GRADIENT_SCALES, by_batch_size, two


def falls(rows: Rows) -> Effect:
    """Minus the slope of log |E g_b - g|^2 on log b with batch norm."""
    found = two(rows)
    if found is None or "bias_slope" not in found[1].metrics:
        return UNDEFINED
    return -found[1]["bias_slope"]


CLAIM = Claim(
    id="BJ18-3-bias-falls",
    locator="section 2.1, equation 2",
    statement="With batch normalisation the squared bias of a batch's gradient falls with the batch size at "
    "least as fast as its root.",
    protocol=GRADIENT_PROTOCOL
    + "Bias: |E g_b - g|^2, from the product of two independent means; least-squares slope of its logarithm "
    "on that of b.",
    settings=GRADIENT_SCALES,
    effect=falls,
    region=above(0.5),
    unit="exponent",
    figures=(
        by_batch_size("bias", "|E g_b - g|^2 / |g|^2", "Bias of a batch's gradient by batch size"),
    ),
    substitution=Substitution(better="higher", margin=0.2),
)
