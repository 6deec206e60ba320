import math

import pytest

from bnref.evidence.finding import Bounds
from bnref.report import bibliography, words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (2.0, "2"),
        (3.14159, "3.14"),
        (-0.05, "−0.05"),
        (12345.6, "12,346"),
        (0.000123, "0.000123"),
        (1e-9, "1 × 10⁻⁹"),
        (-2.5e12, "−2.5 × 10¹²"),
        (0.99999, "1"),
        (math.inf, "∞"),
    ],
)
def test_number(value, text):
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (1.0, "1"), (0.00048828, "0.00049"), (1e-7, "< 0.0001"), (0.0309, "0.031")],
)
def test_probability(value, text):
    assert words.probability(value) == text


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ((2.0, None), "at least 2 nats"),
        ((None, -1.0), "at most −1 nats"),
        ((-0.1, 0.1), "between −0.1 and 0.1 nats"),
    ],
)
def test_region(bounds, text):
    assert words.region(Bounds(lo=bounds[0], hi=bounds[1]), "nats") == text


def test_markdown_keeps_names_and_breaks_no_table():
    assert words.markdown("a batch_norm | *b*\n_c_") == r"a batch_norm \| \*b\* \_c\_"


def test_each_verdict_has_its_sentence(made_up):
    told = {one.finding.id: words.verdict(one.finding) for one in made_up}
    assert told["WH18-1"].startswith("Supported at scale small: over 12 seeds the median effect is")
    assert "not of the setting of the paper" in told["WH18-2"]
    assert "four times in five" in told["WH18-3"]
    assert "upwards without bound" in told["WH18-4"]
    assert told["WH18-5"].startswith("Not judged: ")
    assert told["WH18-6"] == "Not attempted at scale small: no setting at scale small."
    assert "every seed" in told["WH18-9"]


def test_a_surprise_is_said_and_a_known_result_explained(made_up):
    said = {one.finding.id: words.surprise(one.finding) for one in made_up}
    assert said["WH18-1"] == ""
    assert said["WH18-2"].startswith("Expected before this run: refuted. The effect")
    assert said["WH18-3"].startswith("Not as expected, which was: supported.")


@pytest.mark.parametrize(
    ("authors", "bibtex"),
    [
        ("Yuxin Wu and Kaiming He", "Yuxin Wu and Kaiming He"),
        ("Sergey Ioffe, Christian Szegedy", "Sergey Ioffe and Christian Szegedy"),
        ("A B, C D, and E F", "A B and C D and E F"),
        ("Ioffe, Sergey", "Ioffe, Sergey"),
        ("Ioffe & Szegedy", "Ioffe and Szegedy"),
    ],
)
def test_authors(authors, bibtex):
    assert bibliography._authors(authors) == bibtex
