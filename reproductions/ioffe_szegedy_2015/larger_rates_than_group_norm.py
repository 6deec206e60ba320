"""The same as IS15-12 against GroupNorm: is a larger learning rate special to batch statistics?

The paper does not say so; the claim is how its abstract is commonly read (card IS15-12, caveats). Its cells,
190 core-seconds at scale small, are those of IS15-12.
"""

from dataclasses import replace

from bnref.evidence.claim import Claim, Effect, Rows, Substitution
from bnref.evidence.effects import headroom
from bnref.evidence.verdict import above
from reproductions.beds import INCEPTION_SWEEP, SWEEP
from reproductions.ioffe_szegedy_2015.larger_rates import LOSS_BY_RATE, halves_its_loss
from reproductions.paper_beds import SHORT_VGG_CIFAR10, on


def decades(rows: Rows) -> Effect:
    """Decades between the largest training rates with batch norm and with group norm."""
    return headroom(rows, "group_norm", halves_its_loss, base=10)


CLAIM = Claim(
    id="IS15-12-GN",
    locator="abstract, as it is commonly read",
    statement="Batch normalisation trains without divergence at a learning rate at least twice "
    "the largest one at which group normalisation trains.",
    protocol="The runs of IS15-12, with GroupNorm (at least two channels per group) in the place of "
    "no normalisation.",
    settings={
        "small": SWEEP,
        "smoke": SWEEP.shrunk(images=256),
        "gpu": on(SHORT_VGG_CIFAR10, SWEEP),
        "paper": INCEPTION_SWEEP,
    },
    effect=decades,
    region=above(0.15),  # half a grid step
    unit="decades",
    figures=(
        replace(
            LOSS_BY_RATE,
            arms=tuple(arm.name for arm in SWEEP.arms if arm.parameters["norm"] != "identity"),
        ),
    ),
    substitution=Substitution(better="higher", margin=0.3),
)
