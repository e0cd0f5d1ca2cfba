"""`python -m app` is the `rookery` command."""

from app.commands import main

main()
