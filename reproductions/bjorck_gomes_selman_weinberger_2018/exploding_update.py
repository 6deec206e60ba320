"""While a plain network diverges its activations explode with depth (Bjorck et al. 2018, figure 4).

Pilots on seeds 0-7: 0.1 to 0.6 decades per block, and 0 where one run did not diverge; 0.05 is a
factor of 500 over the 54 blocks.
"""

from bnref.evidence.claim import Claim, Reported, Rows, Substitution
from bnref.evidence.figure import HeatMap
from bnref.evidence.verdict import above
from reproductions.deep_nets import UPDATE_PROTOCOL, UPDATES


def explodes_more(rows: Rows) -> float:
    """Slope over the blocks of the change of log10(variance), without batch norm less with it."""
    plain = rows.one(norm="identity")
    (full,) = (row for row in rows if row is not plain)
    return plain["explosion"] - full["explosion"]


CLAIM = Claim(
    id="BJ18-7",
    locator="section 3, figure 4",
    statement="While a deep residual network without batch normalisation diverges, one update "
    "multiplies the variance of what leaves a block by at least 0.05 decades more with "
    "each block than with batch normalisation.",
    protocol=UPDATE_PROTOCOL
    + "The update is the first that diverges, or the tenth. Variance over images and "
    "positions, mean over channels, on the same batch before and behind the update; 1e30 "
    "where float32 overflows. Runs that do not diverge count.",
    settings=UPDATES,
    effect=explodes_more,
    region=above(0.05),
    unit="decades per block",
    reported=(
        Reported(
            metric="log10 of the largest variance behind the update, slope per block, layers 8 to 80",
            value=0.465,
            source="read off figure 4: 1.0 and 5.6e16, two layers a block",
        ),
    ),
    figures=(
        HeatMap(
            series=("share_0", "share_25", "share_50", "share_75", "share_100"),
            hue="arm",
            x="block",
            x_label="block",
            y_label="share of the update",
            label="log10 variance",
            title="Variance of what leaves each block along one update",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.05),
)
