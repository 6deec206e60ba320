"""The verdicts: one test per claim. Runs nothing; reads records and judges them."""

import pytest

from bnref.evidence.finding import Finding, surprise
from bnref.plugin import warn_moved


@pytest.mark.claim
def test_claim(bn_claim: Finding) -> None:
    """A verdict is a result. Red is only one that is the opposite of what is known, or a control."""
    if bn_claim.scale == "smoke" or not bn_claim.registered:
        return
    difference = surprise(bn_claim)
    if difference == "moved":
        warn_moved(bn_claim)
    assert difference != "swapped", (
        f"{bn_claim.id} at scale {bn_claim.scale} is {bn_claim.status}, "
        f"expected {bn_claim.expected}: {bn_claim.effect}"
    )
