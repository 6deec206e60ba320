"""At the same rate and in the same steps batch norm ends more accurate (section 4.2.2, BN-Baseline).

Contested: on ImageNet at 128 pixels GoogLeNet was 1.2 to 1.6 points better without (caffenet-benchmark).
Pilot seeds 50 to 61: 2.5 to 10 points. Runs of IS15-12 had been seen by then: seeds from 200 on are judged.
"""

from bnref.evidence.claim import Claim, Effect, Reported, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.beds import SWEEP
from reproductions.inception import LATER_SWEEP, at_paper_rates, figure_2, figure_3, ladder
from reproductions.ioffe_szegedy_2015.fewer_steps import SMALL
from reproductions.perceptrons import batch_norm


def more_accurate(rows: Rows) -> Effect:
    """Test error of the plain network minus that with batch norm, at its rate, in percentage points."""
    rate = ladder(rows, SMALL).base
    plain = rows.one(norm="identity", learning_rate=rate)
    return 100 * (plain["test_error"] - batch_norm(rows, learning_rate=rate)["test_error"])


CLAIM = Claim(
    id="IS15-13-accuracy",
    locator="section 4.2.2, figure 3, BN-Baseline",
    statement="At the plain network's rate the same network with batch normalisation ends at least half a "
    "percentage point more accurate.",
    protocol="The networks of IS15-12: five convolutions on 14x14 Fashion-MNIST, plain SGD, batch 32, 200 "
    "steps, rate 1/4, which is best without normalisation. Test error after the last step, where the paper "
    "compares the best of a longer training; neither network has converged.",
    settings={"small": LATER_SWEEP, "smoke": SWEEP.shrunk(images=256), **at_paper_rates(SWEEP)},
    effect=more_accurate,
    region=above(0.5),
    unit="percentage points of test error",
    reported=(
        Reported(
            metric="largest accuracy of BN-Baseline less that of Inception (points)", value=0.5,
            source="figure 3: 72.7 - 72.2", unit="percentage points of test error",
        ),
    ),
    figures=(
        figure_3("identity-lr0.25", "batch_norm-lr0.25", "batch_norm-lr1"),
        figure_2("identity-lr0.25", "batch_norm-lr0.25"),
    ),
    substitution=Substitution(better="higher", margin=1.0),
)  # fmt: skip
