"""The children of `rookery dev`, played: `stand_ins.py ROLE`, each told by PLAY_<ROLE> how to behave.

And `stand_ins.py dev DATA_DIR PORT`: the supervisor over them.
"""

import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

ROLES = ("migrate", "seed", "assets", "serve", "worker")


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class named it)
        pass


def play(role: str) -> None:
    environment = os.environ
    assert environment["DATABASE_URL"]
    assert environment["ROOKERY_ENV"] == "development"
    say(f"<{role} {os.getpid()}>")
    match environment.get(f"PLAY_{role.upper()}", "well"):
        case "fail":
            sys.exit(3)
        case "hang":
            time.sleep(600)
    if role in {"serve", "worker"}:

        def end(*_: object) -> None:
            say(f"<{role} ends>")
            sys.exit(0)

        signal.signal(signal.SIGTERM, end)
    if role == "serve":
        assert sys.stdin.readline() == "\n"
        HTTPServer((environment["HOST"], int(environment["PORT"])), Ready).serve_forever()
    if role == "worker":
        time.sleep(600)


def supervise_stand_ins(data_dir: Path, port: int) -> int:
    from app.development.commands import Command, Commands
    from app.development.supervisor import Plan, supervise

    commands = Commands(**{role: Command(role, (sys.executable, __file__, role)) for role in ROLES})
    plan = Plan(
        data_dir=data_dir,
        host="127.0.0.1",
        port=port,
        database_url=None,
        redis_url=None,
        environment=dict(os.environ),
        commands=commands,
    )
    return supervise(plan, report=say)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "dev":
        sys.exit(supervise_stand_ins(Path(sys.argv[2]), int(sys.argv[3])))
    play(sys.argv[1])
