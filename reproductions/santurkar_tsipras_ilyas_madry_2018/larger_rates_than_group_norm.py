"""The same as SA18-2 against GroupNorm, which smooths without batch statistics.

The paper compares with no normaliser only; this is the control that its argument needs. The sweep, of some
190 core-seconds, is that of SA18-2, which nine claims read.
"""

from bnref.evidence.claim import Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.effects import headroom
from bnref.evidence.verdict import above
from reproductions.beds import SWEEP
from reproductions.paper_beds import santurkar_settings
from reproductions.santurkar_figures import LARGER_RATES
from reproductions.santurkar_tsipras_ilyas_madry_2018.larger_rates import beats_chance


def doublings(rows: Rows) -> Effect:
    """log2 of the largest rates that train, with batch norm over with group norm."""
    return headroom(rows, "group_norm", beats_chance, base=2)


CLAIM = Claim(
    id="SA18-2-GN",
    locator="section 3.1, with a control that the paper does not have",
    statement="The largest learning rate at which a batch-normalised network gets beyond chance is "
    "at least twice that of the same network with group norm.",
    protocol="The runs of SA18-2, with GroupNorm (at least two channels per group) in the place of "
    "no normalisation.",
    settings=santurkar_settings(SWEEP, images=256),
    effect=doublings,
    region=above(0.5),  # half a grid step
    unit="log2 of the rate",
    expected={
        "small": Expectation(
            outcome="inconclusive",
            because="GroupNorm gets beyond chance at the very rates of batch norm in 5 of 12 seeds: most "
            "of the head start over no normalisation does not need batch statistics.",
        )
    },
    figures=(LARGER_RATES,),
    substitution=Substitution(better="higher", margin=1.0),
)
