"""At batch 2 instance norm is better than batch norm (Wu & He 2018, section 4.1).

BatchNorm of one image is instance norm (WH18-9-law): one image alone beats two together. Pilot seeds 50 to
52: 4.3 to 6.6 points.
"""

from bnref.evidence.claim import Claim, Reported, Rows, Setting, Substitution
from bnref.evidence.effects import points
from bnref.evidence.figure import Overlay
from bnref.evidence.verdict import above
from reproductions.beds import CLASSIFY
from reproductions.group_norm import IMAGENET, SHORT, arm, by_norm
from reproductions.paper_beds import wu_he_scales

RATE_AT_32 = {"batch_norm": 0.16, "instance_norm": 0.64}
"""Smallest mean validation error, seeds 50 to 54, of powers of two from 0.02 and 0.08 to 0.32 and 1.28."""

SMALL = Setting(
    experiment=CLASSIFY,
    arms=tuple(arm(norm, 2, RATE_AT_32) for norm in RATE_AT_32),
    seeds=12,
    fixed=SHORT,
)
PRINTED = Overlay(
    points={"batch_norm": 34.7, "instance_norm": 28.4},
    source=f"{IMAGENET}, tables 1 and 2, instance norm at batch 32",
)


def lead(rows: Rows) -> float:
    """e(batch norm) - e(instance norm), running statistics, in percentage points."""
    batch_norm, instance_norm = rows
    return points(batch_norm) - points(instance_norm)


CLAIM = Claim(
    id="WH18-9",
    locator="section 4.1, small batches",
    statement="At batch 2 instance norm has an error at least one percentage point lower than BatchNorm.",
    protocol="Three convolutions on 14x14 Fashion-MNIST, maps of 7x7 and 4x4, 3,000 images seen once, "
    "momentum 0.9, the rate falling to a tenth at half and at three quarters of the steps. Each arm's rate "
    "follows the linear rule from its best at batch 32. Test error after the last step.",
    settings={"small": SMALL, "smoke": SMALL.shrunk(images=128), **wu_he_scales(SMALL)},
    effect=lead,
    region=above(1.0),
    unit="percentage points",
    reported=(
        Reported(
            metric="BatchNorm at 2 minus InstanceNorm",
            value=6.3,
            source="tables 1 and 2",
            unit="percentage points",
        ),
    ),
    figures=(by_norm("Test error at batch 2", PRINTED),),
    substitution=Substitution(better="lower", margin=1.0),
)
