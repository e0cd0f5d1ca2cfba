"""`python -m benchmarks`: run the benchmarks, explain the hot statements, or only make the data. See README.md."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from app.embedded.errors import EmbeddedServerError
from app.settings import CHECKOUT
from benchmarks import explain, report, runner
from benchmarks.contestants import CONTESTANTS
from benchmarks.runner import DifferentAnswersError, Options
from benchmarks.scenarios import DOCUMENTS

TABLE_WIDTH = 100


def main() -> int:
    options, given = _parse()
    # A file or a pipe has no width; the table needs this one.
    console = Console(width=None if sys.stdout.isatty() else TABLE_WIDTH)
    try:
        if given.act == "explain":
            explain.run(options, is_generic=given.generic, report=print)
            return 0
        if sys.platform != "linux":
            print("CPU times and pinning need Linux.", file=sys.stderr)
            return 1
        measurements = runner.run(options, report=lambda line: console.print(line, style="dim", highlight=False))
    except (EmbeddedServerError, DifferentAnswersError, RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    report.show(measurements, console=console)
    if given.json is not None:
        report.write_json(given.json, measurements, options)
    return 0


def _parse() -> tuple[Options, argparse.Namespace]:
    known = sorted(path.stem for path in DOCUMENTS.glob("*.graphql"))
    names = [contestant.name for contestant in CONTESTANTS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("act", nargs="?", choices=("run", "explain"), default="run")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the world; 1 is the standard one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a round of one contestant")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scenario", action="append", choices=known, help="only this one; may be repeated")
    parser.add_argument("--contestant", action="append", choices=names, help="only this one; may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round to a file")
    parser.add_argument("--data-dir", type=Path, default=CHECKOUT / ".data" / "bench")
    parser.add_argument("--generic", action="store_true", help="explain: plans that know no parameters")
    given = parser.parse_args()
    if not (0 < given.scale <= 10 and given.seconds > 0 and given.rounds > 0):
        parser.error("--scale must be above 0 and at most 10, --seconds and --rounds above 0")
    options = Options(
        data_dir=given.data_dir,
        scale=given.scale,
        seed=given.seed,
        seconds=given.seconds,
        rounds=given.rounds,
        scenarios=given.scenario or known,
        contestants=given.contestant or names,
    )
    return options, given


if __name__ == "__main__":
    sys.exit(main())
