"""What a client is told about an error inside an operation, and what the log is told."""

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

Logs = list[Any]


async def failed(client: httpx.AsyncClient, kind: str) -> tuple[dict[str, Any], Logs]:
    """The error entry of a field that fails in this way, and what was logged."""
    document = "query Fail($kind: String!) { fail(kind: $kind) }"
    with capture_logs() as logs:
        response = await client.post(
            "/graphql", json={"query": document, "variables": {"kind": kind}}, headers={"x-request-id": "req-1"}
        )
    assert response.status_code == 200
    assert response.json()["data"] == {"fail": None}
    [error] = response.json()["errors"]
    return error, logs


@pytest.mark.parametrize("kind", ["bug", "refusal", "recursion"])
async def test_unexpected_error_is_masked_and_logged_with_its_traceback(client: httpx.AsyncClient, kind: str) -> None:
    error, logs = await failed(client, kind)
    assert error["message"] == "Something went wrong on our side."
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "req-1"}
    [entry] = logs
    assert (entry["log_level"], entry["request_id"], entry["path"]) == ("error", "req-1", ["fail"])
    assert entry["exc_info"].__traceback__ is not None


@pytest.mark.parametrize(
    ("kind", "extensions"),
    [
        ("cursor", {"code": "BAD_CURSOR"}),
        ("rate", {"code": "RATE_LIMITED", "retryAfter": 1.25}),
        ("unavailable", {"code": "UNAVAILABLE", "retryAfter": 1.0}),
        ("nul", {"code": "BAD_INPUT"}),
        ("surrogate", {"code": "BAD_INPUT"}),
    ],
)
async def test_expected_error_carries_its_code_and_is_not_logged(
    client: httpx.AsyncClient, kind: str, extensions: dict[str, Any]
) -> None:
    error, logs = await failed(client, kind)
    assert error["extensions"] == extensions
    assert logs == []


async def test_long_message_is_shortened(client: httpx.AsyncClient) -> None:
    error, _ = await failed(client, "long")
    assert error["message"] == "x" * 299 + "…"


async def test_one_cause_behind_many_errors_is_logged_once_and_errors_are_bounded(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await client.post("/graphql", json={"query": "{ failures(count: 150) { name } }"})
    assert len(response.json()["data"]["failures"]) == 150
    assert len(response.json()["errors"]) == 101
    assert len(logs) == 1


async def test_validation_errors_are_bounded(client: httpx.AsyncClient) -> None:
    unknown = " ".join(f"f{number}" for number in range(300))
    response = await client.post("/graphql", json={"query": f"{{ {unknown} }}"})
    assert len(response.json()["errors"]) == 101
