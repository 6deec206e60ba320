"""Claims of the paper that explains Batch Normalization by a smoother loss landscape."""

from bnref.evidence.claim import Paper

PAPER = Paper(
    cite_key="santurkar_tsipras_ilyas_madry_2018",
    title="How Does Batch Normalization Help Optimization?",
    authors="Shibani Santurkar, Dimitris Tsipras, Andrew Ilyas and Aleksander Madry",
    year=2018,
    venue="NeurIPS 2018, arXiv:1805.11604",
    url="https://arxiv.org/abs/1805.11604",
)
