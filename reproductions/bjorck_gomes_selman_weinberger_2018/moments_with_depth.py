"""Activations grow with depth at the start without batch norm (Bjorck et al. 2018, section 3.1, figure 5).

Pilots on seeds 0-19: 0.07 to 0.11 per block, median 0.10; 0.05 is a factor of fifteen over the 54
blocks.
"""

from bnref.evidence.claim import Claim, Reported, Rows, Substitution
from bnref.evidence.verdict import above
from reproductions.bjorck_figures import STREAMS
from reproductions.deep_nets import AT_START, START_PROTOCOL, three


def faster(rows: Rows) -> float:
    """Slope of ln(standard deviation) per block, without batch norm less with it."""
    plain, _, full = three(rows)
    return plain["growth"] - full["growth"]


CLAIM = Claim(
    id="BJ18-8",
    locator="section 3.1, figure 5",
    statement="At the start the standard deviation of what leaves a residual block grows at least 5"
    " % per block faster without batch normalisation than with it.",
    protocol=START_PROTOCOL
    + "Least-squares slope over the blocks of the logarithm of the standard deviation over "
    "images and positions, mean over channels, behind the sum and its ReLU.",
    settings=AT_START,
    effect=faster,
    region=above(0.05),
    unit="ln per block",
    reported=(
        Reported(
            metric="ln of the standard deviation per block without batch norm",
            value=0.089,
            source="read off figure 5: -1.25 to 3.0 over layers 6 to 102, two layers a block",
        ),
    ),
    figures=(STREAMS,),
    substitution=Substitution(better="higher", margin=0.02),
)
