"""Numbers of Santurkar et al. 2018 that figures show over ours, by the name of the norm.

The paper prints few. These were read off the vector graphics of its figures (arXiv version 3, one run of VGG
each) to one or two percent of an axis; each is a median over time, unless it is called something else.
"""

from collections.abc import Mapping

from bnref.evidence.claim import Reported

Points = Mapping[float | str, float]

ACCURACIES: Mapping[str, Points] = {
    "identity": {500: 45, 1000: 49, 2000: 77, 3000: 77, 5000: 96},
    "batch_norm": {500: 72, 1000: 83, 2000: 94, 3000: 91, 5000: 99},
    "noisy_batch_norm": {2400: 90},
}
"""Of one training batch by step, figure 1 (a); of noisy batch norm the first step at 90 %, figure 2."""

AREAS: Points = {
    "identity": 69.7,
    "batch_norm": 86.9,
    "noisy_batch_norm": 83.4,
    "l1_batch_norm": 87.8,
    "l2_batch_norm": 87.2,
    "linf_batch_norm": 87.8,
}
"""Mean training accuracy of the first 5,000 steps, figures 2 and 5 (a)."""

WIDTHS = {
    "identity": 0.94,
    "batch_norm": 0.20,
    "l1_batch_norm": 0.18,
    "l2_batch_norm": 0.14,
    "linf_batch_norm": 0.08,
}
"""Largest less least loss along the gradient, figures 4 (a) and 12."""

SHIFTS = {
    "mean": {"identity": 0.065, "batch_norm": 0.002, "noisy_batch_norm": 0.27},
    "variance": {"identity": 0.021, "batch_norm": 0.003, "noisy_batch_norm": 0.18},
}
"""Change of a mean or variance between two points, figure 8: layer 9, with batch norm layer 2, whose layer 9
lies at 0.000."""

WINDOWS = {0.1: (500.0, 3000.0), 0.01: (500.0, 7500.0)}
"""The middles of the windows of steps whose medians follow: 0 to 1,000 and 1,000 to 5,000 at the rate 0.1,
0 to 1,000 and 5,000 to 10,000 at 0.01."""

GRADIENT_SHIFTS: Mapping[tuple[str, float], Mapping[int, Mapping[str, tuple[float, float]]]] = {
    ("shift", 0.1): {
        5: {"identity": (0.33, 0.96), "batch_norm": (0.94, 0.97)},
        10: {"identity": (0.23, 1.0), "batch_norm": (0.84, 0.99)},
    },
    ("cosine", 0.1): {
        5: {"identity": (0.82, 0.62), "batch_norm": (0.71, 0.62)},
        10: {"identity": (0.62, 0.11), "batch_norm": (0.45, 0.07)},
    },
    ("shift", 0.01): {
        5: {"identity": (0.33, 1.29), "batch_norm": (2.8, 0.0077)},
        10: {"identity": (0.79, 3.2), "batch_norm": (2.4, 0.0057)},
    },
    ("cosine", 0.01): {
        5: {"identity": (0.96, 0.85), "batch_norm": (0.68, 0.99)},
        10: {"identity": (0.62, 0.29), "batch_norm": (0.65, 0.98)},
    },
}
"""By series and rate, layer and norm, a median for each window, figure 3 (a)."""

CHANGES = {
    "identity": 47.0,
    "batch_norm": 21.7,
    "l1_batch_norm": 22.1,
    "l2_batch_norm": 19.9,
    "linf_batch_norm": 18.8,
}
"""Largest change of the gradient along its direction, figures 4 (b) and 12."""

BETAS = {"identity": 20.0, "batch_norm": 19.95}
"""Effective beta, figure 4 (c)."""

BY_DISTANCE: Mapping[str, Points] = {
    "identity": {0.05: 10.8, 0.1: 12.6, 0.2: 19.0, 0.4: 47.0},
    "batch_norm": {0.05: 11.6, 0.1: 11.7, 0.2: 14.0, 0.4: 22.0},
}
"""Change of the gradient after a step of this length, figure 11 (a)."""

LINEAR_SPREADS: Mapping[str, Points] = {
    "identity": {100: 11.0, 4000: 0.34, 8000: 0.03, 10_000: 0.02},
    "batch_norm": {100: 1.2, 4000: 1.7, 8000: 0.92, 10_000: 1.2},
}
"""log10 of the largest over the least loss along the gradient, linear network at 1e-6, figure 10 (a)."""

LINEAR_CHANGES: Mapping[str, Points] = {
    "identity": {10_000: 10**4.9},
    "batch_norm": {10_000: 10**6.0},
}
"""Largest change of the gradient along its direction, linear network at 1e-6, figure 10 (b)."""

LAST_ACCURACIES: Mapping[str, Points] = {
    "identity": {0.1: 99.6, 0.5: 9.4},
    "batch_norm": {0.1: 98.7, 0.5: 97.0},
}
"""Training accuracy at the end by learning rate, figure 1 (a)."""

TEST_ACCURACIES = (
    Reported(metric="test accuracy with batch norm (%)", value=83.0, source="appendix A.1"),
    Reported(metric="test accuracy without (%)", value=80.0, source="appendix A.1"),
)
