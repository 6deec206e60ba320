"""The conformance pages: from conformance.json alone, the same bytes everywhere."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from importlib.resources import files as resources
from itertools import pairwise
from pathlib import Path

import html5lib
import jsonschema
import msgspec
import pytest

from bnref import cli
from bnref.evidence import conformity
from bnref.evidence.checked import Mutant, Outcome
from bnref.evidence.conformity import Check, Document, Implementation
from bnref.report import conformance, frameworks
from bnref.report.conformance import contents, write
from bnref.report.readme import ReadmeError
from bnref.report.shown import page

XHTML = "{http://www.w3.org/1999/xhtml}"
LINK = "https://github.com/pytorch/pytorch/issues/1"
GOOD = Outcome(status="conforms", ulp=0.5, best_ulp=0.4)
BAD = Outcome(
    status="deviates",
    ulp=1234.5678,
    best_ulp=0.75,
    what="running_var",
    expected="<2> | *3*",
    found="4",
    reproduction="python -c 'x < y & z'",
)


def made_up() -> Document:
    """Every sign, and texts that need escaping."""
    checks = [
        Check(id=name, property=f"{name.title()} is <always> & everywhere", links=[LINK] * n)
        for n, name in enumerate(("first", "second", "third", "fourth"))
    ]
    more = {
        "measured": "2026-01-02",
        "kit": "a" * 64,
        "packages": {"numpy": "2.4"},
        "device_model": "Some CPU",
    }
    declared = msgspec.structs.replace(BAD, declared="by <design>")
    absent = Outcome(status="not_applicable", ulp=None, best_ulp=None, found="no backward")
    broken = Outcome(status="broken", ulp=None, best_ulp=None, expected="y", found="it hangs")
    mine = {"first": GOOD, "second": declared, "third": absent, "fourth": GOOD}
    theirs = {
        "first": BAD,
        "second": broken,
        "third": msgspec.structs.replace(GOOD, declared="long ago"),
    }
    return Document(
        kit="a" * 64,
        checks=checks,
        mutants=[
            Mutant(
                id="zeros",
                links=[LINK],
                meant_for=["first"],
                killed_by=["first", "fourth", "of an older kit"],
            ),
            Mutant(id="stale", links=[], meant_for=["third"], killed_by=[], sentence="Is <old>"),
        ],
        implementations=[
            Implementation(
                id="mine", name="mine & co", version="1", ours=True, properties=mine, **more
            ),
            Implementation(
                id="other", name="Other", version="2.0", ours=False, properties=theirs, **more
            ),
        ],
        conventions=[
            {
                "name": "mine",
                "version": "1",
                "weight_of_the_new_batch": 0.1,
                "weight_of_the_first": 1.0,
                "running_var": "biased",
                "eps": 1e-05,
                "one_value_per_channel": "raises",
                "buffers": "running_mean",
                "measured": "2026-01-02",
            },
            {"name": "Other", "not_measured": "no <default>", "measured": "2026-01-02"},
        ],
        not_run={"absent": "absent not installed here"},
    )


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return contents(made_up())


@pytest.fixture(scope="module")
def tree(files):
    return html5lib.HTMLParser(strict=True).parse(files["conformance.html"].decode())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout in which only the conformance results are published."""
    (tmp_path / "reproductions").mkdir()
    write(tmp_path / "reports", made_up())
    return tmp_path


def test_the_files(files):
    assert list(files) == [
        "conformance.json",
        "conformance.md",
        "conformance.html",
        "badges/mine.svg",
        "badges/other.svg",
    ]


def test_the_document_is_of_the_published_shape(files):
    document = json.loads(files["conformance.json"])
    assert document["checks"][1] == {
        "id": "second",
        "property": "Second is <always> & everywhere",
        "links": [LINK],
    }
    assert {"id", "links", "meant_for", "killed_by"} <= document["mutants"][0].keys()
    first = document["implementations"][1]["properties"]["first"]
    assert (first["status"], first["ulp"], first["best_ulp"]) == ("deviates", 1234.5678, 0.75)
    assert document["implementations"][0]["properties"]["third"]["ulp"] is None
    assert document["conventions"][0]["weight_of_the_new_batch"] == 0.1


def test_the_same_bytes_in_another_process(files, tmp_path):
    program = (
        "import sys; from pathlib import Path; from bnref.report import conformance\n"
        "assert conformance.rewrite(Path(sys.argv[1]))\n"
        "assert not {'torch', 'bnref.conformance'} & set(sys.modules)"
    )
    (tmp_path / "conformance.json").write_bytes(files["conformance.json"])
    environment = {**os.environ, "PYTHONHASHSEED": "12345"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env=environment)
    written = {p.relative_to(tmp_path).as_posix(): p for p in tmp_path.rglob("*.*") if p.is_file()}
    assert {name: path.read_bytes() for name, path in written.items()} == files


def test_signs_and_sums():
    mine, other = page(made_up()).shown
    assert mine.signs == ("conforms", "declared", "not_applicable", "conforms")
    assert other.signs == ("deviates", "broken", "unexpected", "missing")
    assert mine.line == "2 of 3 properties, 1 declared otherwise"
    assert other.line == "1 of 3 properties, 1 not asked"
    assert [lack.check.id for lack in other.undeclared] == ["first", "second"]
    assert mine.undeclared == ()


def test_html_is_valid_self_contained_and_accessible(tree):
    assert tree.get("lang") == "en"
    assert len(list(tree.iter(f"{XHTML}h1"))) == 1
    assert not list(tree.iter(f"{XHTML}script"))
    assert not list(tree.iter(f"{XHTML}link"))
    assert not [e for e in tree.iter() if e.get("src")]
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    inner = [e.get("href")[1:] for e in tree.iter() if (e.get("href") or "").startswith("#")]
    labels = [e.get("aria-labelledby") for e in tree.iter() if e.get("aria-labelledby")]
    assert set(inner) | set(labels) <= set(ids)
    for table in tree.iter(f"{XHTML}table"):
        assert table[0].tag == f"{XHTML}caption"
        assert all(head.get("scope") in ("col", "row") for head in table.iter(f"{XHTML}th"))


def test_texts_are_escaped(files):
    html, markdown = files["conformance.html"].decode(), files["conformance.md"].decode()
    assert "mine &amp; co" in html
    assert "x &lt; y &amp; z" in html
    assert "<always>" not in html
    assert r"\<2\> \| \*3\*" in markdown


@pytest.mark.parametrize("name", ["conformance.html", "conformance.md"])
def test_what_a_reader_must_be_told(files, name):
    text = files[name].decode()
    assert "1,235 ULP; two careful passes: 0.75" in text or "1235 ULP" in text
    assert "it hangs" in text
    assert "absent not installed here" in text
    assert "Not seen by a check that is meant to: stale" in text
    assert "survives every check" in text
    assert "2026-01-02" in text
    assert "one value" in text


def test_tables_of_the_markdown_are_rectangular(files):
    lines = files["conformance.md"].decode().replace(r"\|", "").splitlines()
    widths = [line.count("|") if line.startswith("|") else 0 for line in lines]
    assert sum(width > 0 for width in widths) > 15
    assert all(a == b for a, b in pairwise(widths) if a and b)


def test_badges_are_small_pictures_with_a_title(files):
    for name, told in {"mine": "mine & co 1", "other": "Other 2.0"}.items():
        content = files[f"badges/{name}.svg"]
        assert len(content) < 1000
        picture = ElementTree.fromstring(content)
        assert picture.get("aria-label").startswith(f"{told}: ")
        assert next(picture.iter("{http://www.w3.org/2000/svg}text")).text == told
        assert b"href" not in content
    assert b"#7a5200" in files["badges/mine.svg"]
    assert b"#a1283b" in files["badges/other.svg"]


def test_check_names_each_difference_in_one_line(root, capsys):
    assert cli.main(["report", "--root", str(root), "--check"]) == 0
    reports = root / "reports"
    (reports / "conformance.md").unlink()
    (reports / "badges" / "mine.svg").write_text("<svg/>")
    (reports / "badges" / "old.svg").write_text("<svg/>")
    assert cli.main(["report", "--root", str(root), "--check"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [" ".join(line.split()[:2]) for line in lines] == [
        "reports/conformance.md: missing:",
        "reports/badges/mine.svg: differs",
        "reports/badges/old.svg: of",
    ]
    assert cli.main(["report", "--root", str(root)]) == 0
    assert conformance.differences(reports) == []


def test_an_edited_result_shows(root):
    path = root / "reports" / "conformance.json"
    path.write_text(path.read_text().replace('"deviates"', '"conforms"', 1))
    assert len(conformance.differences(root / "reports")) >= 2


def test_a_damaged_document_is_one_line(root, capsys):
    (root / "reports" / "conformance.json").write_text('{"checks": 3}')
    assert cli.main(["report", "--root", str(root)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bnref: conformance.json: ")


def test_the_committed_schema_is_the_generated_one():
    """Regenerate: python -m bnref.evidence.conformity > bnref/report/conformance.schema.json"""
    committed = resources("bnref.report").joinpath("conformance.schema.json").read_bytes()
    assert committed == conformity.schema()


def test_conformance_json_is_valid(files):
    validator = jsonschema.Draft202012Validator(json.loads(conformity.schema()))
    document = json.loads(files["conformance.json"])
    validator.validate(document)
    document["implementations"][0]["properties"]["first"]["status"] = "fine"
    assert not validator.is_valid(document)


def test_results_of_another_kit_are_marked():
    one, other = made_up().implementations
    other = msgspec.structs.replace(other, kit="b" * 64)
    files = contents(msgspec.structs.replace(made_up(), implementations=[one, other]))
    for name, mark in {"conformance.md": "| ", "conformance.html": "<td>"}.items():
        text = files[name].decode()
        assert f"{mark}aaaaaaaa, another kit" not in text
        assert f"{mark}bbbbbbbb, another kit" in text


def test_the_tables_of_the_docs_are_written_and_compared(root, capsys):
    path = root / "docs" / "FRAMEWORKS.md"
    path.parent.mkdir()
    empty = "".join(f"<!-- bnref:{n} -->\n<!-- /bnref:{n} -->\n" for n in frameworks.BLOCKS)
    path.write_text(f"by hand\n{empty}by hand\n")
    assert cli.main(["report", "--root", str(root), "--check"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" is not")[0] for line in lines] == [
        f"docs/FRAMEWORKS.md: block {name!r}" for name in frameworks.BLOCKS
    ]
    assert cli.main(["report", "--root", str(root)]) == 0
    assert cli.main(["report", "--root", str(root), "--check"]) == 0
    text = path.read_text()
    assert text.startswith("by hand\n")
    assert text.endswith("by hand\n")
    assert "| Other | 2.0 | 2026-01-02 |" in text
    assert "| mine" not in text.partition("bnref:findings")[2]
    path.write_text("no place")
    with pytest.raises(ReadmeError, match=r"FRAMEWORKS.md: no place for the generated block"):
        frameworks.update(root, page(made_up()))


def test_nothing_published(tmp_path):
    assert conformance.differences(tmp_path) == []
    assert conformance.rewrite(tmp_path) is False
    assert list(tmp_path.iterdir()) == []


def test_the_document_reads_back(files, tmp_path):
    (tmp_path / "x.json").write_bytes(files["conformance.json"])
    assert conformity.read(tmp_path / "x.json") == made_up()
