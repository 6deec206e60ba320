"""Smaller weight decay, no local response normalisation, fewer photometric distortions (section 4.2.1).

Pilots of the first (seeds 50 to 53, the bed of IS15-18, decays of 0.0003 to 0.03 with batch norm): a fifth of
it changed the test error by less than one run differs from the next.
"""

from bnref.evidence.claim import Claim

CLAIM = Claim(
    id="IS15-19-rest",
    locator="section 4.2.1",
    statement="With batch normalisation a fifth of the weight decay makes held-out images more accurate, "
    "local response normalisation is not needed, and weaker photometric distortions suffice.",
    protocol="Changes to Inception on ImageNet that the paper made at once with batch normalisation, without "
    "a number for any of them.",
    not_attempted="the paper gives no number and no comparison for any of these changes; the ones that small "
    "grey images do not have, response normalisation and photometric distortion, cannot be scaled down, and "
    "less decay of weights before a batch norm is a change of the learning rate, which IS15-8-law has",
)
