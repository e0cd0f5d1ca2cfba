"""How much one client may ask of a connection, and how long we wait for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Of one HTTP request. The server bounds its headers, see server.py."""

    max_body_bytes: int = 1_000_000
    body_deadline_s: float = 10.0


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """Of one WebSocket."""

    init_deadline_s: float = 10.0
    ping_interval_s: float = 25.0
    pong_deadline_s: float = 25.0
    max_message_bytes: int = 65_536
    max_id_chars: int = 256
    max_operations: int = 100
    max_queued_messages: int = 256
    max_queued_bytes: int = 1_000_000
    close_deadline_s: float = 5.0
    """How long a client that reads too slowly has to take the close message before it is cut off."""
    cleanup_deadline_s: float = 10.0
    """How long the operations of a closed socket have to end before the log names them."""
