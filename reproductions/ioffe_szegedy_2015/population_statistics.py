"""Algorithm 2's fixed statistics in the place of a test batch's own (Ioffe & Szegedy 2015, section 3.1).

Pilot seeds 50 to 59: the statistics of test batches of 64 cost 0.5 to 1.6 points.
"""

from dataclasses import replace

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Expectation, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import within
from reproductions.perceptrons import batch_norm, trained
from reproductions.regularisation import GAP_AT, GAP_PROTOCOL

SETTINGS = {
    scale: replace(
        setting,
        arms=tuple(arm for arm in setting.arms if arm.name == "batch_norm"),
        seeds=1 if scale == "smoke" else 20,
    )
    for scale, setting in GAP_AT.items()
}


def cost(rows: Rows) -> Effect:
    """Test error with the batches' own statistics minus that with algorithm 2's, in percentage points."""
    row = batch_norm(rows)
    return 100 * (row["batch_error"] - row["test_error"]) if trained(row) else UNDEFINED


CLAIM = Claim(
    id="IS15-5-population",
    locator="section 3.1, algorithm 2",
    statement="Fixed statistics of algorithm 2 leave the test error what it is with statistics of each test "
    "batch, to within half a percentage point.",
    protocol=GAP_PROTOCOL.partition(" Arms")[0] + " The same trained network on 5,000 test images: with the "
    "statistics of 15 training batches, unbiased variances, or normalised in random batches of 64.",
    settings=SETTINGS,
    effect=cost,
    region=within(-0.5, 0.5),
    unit="percentage points of test error",
    figures=(
        Dots(y="test_error", hue="norm", scale=100.0, y_label="test error (%)", title="With algorithm 2"),
        Dots(y="batch_error", hue="norm", scale=100.0, y_label="test error (%)",
             title="With the statistics of test batches of 64"),
    ),
    expected={
        "small": Expectation(
            outcome="refuted",
            because="Fixed statistics are better: in batches of 64 the other images are noise to each, which "
            "in pilots costs 0.5 to 1.6 points.",
        )
    },
    substitution=Substitution(better="lower", margin=0.5),
)  # fmt: skip
