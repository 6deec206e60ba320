"""The larger rates that batch norm allows bring its accuracy (Bjorck et al. 2018, section 2, figure 1)."""

from bnref.evidence.claim import Claim, Reported

SOURCE = "read off figure 1, ResNet-110 on CIFAR-10"

CLAIM = Claim(
    id="BJ18-1",
    locator="section 2, figure 1",
    statement="With batch normalisation ResNet-110 generalises better at larger learning rates, and at the "
    "one rate at which it trains without it no better than without it.",
    protocol="Four trainings of ResNet-110 on CIFAR-10, each until its plateau.",
    not_attempted="the arms take up to 2,400 epochs of CIFAR-10, and what a network reaches at the "
    "end is not seen in short runs; the part on rates is BJ18-1-rates",
    reported=(
        Reported(metric="test accuracy with batch norm at 0.1 (%)", value=93.2, source=SOURCE),
        Reported(metric="test accuracy with batch norm at 0.003 (%)", value=90.4, source=SOURCE),
        Reported(metric="test accuracy with batch norm at 0.0001 (%)", value=81.3, source=SOURCE),
        Reported(metric="test accuracy without at 0.0001 (%)", value=82.0, source=SOURCE),
    ),
)
