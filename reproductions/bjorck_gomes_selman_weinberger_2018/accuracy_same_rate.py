"""At one small rate batch norm generalises no better than no normaliser (Bjorck et al. 2018, figure 1).

Pilots on seeds 50-66: -2.0 to 2.4 points, fourteen of seventeen within the bounds.
Its 150 core-seconds are those of BJ18-1-matched.
"""

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Reported, Rows, Substitution
from bnref.evidence.verdict import within
from reproductions.rate_accuracy import FIT_PROTOCOL, trained_to_fit
from reproductions.rate_ends import figures, fit, matched


def gain(rows: Rows) -> Effect:
    """Test accuracy in points at the plain network's rate, with batch norm less without."""
    plain, same = matched(rows)
    return same.test - plain.test if fit(plain, same) else UNDEFINED


CLAIM = Claim(
    id="BJ18-2",
    locator="section 2, figure 1",
    statement="At the largest learning rate that trains the network without it, batch normalisation changes "
    "the test accuracy by at most 1.5 points.",
    protocol=FIT_PROTOCOL
    + "Both at 2^-5. The band of the paper's figure is 1.2 points wide to either side (read off it).",
    settings=trained_to_fit("plain", "batch_norm"),
    effect=gain,
    region=within(-1.5, 1.5),
    unit="percentage points",
    reported=(
        Reported(
            metric="test accuracy at 0.0001, with batch norm less without (points)",
            value=-0.7,
            source="read off figure 1: 81.3 and 82.0",
            unit="percentage points",
        ),
    ),
    figures=figures("plain", "batch_norm"),
    substitution=Substitution(better="lower", margin=0.5),
)
