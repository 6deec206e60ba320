"""The `bnref` command. A subcommand imports its module when it is called, none of them torch."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bnref import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 fine, 1 differences found, 2 cannot be done."""
    options = _parser().parse_args(arguments)
    run = _tune if options.command == "tune" else _report
    return run(options)


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
