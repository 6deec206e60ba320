import json
from importlib.resources import files

import jsonschema
import msgspec
import pytest

from bnref.report.document import Document, encode, rounded, schema


def test_the_committed_schema_is_the_generated_one():
    """Regenerate with: python -m bnref.report.document > bnref/report/findings.schema.json"""
    committed = files("bnref.report").joinpath("findings.schema.json").read_bytes()
    assert committed == schema()


def test_findings_json_is_valid(made_up):
    document = json.loads(encode(one.finding for one in made_up))
    jsonschema.Draft202012Validator(json.loads(schema())).validate(document)
    assert document["schema"] == 1


def test_every_finding_has_every_key(made_up):
    document = json.loads(encode(one.finding for one in made_up))
    keys = {frozenset(finding) for finding in document["findings"]}
    assert len(keys) == 1
    assert {"id", "versus_reference", "figures", "environment", "p_holm", "reported"} <= keys.pop()


def test_every_status_is_there(made_up):
    assert {one.finding.status for one in made_up} == {
        "supported",
        "refuted",
        "inconclusive",
        "incomplete",
        "not_attempted",
    }


def test_numbers_are_rounded_once(made_up):
    effect = rounded(made_up[0].finding).effect
    assert effect is not None
    assert effect.median == float(f"{made_up[0].finding.effect.median:.6g}")
    assert rounded(rounded(made_up[0].finding)) == rounded(made_up[0].finding)


def test_no_nan_and_no_infinity(made_up):
    text = encode(one.finding for one in made_up).decode()
    json.loads(text, parse_constant=pytest.fail)
    assert msgspec.json.decode(text, type=Document).findings
