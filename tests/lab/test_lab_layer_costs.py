"""Memory of a call, on calls whose memory is known."""

import torch

from bnref.lab.layer_costs import kept, peak

N = 1 << 16
BYTES = 4 * N


def test_the_peak_counts_what_is_held_at_one_moment_and_not_what_came_after_it():
    x = torch.ones(N)
    assert peak(lambda: x + x, "cpu") == BYTES
    assert peak(lambda: (x + x) * x, "cpu") == 2 * BYTES, "a temporary beside the result"
    assert peak(lambda: ((x + x) * x).mul_(x).add_(x), "cpu") == 2 * BYTES, "in place is free"
    freed = peak(lambda: [(x + x).sum() for _ in range(3)], "cpu")
    assert BYTES <= freed < 2 * BYTES, "a temporary that was freed does not count again"


def test_what_is_kept_counts_each_storage_once():
    x = torch.ones(N, requires_grad=True)
    assert kept(x.exp) == BYTES, "exp keeps its result"
    assert kept(lambda: x * x) == BYTES, "x twice is one storage"
    assert kept(lambda: x + 1) == 0, "a sum keeps nothing"
