"""Every GraphQL document of the GraphiQL page is valid against the published schema."""

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from app.settings import CHECKOUT
from app.web_assets import PROJECT

DOCUMENTS = sorted(PROJECT.glob("src/**/*.graphql"))


def test_there_are_documents_to_check() -> None:
    assert len(DOCUMENTS) >= 8


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_document_is_valid(document: Path) -> None:
    schema = build_schema((CHECKOUT / "schema" / "schema.graphql").read_text())

    assert [error.message for error in validate(schema, parse(document.read_text()))] == []
