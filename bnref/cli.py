"""The `bnref` command. A subcommand imports its module when it is called, none of them torch."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bnref import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 fine, 1 differences found, 2 cannot be done."""
    options = _parser().parse_args(arguments)
    commands = {"conform": _conform, "doctor": _doctor, "report": _report, "tune": _tune}
    return commands[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bnref",
        description="Claims about Batch Normalization, measured and judged. "
        "Measuring is done by `pytest benchmarks/`.",
    )
    parser.add_argument("--version", action="version", version=f"bnref {__version__}")
    commands = parser.add_subparsers(
        title="commands", dest="command", required=True, metavar="COMMAND"
    )
    report = commands.add_parser(
        "report",
        help="judge the published records again and write the report",
        description="Judge the records in reports/records again and write reports/ and the "
        "README's generated blocks. Measures nothing and needs no torch.",
    )
    report.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 where reports/ or README.md differ from the records",
    )
    tune = commands.add_parser(
        "tune",
        help="measure the learning rates that a claim froze, on pilot seeds",
        description="Measure a claim's tuning runs (seeds below 100, never judged), publish their "
        "records in reports/tuning/ and print the mean validation errors with the choice.",
    )
    tune.add_argument("claim", help="the claim's id, such as WH18-1")
    conform = commands.add_parser(
        "conform",
        help="check an implementation of batch norm against the conformance kit",
        description="Run the conformance checks on an implementation and say what deviates, how "
        "badly, and which historical bug it looks like. Exit code 0 conforms, 1 deviates, 2 could "
        "not run. Needs no torch where the implementation needs none.",
    )
    conform.add_argument("adapter", help="package.module:adapter, an Implementation")
    conform.add_argument("--json", action="store_true", help="print JSON instead of text")
    conform.add_argument(
        "--expect",
        type=Path,
        metavar="FILE",
        help="known deviations, which must then fail: TOML with a table [deviates] of check = reason",
    )
    conform.add_argument(
        "--seed", type=int, default=0, help="another draw of the inputs (default 0)"
    )
    conform.add_argument("--check", action="append", metavar="NAME", help="only this check; repeat")
    doctor = commands.add_parser(
        "doctor",
        help="look at the batch norms of a model in one dry training step",
        description="Run one dry training step of a model on the CPU and say what is wrong or risky "
        "with its batch norms, and what to do. The model is left as it was. Exit code 0 nothing "
        "wrong, 1 something wrong or risky, 2 could not run.",
    )
    doctor.add_argument(
        "model",
        metavar="model.py:build",
        help="a function that returns a torch.nn.Module, with weights loaded where you have them; or "
        "(model, batch); or (model, step), where step(model) returns the loss of one step",
    )
    doctor.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="8x3x32x32",
        help="sizes of a random batch; once for each argument of the model",
    )
    doctor.add_argument(
        "--dtype", default="float32", help="of the random batch (default float32); int64 is 0 and 1"
    )
    doctor.add_argument("--json", action="store_true", help="print JSON instead of text")
    for command in (report, tune):
        command.add_argument(
            "--root", type=Path, default=Path(), help="the checkout of bnref (default: this folder)"
        )
    return parser


def _tune(options: argparse.Namespace) -> int:
    from bnref import tuning
    from bnref.evidence.provenance import ProvenanceError
    from bnref.evidence.registry import ClaimError, load
    from bnref.evidence.store import StoreError

    root = options.root.resolve()
    try:
        claims = load(root)
        if options.claim not in claims:
            raise ClaimError(f"no claim {options.claim}: one of {', '.join(claims)}")
        return tuning.tune(root, *claims[options.claim])
    except (ClaimError, StoreError, ProvenanceError, ValueError) as error:
        print(f"bnref: {error}", file=sys.stderr)
    return 2


def _conform(options: argparse.Namespace) -> int:
    from bnref.conformance import isolated
    from bnref.conformance.expect import ExpectError, read
    from bnref.conformance.implementation import NotAnImplementation

    try:
        expect = read(options.expect) if options.expect else {}
        report = isolated.run(options.adapter, options.seed, options.check, expect=expect)
    except (NotAnImplementation, ExpectError) as error:
        print(f"bnref: {error}", file=sys.stderr)
        return 2
    print(report.json() if options.json else report.text(options.adapter))
    return report.code


def _doctor(options: argparse.Namespace) -> int:
    from bnref import doctor

    try:
        report = doctor.run(options.model, options.input, options.dtype)
    except doctor.Trouble as error:
        print(f"bnref: {error}", file=sys.stderr)
        return 2
    print(report.json() if options.json else report.text())
    return report.code


def _report(options: argparse.Namespace) -> int:
    from bnref.evidence.registry import ClaimError
    from bnref.evidence.store import StoreError
    from bnref.report import again
    from bnref.report.readme import ReadmeError

    try:
        root = options.root.resolve()
        return again.check(root) if options.check else again.report(root)
    except (ClaimError, StoreError, ReadmeError) as error:
        print(f"bnref: {error}", file=sys.stderr)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"bnref: {where}{error.strerror or error}", file=sys.stderr)
    return 2
