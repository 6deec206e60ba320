"""Reductions from the rows of a seed to an effect, with censoring and arms that never train."""

import math

import pytest

from bnref.evidence.claim import UNDEFINED, Arm, Row, Rows
from bnref.evidence.effects import contrast, headroom, largest, less, log_ratio, matched, points

INF = math.inf


def a_row(diverged: bool = False, metrics: dict[str, float] | None = None, **parameters) -> Row:
    return Row(Arm("arm", parameters), metrics or {}, {}, diverged)


def trains(row: Row) -> bool:
    return not row.diverged


def sweep(norm: str, *trained: bool) -> list[Row]:
    """Rates 1, 10, 100, ... and whether the run at each of them trains."""
    return [
        a_row(diverged=not well, norm=norm, learning_rate=10.0**power)
        for power, well in enumerate(trained)
    ]


def test_largest_rate_that_trains():
    assert largest(sweep("n", True, True, False), "learning_rate", trains) == 10
    gap = sweep("n", True, False, True, False)
    assert largest(gap, "learning_rate", trains) == 100, "expected the largest, gaps or not"
    assert largest(sweep("n", False, False), "learning_rate", trains) is None, "none trains: None"
    top = largest(sweep("n", True, True), "learning_rate", trains)
    assert top == (10, INF), "the top of the grid trains: the number is censored"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (100.0, 10.0, (1, 1)),
        (1.0, 1.0, (0, 0)),
        ((100.0, INF), 10.0, (1, INF)),
        (10.0, (100.0, INF), (-INF, -1)),
        ((100.0, INF), (10.0, INF), (-INF, INF)),
        (None, 10.0, (-INF, -INF)),
        (10.0, None, (INF, INF)),
        ((10.0, INF), None, (INF, INF)),
        (None, (10.0, INF), (-INF, -INF)),
        (None, None, UNDEFINED),
        (INF, INF, UNDEFINED),
    ],
)
def test_log_ratio_of_censored_numbers(a, b, expected):
    assert log_ratio(a, b, 10) == pytest.approx(expected), f"log10 of {a} over {b}"


def test_log_ratio_takes_its_base():
    assert log_ratio(8.0, 1.0, 2) == pytest.approx((3, 3)), "log2 of 8 is 3"


def test_headroom_is_of_batch_norm_or_the_layer_in_its_place():
    for name in ("batch_norm", "mine.layers:norm"):
        rows = Rows(
            (
                *sweep(name, True, True, True, False),
                *sweep("identity", True, False, False, False),
                *sweep("group_norm", True, True, False, False),
            )
        )
        assert headroom(rows, "identity", trains, 10) == pytest.approx((2, 2)), name
        assert headroom(rows, "group_norm", trains, 10) == pytest.approx((1, 1)), name


def test_headroom_without_training_arms():
    both = Rows((*sweep("batch_norm", False), *sweep("identity", False)))
    assert headroom(both, "identity", trains, 10) == UNDEFINED, "neither trains: undefined"
    one = Rows((*sweep("batch_norm", True, False), *sweep("identity", False, False)))
    assert headroom(one, "identity", trains, 10) == (INF, INF), "only batch norm trains"
    censored = Rows((*sweep("batch_norm", True, True), *sweep("identity", True, False)))
    assert headroom(censored, "identity", trains, 10) == pytest.approx((1, INF)), "top still trains"


def landscape(plain: float, normalised: float, *, flat: bool = False) -> Rows:
    return Rows(
        (
            a_row(norm="batch_norm", metrics={"width": normalised}),
            a_row(diverged=flat, norm="identity", metrics={"width": plain}),
        )
    )


def test_contrast_is_a_log2_ratio_where_every_arm_enters():
    assert contrast(landscape(8, 2), "width", trains) == 2, "log2 of 8 over 2"
    assert contrast(landscape(1, 2), "width", trains) == -1, "log2 of 1 over 2"
    assert contrast(landscape(8, 2, flat=True), "width", trains) == UNDEFINED, (
        "a network that never trained is flat: undefined, not a win"
    )


def falling(start: int, end: int) -> Row:
    """A loss that falls from start to end in steps of one, and a shift that is ten times the loss."""
    losses = [float(loss) for loss in range(start, end, -1)]
    return Row(Arm("arm", {}), {}, {"loss": losses, "shift": [10 * loss for loss in losses]}, False)


def test_runs_are_matched_where_both_have_been():
    late, early = falling(60, 0), falling(100, 40)
    assert matched((late, early), "shift", by="loss") == (505, 505), (
        "losses 47 to 54, 505 is their middle"
    )
    assert matched((late, falling(100, 59)), "shift", by="loss") is None, "nowhere both"
    assert matched((late, falling(50, 46)), "shift", by="loss") is None, "too few"


def test_points():
    row = a_row(metrics={"test_errors": 25, "test_images": 200, "other": 50})
    assert points(row) == 12.5, "25 of 200 are 12.5 percent"
    assert points(row, "other") == 25, "50 of 200 are 25 percent"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (3.0, 1.0, (2, 2)),
        ((3.0, INF), 1.0, (2, INF)),
        (3.0, (1.0, INF), (-INF, 2)),
        ((INF, INF), 1.0, (INF, INF)),
        ((INF, INF), (INF, INF), (-INF, INF)),
    ],
)
def test_the_difference_of_censored_numbers_says_no_more_than_is_known(a, b, expected):
    assert less(a, b) == expected
