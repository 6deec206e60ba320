"""With batch norm activations hardly grow with depth (Bjorck et al. 2018, section 3.1, figure 5).

Its outputs are normalised by construction, the sums of the blocks are not. Pilots on seeds 0-19:
0.011 to 0.014 per block.
"""

from bnref.evidence.claim import Claim, Rows, Substitution
from bnref.evidence.verdict import within
from reproductions.bjorck_figures import STREAMS
from reproductions.deep_nets import AT_START, START_PROTOCOL, three


def growth(rows: Rows) -> float:
    """Slope of ln(standard deviation) per block, with batch norm."""
    _, _, full = three(rows)
    return full["growth"]


CLAIM = Claim(
    id="BJ18-8-flat",
    locator="section 3.1, figure 5",
    statement="With batch normalisation the standard deviation of what leaves a residual block "
    "changes by at most 2 % per block at the start.",
    protocol=START_PROTOCOL
    + "Slope as in BJ18-8. Two per cent per block is a factor of three over 54 blocks: the "
    "band of the paper's bars, within one of zero in natural logarithms (read off figure "
    "5), is no narrower.",
    settings=AT_START,
    effect=growth,
    region=within(-0.02, 0.02),
    unit="ln per block",
    figures=(STREAMS,),
    substitution=Substitution(better="lower", margin=0.02),
)
