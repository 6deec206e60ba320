"""Controls of bnref itself: claims whose verdict is known before anything is measured."""

from bnref.evidence.claim import Paper

PAPER = Paper(
    cite_key="controls",
    title="Placebos and planted effects that check the measuring and judging",
    authors="bnref",
    year=2026,
    venue="this project's own controls, no paper",
)
