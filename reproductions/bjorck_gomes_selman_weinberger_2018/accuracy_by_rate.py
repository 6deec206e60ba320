"""The larger rates that batch norm allows bring its accuracy (Bjorck et al. 2018, section 2, figure 1).

Pilots on seeds 50-66: 0.7 to 2.6 points per decade, median 1.6; the paper's are four (read off figure 1).
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Reported, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.rate_accuracy import FIT_PROTOCOL, trained_to_fit
from reproductions.rate_ends import FIGURE_1, ends, figures, fit, per_decade


def points_per_decade(rows: Rows) -> Effect:
    """Slope of the test accuracy on log10 of the rate, with batch norm."""
    found = ends(rows, "batch_norm")
    if not fit(*found.values()):
        return UNDEFINED
    return per_decade(found)


CLAIM = Claim(
    id="BJ18-1",
    headline="larger rates generalise better",
    locator="section 2, figure 1",
    statement="With batch normalisation a residual network that is trained until it fits generalises better "
    "at larger learning rates, by at least half a point of test accuracy per tenfold rate.",
    protocol=FIT_PROTOCOL + "Least-squares slope over the four rates.",
    settings=trained_to_fit("batch_norm", seeds=12),
    effect=points_per_decade,
    region=above(0.5),
    unit="percentage points per decade",
    reported=tuple(
        Reported(metric=f"test accuracy {where} (%)", value=value, source=FIGURE_1)
        for where, value in (
            ("with batch norm at 0.1", 93.2),
            ("with batch norm at 0.003", 90.4),
            ("with batch norm at 0.0001", 81.3),
            ("without at 0.0001", 82.0),
        )
    ),
    unverified=("appendix B: epochs at the rate 0.1",),
    figures=figures("batch_norm"),
    substitution=Substitution(better="higher", margin=0.5),
)
