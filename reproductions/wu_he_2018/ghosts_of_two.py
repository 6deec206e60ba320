"""The normalisation batch alone costs accuracy: SGD batch 32, normalised two images at a time.

Wu & He 2018 (table 2) shrink three things at once: the images that are normalised together, the
batch of SGD and, by the linear rule, the rate. Wu & Johnson 2021 (section 4) hold the last two.
"""

from bnref.evidence.claim import Arm, Claim, Rows, Setting, Substitution
from bnref.evidence.effects import points
from bnref.evidence.figure import Overlay
from bnref.evidence.verdict import above
from reproductions.beds import CLASSIFY, VARIANTS
from reproductions.group_norm import CONSTANT, RATE_AT_32, by_norm
from reproductions.paper_beds import RESNET20_AT_32, wu_he_scales

BOTH = {"batch_size": 32, "learning_rate": RATE_AT_32["batch_norm"]}
ARMS = (
    Arm("ghosts_of_2", {"norm": f"{VARIANTS}:ghosts_of_2", **BOTH}),
    Arm("batch_norm-b32", {"norm": "batch_norm", **BOTH}),
)
SETTING = Setting(experiment=CLASSIFY, arms=ARMS, seeds=15, fixed=CONSTANT)
ABOVE = wu_he_scales(SETTING, gpu=RESNET20_AT_32)
NORMALISED_BY = Overlay(
    points={"ghosts_of_2": 32.5, "batch_norm": 23.4},
    source="ResNet-50 on ImageNet, SGD batch fixed, Wu & Johnson 2021, section 4, read off its plot",
)


def loss(rows: Rows) -> float:
    """e(normalised by two) - e(normalised by 32), running statistics, in percentage points."""
    ghosts, whole = rows
    return points(ghosts) - points(whole)


CLAIM = Claim(
    id="WH18-1-ghosts",
    locator="section 4.1, table 2: what of it is the normalisation batch",
    statement="With SGD batch and rate fixed, normalising two images at a time instead of 32 costs at least "
    "one percentage point.",
    protocol="The network, budget and rate of WH18-1 at batch 32; one arm splits each batch into ghosts of "
    "two images that are normalised apart. Pilot seeds 50 to 54 lost two to nine points.",
    settings={"small": SETTING, "smoke": SETTING.shrunk(images=128), **ABOVE},
    effect=loss,
    region=above(1.0),
    unit="percentage points",
    figures=(by_norm("SGD batch 32, normalised by 32 or by 2", NORMALISED_BY),),
    substitution=Substitution(better="lower", margin=1.0),
)
