"""Claims about running statistics in deep-learning frameworks. There is no single paper behind them."""

from bnref.evidence.claim import Paper

PAPER = Paper(
    cite_key="running_statistics",
    title="Running statistics: momentum, warm-up and window",
    authors="bnref",
    year=2026,
    venue="this project's own statements about what deep-learning frameworks do, no single paper",
)
