"""A made-up paper."""

from bnref.evidence.claim import Paper

PAPER = Paper(
    cite_key="somebody2020",
    title="On high and low",
    authors="Some Body",
    year=2020,
    venue="Journal of Examples",
)
