"""At batch 32 the order from best to worst is BN, GN, LN, IN (Wu & He 2018, table 1).

Pilot seeds 50 to 54: three to five of the six pairs, for instance norm comes out before layer norm.
"""

from itertools import combinations

from bnref.evidence.claim import Claim, Expectation, Reported, Rows, Substitution
from bnref.evidence.effects import points
from bnref.evidence.figure import Band
from bnref.evidence.verdict import above
from reproductions.beds import NORMS_AT_32, NORMS_PROTOCOL
from reproductions.group_norm import TABLE_1, by_norm
from reproductions.paper_beds import RESNET20_AT_32, wu_he_scales

ABOVE = wu_he_scales(NORMS_AT_32, gpu=RESNET20_AT_32)


def in_order(rows: Rows) -> float:
    """Kendall's tau of the errors with the paper's order, which is that of the arms."""
    errors = [points(row) for row in rows]
    signs = [(b > a) - (b < a) for a, b in combinations(errors, 2)]
    return sum(signs) / len(signs)


CLAIM = Claim(
    id="WH18-2",
    locator="section 4.1, table 1, figure 4",
    statement="At batch 32 validation errors rank BatchNorm, GroupNorm, LayerNorm, InstanceNorm from "
    "lowest to highest: at least five of the six pairs are in this order.",
    protocol=NORMS_PROTOCOL,
    settings={"small": NORMS_AT_32, "smoke": NORMS_AT_32.shrunk(images=128), **ABOVE},
    effect=in_order,
    region=above(0.5),  # four of six pairs is 1/3, five is 2/3
    unit="Kendall's tau",
    reported=(
        Reported(metric="BatchNorm, error (%)", value=23.6, source="table 1"),
        Reported(metric="GroupNorm, error (%)", value=24.1, source="table 1"),
        Reported(metric="LayerNorm, error (%)", value=25.3, source="table 1"),
        Reported(metric="InstanceNorm, error (%)", value=28.4, source="table 1"),
    ),
    figures=(
        by_norm("Test error at batch 32", TABLE_1),
        Band(series="loss", hue="norm", x="step", title="Training loss at batch 32"),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="On pilot seeds BatchNorm came out best, too, but instance norm before layer norm, "
            "on maps of 7x7 and 4x4 of small grey images.",
        )
    },
    substitution=Substitution(better="higher", margin=0.5),
)
