"""A plain network that diverges does so in its first batches (Bjorck et al. 2018, section 3).

Pilots on seeds 0-7: seven of eight, all at the first batch; the eighth trains on.
"""

from bnref.evidence.claim import Claim, Row, Rows, Substitution
from bnref.evidence.figure import Dots
from bnref.evidence.verdict import above
from reproductions.deep_nets import UPDATE_PROTOCOL, UPDATES


def early(row: Row) -> bool:
    """Whether one of the first ten updates has diverged."""
    return row["update"] <= 10


def only_without(rows: Rows) -> float:
    """1 where only the plain network diverges early, -1 where only the other does, else 0."""
    plain = rows.one(norm="identity")
    (full,) = (row for row in rows if row is not plain)
    return float(early(plain) - early(full))


CLAIM = Claim(
    id="BJ18-7-early",
    locator="section 3",
    statement="At a learning rate of 0.01 a deep residual network without batch normalisation "
    "diverges within ten batches, and one with it does not.",
    protocol=UPDATE_PROTOCOL + "Ten batches; 11 stands for none of them.",
    settings=UPDATES,
    effect=only_without,
    region=above(0.5),
    unit="paired success",
    figures=(
        Dots(
            y="update",
            hue="arm",
            y_label="first batch that diverges (11: none)",
            title="The batch at which a run diverges",
        ),
    ),
    substitution=Substitution(better="higher", margin=0.5),
)
