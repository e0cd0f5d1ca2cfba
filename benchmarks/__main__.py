"""`python -m benchmarks`: measures servers, peers, rules, the limiter, writes, searches, timelines; or explains."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from app.embedded.errors import EmbeddedServerError
from app.settings import CHECKOUT
from app.web_assets import BuildError
from benchmarks import goals, peer_servers, report, runner, scenarios
from benchmarks.contestants import HAND_WRITTEN_TIMELINE, OWN, WITHOUT_RULES, Contestant
from benchmarks.goals import GoalsMissedError, Verdict
from benchmarks.runner import DifferentAnswersError, Options

TABLE_WIDTH = 130
INTERRUPTED = 130
RULED = frozenset({"rookery", WITHOUT_RULES.name})
WITHOUT_GOALS = frozenset({"rules", "explain"})


def main() -> int:
    given = _parse()
    # As Ctrl-C does: by way of the blocks that end what they have started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        verdicts = _run(given)
        if given.require_goals:
            goals.require(verdicts)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (
        BuildError,
        EmbeddedServerError,
        DifferentAnswersError,
        GoalsMissedError,
        RuntimeError,
        ValueError,
    ) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _run(given: argparse.Namespace) -> Sequence[Verdict]:
    """Gives what was found of the goals of the act, if it has any."""
    # A file or a pipe has no width; the table needs this one.
    console = Console(width=None if sys.stdout.isatty() else TABLE_WIDTH)

    def say(line: str) -> None:
        console.print(line, style="dim", highlight=False)

    # These bring in all of the application.
    if given.act == "explain":
        from benchmarks import explain

        explain.run(_options(given, []), is_generic=given.generic, report=print)
        return []
    if sys.platform != "linux":
        raise RuntimeError("CPU times and pinning need Linux.")
    if given.act == "limits":
        from benchmarks import limits

        return limits.run(_options(given, []), console=console, report=say, is_markdown=given.markdown)
    if given.act == "writes":
        from benchmarks import writes

        return writes.run(_options(given, []), console=console, report=say, is_markdown=given.markdown)
    if given.act == "search":
        from benchmarks import search

        return search.run(_options(given, []), console=console, report=say, is_markdown=given.markdown)
    if given.act == "timelines":
        from benchmarks import timelines

        return timelines.run(
            _options(given, []), graph=given.graph, console=console, report=say, is_markdown=given.markdown
        )
    options = _options(given, _contestants(given, say))
    measurements = runner.run(options, report=say)
    verdicts = report.show(measurements, console=console, is_markdown=given.markdown)
    if given.json is not None:
        report.write_json(given.json, measurements, options)
    return verdicts


def _contestants(given: argparse.Namespace, say: Callable[[str], None]) -> Sequence[Contestant]:
    """Those who take part. The peers, which have to be installed, only if one of them does."""
    if given.act == "rules":
        return [each for each in (*OWN, WITHOUT_RULES) if each.name in RULED]
    chosen: list[Contestant] = [*OWN]
    if given.act == "peers":
        chosen.append(HAND_WRITTEN_TIMELINE)
        if given.contestant is None or set(given.contestant) & set(peer_servers.NAMES):
            chosen += peer_servers.peers(peer_servers.install(say))
    return [each for each in chosen if given.contestant is None or each.name in given.contestant]


def _options(given: argparse.Namespace, contestants: Sequence[Contestant]) -> Options:
    return Options(
        data_dir=given.data_dir,
        scale=given.scale,
        seed=given.seed,
        seconds=given.seconds,
        rounds=given.rounds,
        scenarios=given.scenario or scenarios.names(),
        contestants=contestants,
    )


def _parse() -> argparse.Namespace:
    own = [contestant.name for contestant in OWN]
    names = [*own, HAND_WRITTEN_TIMELINE.name, *peer_servers.NAMES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    acts = ("run", "peers", "rules", "limits", "writes", "search", "timelines", "explain")
    parser.add_argument("act", nargs="?", choices=acts, default="run")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the world; 1 is the standard one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a round of one contestant")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scenario", action="append", choices=scenarios.names(), help="only this; may be repeated")
    parser.add_argument("--contestant", action="append", choices=names, help="only this one; may be repeated")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round to a file")
    parser.add_argument("--data-dir", type=Path, default=CHECKOUT / ".data" / "bench")
    parser.add_argument("--graph", type=Path, metavar="FILE", help="timelines: also over this graph (id_1,id_2)")
    parser.add_argument("--require-goals", action="store_true", help="fail if a goal is missed")
    parser.add_argument("--generic", action="store_true", help="explain: plans that know no parameters")
    given = parser.parse_args()
    if not (0 < given.scale <= 10 and given.seconds > 0 and given.rounds > 0):
        parser.error("--scale must be above 0 and at most 10, --seconds and --rounds above 0")
    if given.require_goals and given.act in WITHOUT_GOALS:
        parser.error(f"`{given.act}` has no goals")
    if given.act != "peers" and not set(given.contestant or own) <= set(own):
        parser.error("that contestant is one of `peers`")
    return given


if __name__ == "__main__":
    sys.exit(main())
