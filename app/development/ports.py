"""Questions about the address that the server listens on."""

import errno
import http.client
import ipaddress
import socket

ANSWER_TIMEOUT_S = 2.0
READY_PATH = "/health/ready"
HTTP_OK = 200


def why_taken(host: str, port: int) -> str | None:
    """Why a server could not listen there, in words; None when it could, as far as one can know beforehand."""
    try:
        _bind(host, port).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return f"Port {port} of {host} is in use. Stop what listens there, or choose another with: --port or PORT"
        return f"Cannot listen on port {port} of {host}: {error.strerror}."
    return None


def free(host: str) -> int:
    """A port that is free now."""
    with _bind(host, 0) as listener:
        return int(listener.getsockname()[1])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address(host: str, port: int) -> str:
    """The address to open in a browser on this machine."""
    reachable = _reachable(host)
    return f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{port}"


def is_ready(host: str, port: int) -> bool:
    """Whether the server says that it can serve."""
    connection = http.client.HTTPConnection(_reachable(host), port, timeout=ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", READY_PATH)
        return connection.getresponse().status == HTTP_OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    """Where a client on this machine finds a server that listens on every address."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 (not bound here)


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, place = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
    except BaseException:
        listener.close()
        raise
    return listener
