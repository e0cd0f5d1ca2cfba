"""`python -m app.development.warm VERB …`: imports the server, waits for a line on stdin, then is `rookery VERB …`.

`rookery dev` starts the server this way, so that the imports run beside the migrations instead of after them.
"""

import sys

from app import commands


def main() -> None:
    import app.main
    import app.serving  # noqa: F401 (being loaded is the point)

    if not sys.stdin.readline():
        return  # Whoever started us has gone or given up.
    sys.argv[0] = "rookery"
    commands.main()


if __name__ == "__main__":
    main()
