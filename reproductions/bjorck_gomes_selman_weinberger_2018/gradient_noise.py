"""With batch norm the noise of a step falls faster than one over the batch size (Bjorck et al. 2018, eq. 2).

The equation is exact without batch norm (BJ18-E16); with it an image's loss depends on its batch. Pilots
on seeds 50-57: exponents of -1.6 to -1.4, and -1.0 without.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.verdict import within
from reproductions.batch_gradients import GRADIENT_PROTOCOL, GRADIENT_SCALES, by_batch_size, two


def from_the_law(rows: Rows) -> Effect:
    """The slope of log noise on log b with batch norm, plus one."""
    found = two(rows)
    return found[1]["noise_slope"] + 1 if found else UNDEFINED


CLAIM = Claim(
    id="BJ18-3",
    locator="section 2.1, equation 2",
    statement="With batch normalisation, too, the mean square noise of a batch's gradient is inversely "
    "proportional to the batch size: its exponent is within 0.15 of -1.",
    protocol=GRADIENT_PROTOCOL
    + "Noise: E|g_b - E g_b|^2; least-squares slope of its logarithm on that of b.",
    settings=GRADIENT_SCALES,
    effect=from_the_law,
    region=within(-0.15, 0.15),
    unit="exponent",
    figures=(
        by_batch_size(
            "noise", "E|g_b - E g_b|^2 / |g|^2", "Noise of a batch's gradient by batch size"
        ),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="A small batch's own statistics add noise that falls faster than 1/b: the bound supposes "
            "that an image's loss does not depend on its batch.",
        )
    },
    substitution=Substitution(better="lower", margin=0.1),
)
