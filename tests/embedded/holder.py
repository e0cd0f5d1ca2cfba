"""A program that holds the embedded servers: says where they are in one line of JSON, tends them until SIGTERM."""

import json
import signal
import sys
import time
from pathlib import Path

from app.embedded.errors import EmbeddedServerError
from app.embedded.servers import EmbeddedServers


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with EmbeddedServers(Path(sys.argv[1]), durable="--volatile" not in sys.argv, report=lambda _: None) as servers:
        assert servers.postgres is not None
        assert servers.postgres.process is not None
        assert servers.redis is not None
        assert servers.redis.process is not None
        facts = {
            "admin_url": servers.admin_url,
            "database_url": servers.database_url,
            "redis_url": servers.redis_url,
            "directory": str(servers.directory),
            "postgres": servers.postgres.process.pid,
            "redis": servers.redis.process.pid,
            "program": str(servers.postgres.programs),
        }
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()
        while True:
            servers.tend()
            time.sleep(0.05)


if __name__ == "__main__":
    try:
        main()
    except EmbeddedServerError as error:
        sys.exit(str(error))
