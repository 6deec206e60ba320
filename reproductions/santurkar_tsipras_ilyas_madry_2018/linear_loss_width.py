"""Early on the loss of the linear network has far larger spikes along the gradient without batch norm.

Santurkar et al. 2018, figure 10 (a): at rate 1e-6 the ranges are 10^11 and 10^1.2 at step 100, and from
step 4,000 on the order is the other one (digitised, card SA18-8; see SA18-8-linear-rate). In the pilot
(seeds 50-59) the largest range was 1.8 to 7.9 orders of magnitude larger.
"""

from collections.abc import Callable, Mapping, Sequence

from bnref.evidence.claim import UNDEFINED, Claim, Effect, Rows, Substitution, grid
from bnref.evidence.verdict import above
from reproductions.deep_linear import (
    DEEP_LINEAR_PROTOCOL,
    LANDSCAPE_PROTOCOL,
    at_rate,
    linear_settings,
)
from reproductions.santurkar_figures import LOSS_RANGE, curves, spread
from reproductions.santurkar_numbers import LINEAR_SPREADS

ARMS = grid(norm=("batch_norm", "identity"), learning_rate=(1e-6,))
EARLY = 10
"""Probes in the first 1,000 steps."""

Series = Mapping[str, Sequence[float]]


def compared(rows: Rows, rate: float, measure: Callable[[Series, Series], float]) -> Effect:
    """measure(plain, batch norm) of the series at a rate; undefined where a run diverged."""
    plain, normalised = at_rate(rows, rate)
    if plain.diverged or normalised.diverged:
        return UNDEFINED
    return measure(plain.series, normalised.series)


def larger_spike(rows: Rows) -> Effect:
    """Orders of magnitude of the largest range of the loss, no normaliser less batch norm."""
    return compared(
        rows, 1e-6, lambda plain, bn: max(plain["spread"][:EARLY]) - max(bn["spread"][:EARLY])
    )


CLAIM = Claim(
    id="SA18-8-linear",
    locator="section 3.2, figure 10 (a), appendix A.1",
    statement="In the first 1,000 steps of a 25-layer linear network at rate 1e-6 the largest range of the "
    "loss along the gradient, largest over least, is at least ten times as large without batch "
    "normalisation.",
    protocol=f"{DEEP_LINEAR_PROTOCOL} {LANDSCAPE_PROTOCOL}log10 of the largest over the least loss.",
    settings=linear_settings(ARMS),
    effect=larger_spike,
    region=above(1.0),
    unit="orders of magnitude, no normaliser less batch norm",
    figures=(LOSS_RANGE, spread(*curves(LINEAR_SPREADS, "figure 10 (a)"))),
    substitution=Substitution(better="higher", margin=0.5),
)
