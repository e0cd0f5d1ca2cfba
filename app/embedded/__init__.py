"""PostgreSQL and Redis as children of one supervising process, for development and tests.

Sockets only, no TCP port; nothing outside the data directory is changed.
docs/embedded-servers.md says why each step is there.
"""
