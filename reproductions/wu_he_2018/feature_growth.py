"""Both norms keep features in bounds, and without one they spread (Wu & He 2018, figure 6).

Pilot seeds 50 to 52: the range grows by 6.7 to 12.5 without a normaliser, by 1.1 to 1.3 with batch norm and
1.0 with group norm.
"""

from math import log2

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Setting, Substitution, grid
from bnref.evidence.figure import Dots, Traces
from bnref.evidence.verdict import above
from reproductions.beds import FASHION, leaves_chance
from reproductions.paper_beds import RESNET50_IMAGENET, SHORT_RESNET20_CIFAR10, Bed, on

SMALL = Setting(
    experiment="bnref.lab.experiments.feature_range",
    arms=grid(norm=("identity", "batch_norm", "group_norm")),
    seeds=12,
    fixed={
        **FASHION,
        "net": "convnet7",
        "batch_size": 64,
        "images": 9600,
        "learning_rate": 0.1,
        "look_every": 5,
    },
)
VGG: Bed = {"net": "vgg16", "batch_size": 32, "learning_rate": 0.00125}
"""A tenth of the rate of the paper's ResNets, 0.1 for 8 x 32 images: one arm has no normaliser."""

SETTINGS = {
    "small": SMALL,
    "smoke": SMALL.shrunk(images=640),
    "gpu": on({**SHORT_RESNET20_CIFAR10, **VGG, "look_every": 100}, SMALL),
    "paper": on({**RESNET50_IMAGENET, **VGG, "look_every": 50_000}, SMALL),
}
PROTOCOL = (
    "Seven convolutions on 14x14 Fashion-MNIST, 150 steps of plain SGD at 0.1, batch 64: one rate for all "
    "arms, as in the paper. The range, p99 - p1 of all values that leave the last convolution for a "
    "training batch, before normaliser and ReLU, every five steps."
)


def spared(rows: Rows) -> Effect:
    """log2 of the growth without a normaliser over the larger growth of the two norms."""
    if not all(leaves_chance(row) for row in rows):
        return UNDEFINED
    plain, *normalised = [row["growth"] for row in rows]
    return log2(plain / max(normalised))


CLAIM = Claim(
    id="WH18-13",
    locator="figure 6, VGG-16",
    statement="In a plain network the range of the last convolution's output grows in training at least "
    "twice as much without a normaliser as with either BatchNorm or GroupNorm.",
    protocol=f"{PROTOCOL} Growth: the largest range over the first. Judged only where every arm ends above "
    "30 % training accuracy.",
    settings=SETTINGS,
    effect=spared,
    region=above(1.0),
    unit="log2 of a ratio of growths",
    figures=(
        Traces(series=("p1", "p20", "p80", "p99"), hue="norm", x="step", y_label="value of a feature",
               title="Percentiles of the last convolution's output"),
        Dots(y="growth", hue="norm", log=True, y_label="largest range over the first",
             title="Growth of the range of features"),
    ),
    substitution=Substitution(better="higher", margin=1.0),
)  # fmt: skip
