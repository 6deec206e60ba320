"""Over batches that are alike the running mean is as noisy as a mean of (2-m)/m batches.

Claim card MOM-3: Var r_t = tau^2 m/(2-m) (1 - (1-m)^(2t)), with tau^2 the variance of a batch mean.
"""

from bnref.evidence.claim import Claim, Rows, Setting, Substitution, grid
from bnref.evidence.figure import Band, Curve, Overlay
from bnref.evidence.verdict import within

BOUND = 0.05
"""Five percent in variance. Over 10,000 channels the log of a variance has a standard deviation of
sqrt(2/9999) = 0.014, 0.28 of the bound. With m/2 for m/(2-m) the law is off by 0.051 at m = 0.1."""


def deviation(rows: Rows) -> float:
    """The log ratio furthest from 0 over momenta and times, with its sign.

    A seed supports the claim only where every momentum does, at every time; an excess and a lack
    of variance stay apart.
    """
    return max((row["log_ratio"] for row in rows), key=abs)


MOMENTA = (0.1, 0.05, 0.01)
TIMES = (1, 2, 5, 10, 20, 50, 100, 200, 500)
LAW = tuple(
    Overlay(
        points={t: m / (2 - m) * (1 - (1 - m) ** (2 * t)) for t in TIMES},
        source="the law",
        line=f"{m:g}",
    )
    for m in MOMENTA
)

SMALL = Setting(
    experiment="bnref.lab.experiments.running_statistics",
    arms=grid(norm=("batch_norm",), momentum=MOMENTA),
    seeds=20,
    fixed={"stream": "identical", "batches": 500, "batch_size": 2, "channels": 10_000, "space": 1},
)

CLAIM = Claim(
    id="MOM-3-law",
    locator="effective window of the running mean, (2-m)/m batches",
    statement="Over independent batches of one distribution the variance of the running mean is, "
    "within 5 percent, that of a batch mean times m/(2-m) times 1-(1-m)^(2t): the window is "
    "(2-m)/m batches.",
    protocol="10,000 independent channels of standard normal values in batches of two, float64. "
    "Variance of the running mean over channels after 1, 2, 5, 10, 20, 50, 100, 200 and 500 batches; "
    "the log ratio to the law that is largest in magnitude over these times and momenta.",
    settings={
        **dict.fromkeys(("small", "gpu", "paper"), SMALL),
        "smoke": SMALL.shrunk(batches=20, channels=500),
    },
    effect=deviation,
    region=within(-BOUND, BOUND),
    unit="log(measured/predicted variance)",
    figures=(
        Band(
            series="variance_in_batch_means", hue="momentum", x="batches", log_x=True, log_y=True,
            y_label="variance of the running mean / that of a batch mean", overlay=LAW,
        ),
        Curve(
            x="momentum", y="last_log_ratio", hue="norm", log_x=True,
            y_label="log(measured/predicted variance) after the last batch",
        ),
    ),
    # Less variance is the better estimate; half the region at most may be lost to the reference.
    substitution=Substitution(better="lower", margin=BOUND / 2),
)  # fmt: skip
