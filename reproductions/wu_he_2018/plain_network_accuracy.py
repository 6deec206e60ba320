"""In a plain network GroupNorm is more accurate than BatchNorm (Wu & He 2018, figure 6, VGG-16).

Pilot seeds 50 to 52: 7.9, 16.0 and 7.0 points less accurate; each at its best rate of 0.1, 0.2, 0.4 and 0.8,
too (23.5 and 33.5 %).
"""

from bnref.evidence.claim import Claim, Expectation, Reported, Rows, Substitution
from bnref.evidence.effects import points
from bnref.evidence.verdict import above
from reproductions.group_norm import by_norm
from reproductions.wu_he_2018.feature_growth import PROTOCOL, SETTINGS


def gain(rows: Rows) -> float:
    """e(batch norm) - e(group norm), in percentage points."""
    _, batch_norm, group_norm = rows
    return points(batch_norm) - points(group_norm)


CLAIM = Claim(
    id="WH18-13-GN",
    locator="figure 6, VGG-16",
    statement="In a plain network at batch 32 or 64 GroupNorm has an error at least 0.3 percentage points "
    "lower than BatchNorm.",
    protocol=f"{PROTOCOL} Cells of WH18-13; test error after the last step.",
    settings=SETTINGS,
    effect=gain,
    region=above(0.3),
    unit="percentage points",
    reported=(
        Reported(
            metric="BatchNorm minus GroupNorm",
            value=0.4,
            source="text on VGG-16, figure 6",
            unit="percentage points",
        ),
    ),
    unverified=("errors of VGG-16 without a normaliser, with BatchNorm and with GroupNorm",),
    figures=(by_norm("Test error of a plain network"),),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="150 steps are the beginning of a training, in which BatchNorm is the faster of the two; "
            "the paper's 100 epochs compare what they end with.",
            depends_on_scale=True,
        )
    },
    substitution=Substitution(better="lower", margin=0.5),
)
