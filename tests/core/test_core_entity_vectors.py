"""What twitter-text finds in its conformance vectors is found here too, but for a list of deviations."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.entities import EntityKind, Found, extract
from core.links import find_links
from tests.core.vectors import Vector, linked_in, of_sections, read_vectors

NO_LISTS = "There are no lists that are named in a text: of @ada/friends, @ada is a mention."
NO_CASHTAGS = "There are no cashtags."
NO_SHORTENER = "t.co is Twitter's own shortener; its links have no rules of their own here."
LONGER_HANDLES = "A handle has up to 30 characters, not 20."
DEVIATIONS = {
    "mentions_or_lists_with_indices: Extract a list": NO_LISTS,
    "mentions_or_lists_with_indices: Extract a mention and list": NO_LISTS,
    "mentions_or_lists_with_indices: Extract a list in the middle of a Japanese tweet": NO_LISTS,
    "urls: Extract a t.co URL with a trailing apostrophe": NO_SHORTENER,
    "urls: Extract a t.co URL with a trailing hyphen": NO_SHORTENER,
    "urls: DO NOT extract URLs with > 40 characters in a t.co slug": NO_SHORTENER,
    "urls_with_indices: Extract t.co URLs skipping trailing characters and adjusting indices correctly": NO_SHORTENER,
    "cashtags: Extract cashtags": NO_CASHTAGS,
    "cashtags: Extract cashtags with . or _": NO_CASHTAGS,
    "cashtags: Do not include trailing . or _": NO_CASHTAGS,
    "cashtags: Do not extract cashtags if there is no space before $": NO_CASHTAGS,
    "cashtags_with_indices: Extract cashtags": NO_CASHTAGS,
    "cashtags_with_indices: Extract cashtags with . or _": NO_CASHTAGS,
    "usernames: DO NOT Autolink username over 20 characters": LONGER_HANDLES,
}
# Top-level domains of countries that are no more, or never came to be.
GONE_COUNTRIES = {"an", "bl", "bq", "eh", "mf", "tp", "um"}

EXTRACTED = read_vectors("extract.yml")
# The other sections are about addresses in pages, and about what Twitter does with links.
AUTOLINKED = of_sections(read_vectors("autolink.yml"), "usernames", "hashtags")
VALIDATED = of_sections(read_vectors("validate.yml"), "usernames", "hashtags", "urls_without_protocol")
COUNTRIES = of_sections(read_vectors("tlds.yml"), "country")


def names(body: str, found: list[Found]) -> Any:
    return [entity.name for entity in found]


def texts(body: str, found: list[Found]) -> Any:
    return [body[entity.start : entity.end] for entity in found]


def ranges(body: str, found: list[Found]) -> Any:
    return [{"indices": [entity.start, entity.end]} for entity in found]


def named_ranges(key: str) -> Callable[[str, list[Found]], Any]:
    def form(body: str, found: list[Found]) -> Any:
        return [{key: entity.name, "indices": [entity.start, entity.end]} for entity in found]

    return form


def text_ranges(body: str, found: list[Found]) -> Any:
    return [{"url": body[entity.start : entity.end], "indices": [entity.start, entity.end]} for entity in found]


def mentions_or_lists(body: str, found: list[Found]) -> Any:
    return [{"screen_name": entity.name, "list_slug": "", "indices": [entity.start, entity.end]} for entity in found]


def whom_it_answers(body: str, found: list[Found]) -> Any:
    """The mention that a text begins with."""
    return next((entity.name for entity in found if not body[: entity.start].strip()), None)


ANY_KIND = None
FORMS: dict[str, tuple[EntityKind | None, Callable[[str, list[Found]], Any]]] = {
    "mentions": (EntityKind.MENTION, names),
    "mentions_with_indices": (EntityKind.MENTION, named_ranges("screen_name")),
    "mentions_or_lists_with_indices": (EntityKind.MENTION, mentions_or_lists),
    "replies": (EntityKind.MENTION, whom_it_answers),
    "urls": (EntityKind.LINK, texts),
    "urls_with_indices": (EntityKind.LINK, text_ranges),
    "urls_with_directional_markers": (EntityKind.LINK, text_ranges),
    "tco_urls_with_params": (EntityKind.LINK, texts),
    "hashtags": (EntityKind.HASHTAG, names),
    "hashtags_from_astral": (EntityKind.HASHTAG, names),
    "hashtags_with_indices": (EntityKind.HASHTAG, named_ranges("hashtag")),
    "cashtags": (ANY_KIND, names),
    "cashtags_with_indices": (ANY_KIND, ranges),
}


def check(vector: Vector, found: Any, expected: Any) -> None:
    """As expected; or, if it is a listed deviation, still otherwise."""
    if reason := DEVIATIONS.get(vector.name):
        assert found != expected, f"It is listed as a deviation and is none any more: {reason}"
    else:
        assert found == expected


def test_the_vectors_are_read_and_every_deviation_is_one_of_them(outside_data: Path) -> None:
    assert len(EXTRACTED) > 230
    assert {vector.section for vector in EXTRACTED} == set(FORMS)
    assert len(AUTOLINKED) > 70
    assert len(VALIDATED) > 12
    assert len(COUNTRIES) > 290
    assert set(DEVIATIONS) <= {vector.name for vector in (*EXTRACTED, *AUTOLINKED)}


@pytest.mark.parametrize("vector", EXTRACTED, ids=lambda vector: vector.name)
def test_what_is_to_be_extracted_is(vector: Vector) -> None:
    kind, form = FORMS[vector.section]
    found = [entity for entity in extract(vector.text) if kind in (ANY_KIND, entity.kind)]
    check(vector, form(vector.text, found), vector.expected)


@pytest.mark.parametrize("vector", AUTOLINKED, ids=lambda vector: vector.name)
def test_what_is_to_be_linked_is(vector: Vector) -> None:
    linked = [
        entity.name if entity.kind is EntityKind.MENTION else vector.text[entity.start : entity.end]
        for entity in extract(vector.text)
    ]
    check(vector, linked, linked_in(vector.expected))


@pytest.mark.parametrize("vector", VALIDATED, ids=lambda vector: vector.name)
def test_what_is_valid_is_one_entity_and_nothing_else(vector: Vector) -> None:
    spans = [(entity.start, entity.end) for entity in extract(vector.text)]
    check(vector, spans == [(0, len(vector.text))], vector.expected)


@pytest.mark.parametrize("vector", COUNTRIES, ids=lambda vector: vector.name)
def test_the_domain_of_a_country_is_known_while_it_exists(vector: Vector) -> None:
    found = [vector.text[link.start : link.end] for link in find_links(vector.text)]
    is_gone = vector.text.rpartition(".")[2] in GONE_COUNTRIES
    assert found == ([] if is_gone else vector.expected)
