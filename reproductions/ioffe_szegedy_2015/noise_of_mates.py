"""The noise of an image's batch mates falls as one over the batch size (section 3.4).

Pilot seeds 50 and 51: slopes -0.95 and -0.90 over batches of 8 to 128; in the smallest, outputs leave the
range in which the network is linear.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Setting, Substitution, grid
from bnref.evidence.figure import Band
from bnref.evidence.verdict import within
from reproductions.inception import LADDERS, SMALL_INCEPTION, scales
from reproductions.paper_beds import INCEPTION_IMAGENET
from reproductions.perceptrons import FEW, batch_norm, trained

SMALL = Setting(
    experiment="bnref.lab.experiments.batch_noise",
    arms=grid(norm=("batch_norm",)),
    seeds=20,
    fixed={
        **FEW,
        "depth": 3,
        "width": 64,
        "activation": "relu",
        "learning_rate": 0.1,
        "images": 10_000,
        "mates": "8,16,32,64,128",
        "repeats": 30,
    },
)

SETTINGS = scales(
    SMALL,
    gpu={**SMALL_INCEPTION, "learning_rate": LADDERS["gpu"].raised},
    paper={**INCEPTION_IMAGENET, "learning_rate": LADDERS["paper"].raised},
    images=1000,
    repeats=4,
)


def slope(rows: Rows) -> Effect:
    """Slope of log variance of an image's logits on log batch size."""
    row = batch_norm(rows)
    return row["slope"] if trained(row) else UNDEFINED


CLAIM = Claim(
    id="IS15-17-law",
    locator="section 3.4, a training example is seen with others of its batch",
    statement="In a batch-normalised network the variance of an image's outputs over random batches falls as "
    "one over the batch size: the slope on logarithmic axes is -1 to within 0.15.",
    protocol="Three hidden layers of 64 ReLU units after 200 steps on 7x7 Fashion-MNIST. Each of 20 "
    "validation images goes through 30 batches of 8, 16, 32, 64 and 128, among training images drawn "
    "anew, in the mode that trains; variance of the logits, mean over logits and images. The means of m "
    "independent values have variances in 1/m; nothing is said of the network after them.",
    settings=SETTINGS,
    effect=slope,
    region=within(-1.15, -0.85),
    unit="slope of log variance on log batch size",
    figures=(
        Band(
            series="variance", x="batch_size", hue="norm", log_x=True, log_y=True,
            x_label="batch size", y_label="variance of an image's logits",
            title="Noise of the batch mates",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.1),
)  # fmt: skip
