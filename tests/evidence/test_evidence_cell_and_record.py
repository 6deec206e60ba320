"""Keys, canonical JSON and sealed records."""

import hashlib
import json
import math
import random
import struct

import msgspec
import pytest
import rfc8785

from bnref.evidence.cell import Cell, Provenance, canonical, digest, identity, key
from bnref.evidence.record import Record, intact, sealed

CELL = Cell(
    experiment="bnref.lab.experiments.classify",
    arm={
        "norm": "batch_norm",
        "batch_size": 2,
        "learning_rate": 1e-05,
        "momentum": None,
        "bias": True,
    },
    seed=104,
    scale="small",
    device="cpu",
)
PROVENANCE = Provenance(code="c" * 64, data="d" * 64, torch="2.13.0", device_model="Some CPU")

# Made once by key(CELL, PROVENANCE) and identity(CELL) on 2026-11-22; the second is the SHA-256
# of WRITTEN below. Another value means that every published record and every store is lost: then the
# keys must not change, or that must be said in the CHANGELOG.
GOLDEN_KEY = "56fa0dc96eff28db649cec625db6d6df920a7ae0e357937f4eaa87aea8889f4c"
GOLDEN_IDENTITY = "3201e6155c7a254ba06c342091d403ee891e99b59318f6ce7391341889183c02"
WRITTEN = (
    '{"arm":{"batch_size":2,"bias":true,"learning_rate":0.00001,"momentum":null,'
    '"norm":"batch_norm"},"device":"cpu","experiment":"bnref.lab.experiments.classify",'
    '"scale":"small","seed":104}'
)


def test_golden_keys():
    assert identity(CELL) == GOLDEN_IDENTITY, "the identity of a cell must never change"
    assert key(CELL, PROVENANCE) == GOLDEN_KEY, "the key of a record must never change"


def test_the_identity_can_be_made_by_hand():
    assert canonical(CELL).decode() == WRITTEN, "expected RFC 8785: sorted, no spaces, ES6 numbers"
    assert hashlib.sha256(WRITTEN.encode()).hexdigest() == GOLDEN_IDENTITY


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 105},
        {"scale": "gpu"},
        {"device": "cuda"},
        {"experiment": "bnref.lab.experiments.landscape"},
        {"arm": {**CELL.arm, "batch_size": 4}},
        {"arm": {**CELL.arm, "bias": 1}},
    ],
    ids=["seed", "scale", "device", "experiment", "number", "true is not 1"],
)
def test_any_change_of_a_cell_is_another_cell(change):
    other = msgspec.structs.replace(CELL, **change)
    assert identity(other) != identity(CELL), f"expected another identity after {change}"


@pytest.mark.parametrize("name", ["code", "data", "torch", "device_model"])
def test_any_change_of_what_it_was_measured_by_is_another_key(name):
    other = msgspec.structs.replace(PROVENANCE, **{name: "other"})
    assert key(CELL, other) != key(CELL, PROVENANCE), f"expected another key with another {name}"


def test_the_order_of_parameters_is_no_change():
    backwards = msgspec.structs.replace(CELL, arm=dict(reversed(CELL.arm.items())))
    assert identity(backwards) == identity(CELL)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**60])
def test_canonical_json_refuses_what_json_cannot_hold(value):
    with pytest.raises(ValueError, match="cannot be written as canonical JSON"):
        canonical({"x": [value]})
    with pytest.raises(ValueError, match="cannot be written as canonical JSON"):
        digest(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_record_of_numbers_that_are_not_finite_is_not_sealed(record, value):
    with pytest.raises(ValueError, match=r"metric 'loss' is -?(nan|inf): an experiment reports"):
        sealed(msgspec.structs.replace(record, metrics={"loss": value}))
    with pytest.raises(ValueError, match="series 'loss' holds a number that is not finite"):
        sealed(msgspec.structs.replace(record, series={"loss": [1.0, value]}))


def test_a_seal_is_stable_and_shows_every_edit(record):
    assert intact(record), "a sealed record is intact"
    assert sealed(record) == record, "sealing again changes nothing"
    assert not intact(msgspec.structs.replace(record, content="")), "an unsealed record is not"
    again = msgspec.json.decode(msgspec.json.encode(record), type=Record)
    assert again == record, "expected the same record after writing and reading"
    assert intact(again), "expected an intact record after writing and reading"
    for change in (
        {"metrics": {"y": 1.6}},
        {"series": {}},
        {"diverged": True},
        {"seconds": 0.6},
        {"data": "e" * 64},
        {"cell": CELL},
    ):
        assert not intact(msgspec.structs.replace(record, **change)), f"{change} must show"


def test_whole_numbers_keep_their_seal(make_record, make_cell):
    counted = make_record(make_cell(), metrics={"test_errors": 12, "big": 1e20})
    again = msgspec.json.decode(msgspec.json.encode(counted), type=Record)
    assert intact(again), "a count written as 12 and read as 12.0 is the same number"


def test_a_record_names_no_host_user_or_path(record):
    fields = set(json.loads(msgspec.json.encode(record.environment)))
    assert fields == {"python", "torch", "numpy", "system", "device_model", "threads"}


def floats() -> list[float]:
    """Numbers of every size: random bits, round numbers, and the places where exponents begin."""
    draw = random.Random(0)
    bits = [struct.unpack("d", draw.randbytes(8))[0] for _ in range(20_000)]
    sizes = [draw.uniform(-1, 1) * 10 ** draw.uniform(-9, 23) for _ in range(20_000)]
    edges = [s * 10.0**e for e in range(-9, 23) for s in (1.0, -1.0, 1.5)]
    near = [math.nextafter(x, to) for x in edges for to in (-math.inf, math.inf)]
    whole = [0.0, -0.0, 2.0**53, 2.0**53 - 1, -(2.0**53), 1e15, 3.0]
    return [x for x in [*bits, *sizes, *edges, *near, *whole] if math.isfinite(x)]


def test_the_fast_way_writes_the_bytes_of_rfc_8785():
    for value in floats():
        assert canonical(value) == rfc8785.dumps(value), repr(value)
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x11000), 0x1F600)))
    for value in (
        {"b": every, "a": [True, False, None, 1, -1.0], "": {}},
        {"\U0001f600": 1, "\uffff": 2, "é": 3},
        [2**53 - 1, -(2**53) + 1, [], {}],
    ):
        assert canonical(value) == rfc8785.dumps(value)
