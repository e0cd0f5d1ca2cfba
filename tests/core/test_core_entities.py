"""Entities of any text: in bounds, in order, and what their ranges say; and hashtags that are one."""

import time
import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from actions import inputs
from core.entities import (
    LONGEST_HASHTAG_CHARS,
    EntityKind,
    Found,
    extract,
    hashtag_from,
    normalised_hashtag,
    utf16_offsets,
)

MENTION, HASHTAG, LINK = EntityKind
FRAGMENTS = (
    "@", "＠", "#", "＃", "ada", "@ada_1", "#Café", "#1", "#名前", "http://", "https://", "example.com", ".", "/",
    "?q=", "(", ")", ":8080", "みんな", "中国語", "xn--", "-", "_", "&", "$", "!", "rt", " ", "\n", "\u200b", "\u200c",
    "\u200d", "\u202e", "\ufe0f", "\u0301", "\u20e3", "😀", "👨‍👩‍👧", "🏴", "\U00020021", "ß", "İ", "ﷺ", "ـ", "ﾞ", "゛",
)  # fmt: skip
any_text = st.one_of(
    st.text(), st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=3)), max_size=30).map("".join)
)
INVISIBLE = regex.compile(r"\p{Default_Ignorable_Code_Point}")
# What might be looked at again and again: beginnings without an end, ends without a beginning, and all that repeats.
HOSTILE = (
    "@", "#", "a.", "a. ", "http://", "http://a", "http://a.", "http://a.com/(", "http://a.com/((a)", "http://a.com?",
    "a.com/", "a.com/!", "a.com:1", "a@b.com", "a.b ", "-.", "_", "@ab", "@ab ", "@ab://", "rt@", "#a", "#1",
    "#a\u200d", "\u200d", "#\u0301", "#é", "e\u0301", "http://あ.", "twitter.み", "か゛", "://", "(", "😀#",
    "1.1.1.", "xn--a.",
)  # fmt: skip


def texts(body: str, kind: EntityKind) -> list[str]:
    return [body[entity.start : entity.end] for entity in extract(body) if entity.kind is kind]


def test_entities_are_told_apart_and_in_order() -> None:
    assert extract("Hi @ada, see #Café at example.com") == [
        Found(MENTION, 3, 7, "ada"),
        Found(HASHTAG, 13, 18, "Café"),
        Found(LINK, 22, 33, "https://example.com"),
    ]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("@ab", ["@ab"]),
        ("@a", []),
        (f"@{'a' * 30}", [f"@{'a' * 30}"]),
        (f"@{'a' * 31}", []),
        ("＠ada", ["＠ada"]),
        ("@ada's @ada-b (@ada)", ["@ada", "@ada", "@ada"]),
        ("ada@ada.com josé@ada иван@ada", []),
        ("@ada@example.com", []),
        ("@alicе and @аlice", []),
        ("@adaａ", []),
        ("@ada\u0301", []),
        ("あ@adaの", ["@ada"]),
        ("https://example.com/@ada", []),
    ],
)
def test_mentions(body: str, found: list[str]) -> None:
    assert texts(body, MENTION) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("#1 #1_2 #_", []),
        ("#1a", ["#1a"]),
        (f"#{'a' * LONGEST_HASHTAG_CHARS}", [f"#{'a' * LONGEST_HASHTAG_CHARS}"]),
        (f"#{'a' * (LONGEST_HASHTAG_CHARS + 1)}", []),
        (f"#{'ﷺ' * LONGEST_HASHTAG_CHARS}", []),
        ("#ـ", []),
        ("#️⃣ #\u0301a #\ufe0fa", []),
        ("#a\u200d", ["#a"]),
        ("#\u200da", ["#\u200da"]),
        ("#a\u200bb #a\u202eb #a\u3164b", ["#a", "#a", "#a"]),
        ("a\u200d#b a&#b", []),
        ("#a#b", []),
        ("#love❤️", ["#love"]),
        ("example.com/#a", []),
        ("#日本example.com", ["#日本example"]),
    ],
)
def test_hashtags(body: str, found: list[str]) -> None:
    assert texts(body, HASHTAG) == found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("See https://example.com/a.", ["https://example.com/a"]),
        ("(https://example.com/a_(b)).", ["https://example.com/a_(b)"]),
        ("[a](https://example.com/?a=b)", ["https://example.com/?a=b"]),
        ("https://example.com/a?! https://example.com/a!?b=c", ["https://example.com/a", "https://example.com/a!?b=c"]),
        ("HTTPS://EXAMPLE.COM:8080/a", ["HTTPS://EXAMPLE.COM:8080/a"]),
        ("example.com:99999999", ["example.com"]),
        ("mail ada.b@example.com or ada@example.co.uk, ada.com@example.com", []),
        ("аpple.com appleа.com а.apple.com", []),
        ("example.соm example.comа example.com\u0301", []),
        ("http://xn--e1afmkfd.xn--p1ai/ http://пример.рф", ["http://xn--e1afmkfd.xn--p1ai/", "http://пример.рф"]),
        ("http://пример.рфа", []),
        ("http://192.168.0.1/ http://localhost/ ftp://example.com javascript://example.com", []),
        ("example.com.Then we", ["example.com"]),
        ("notes.rst.bak a..example.com .example.com /example.com", []),
        ("exa\u200bmple.com", ["mple.com"]),
        (f"http://{'a' * 63}.com http://{'a' * 64}.com", [f"http://{'a' * 63}.com"]),
        (f"http://{'あ' * 59}.com http://{'あ' * 60}.com", [f"http://{'あ' * 59}.com"]),
        (f"http://{'a.' * 125}com http://{'a.' * 126}com", [f"http://{'a.' * 125}com"]),
    ],
)
def test_links(body: str, found: list[str]) -> None:
    assert texts(body, LINK) == found


def test_a_link_opens_what_is_written_and_a_bare_domain_opens_with_https() -> None:
    assert [entity.name for entity in extract("http://a.com/b c.com/d")] == ["http://a.com/b", "https://c.com/d"]


@given(any_text)
def test_ranges_are_in_bounds_in_order_and_give_the_text_back(body: str) -> None:
    end = 0
    for entity in extract(body):
        assert end <= entity.start < entity.end <= len(body)
        end = entity.end
        written = body[entity.start : entity.end]
        match entity.kind:
            case EntityKind.MENTION:
                assert written in {f"@{entity.name}", f"＠{entity.name}"}
                assert inputs.is_handle(entity.name)
            case EntityKind.HASHTAG:
                assert written in {f"#{entity.name}", f"＃{entity.name}"}
                assert 0 < len(normalised_hashtag(entity.name)) <= LONGEST_HASHTAG_CHARS
            case EntityKind.LINK:
                assert entity.name in {written, f"https://{written}"}
                assert entity.name.lower().startswith(("http://", "https://"))


@given(any_text)
def test_ranges_in_utf_16_give_the_same_text_back(body: str) -> None:
    units = body.encode("utf-16-le")
    spans = [(entity.start, entity.end) for entity in extract(body)]
    for (start, end), (unit_start, unit_end) in zip(spans, utf16_offsets(body, spans), strict=True):
        assert units[2 * unit_start : 2 * unit_end].decode("utf-16-le") == body[start:end]


@given(any_text, st.data())
def test_any_range_has_a_range_in_utf_16(body: str, data: st.DataObject) -> None:
    places = st.integers(min_value=0, max_value=len(body))
    spans = data.draw(st.lists(st.tuples(places, places).map(lambda two: (min(two), max(two)))))
    units = body.encode("utf-16-le")
    taken = [units[2 * start : 2 * end].decode("utf-16-le") for start, end in utf16_offsets(body, spans)]
    assert taken == [body[start:end] for start, end in spans]


@given(any_text)
def test_nothing_invisible_is_in_a_range_but_joiners_inside_hashtags(body: str) -> None:
    for entity in extract(body):
        hidden = set(INVISIBLE.findall(body[entity.start : entity.end]))
        assert hidden <= ({"\u200c", "\u200d"} if entity.kind is HASHTAG else set())
        assert INVISIBLE.match(body, entity.end - 1) is None


@given(any_text)
def test_an_entity_is_the_same_one_alone(body: str) -> None:
    for kind, start, end, name in extract(body):
        assert extract(body[start:end]) == [Found(kind, 0, end - start, name)]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_takes_time_in_proportion_to_its_length(unit: str) -> None:
    """A hundred times the longest body: a step for every pair of characters would take minutes."""
    body = unit * (800_000 // len(unit.encode()))
    began = time.process_time()
    extract(body)
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    ("spellings", "expected"),
    [
        ("Café CAFÉ café Cafe\u0301 ｃａｆé cafe", "cafe"),
        ("Straße STRASSE", "strasse"),
        ("Łódź łódź lodz", "lodz"),
        ("IŞIK ışık Işik", "isik"),
        ("İstanbul istanbul", "istanbul"),
        ("Việt_Nam viet_nam", "viet_nam"),
        ("Αθήνα ΑΘΗΝΑ ΑΘΉΝΑ", "αθηνα"),
        ("Σίσυφος ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("Ёлка елка", "елка"),
        ("за́мок замок", "замок"),
        ("ﾊｯｼｭﾀｸﾞ ハッシュタグ", "ハッシュタグ"),
        ("か゛ か\u3099 が", "が"),
        ("メ～テレ メ〜テレ", "メ~テレ"),
        ("한국 \u1112\u1161\u11ab국", "한국"),
        ("سَلام ســـلام سلام", "سلام"),
        ("می‌خواهم میخواهم", "میخواهم"),
        ("שָׁלוֹם שלום", "שלום"),
    ],
)
def test_spellings_of_one_hashtag(spellings: str, expected: str) -> None:
    assert {normalised_hashtag(spelling) for spelling in spellings.split()} == {unicodedata.normalize("NFC", expected)}


@pytest.mark.parametrize(
    ("one", "other"),
    [("мой", "мои"), ("їжа", "іжа"), ("かき", "かぎ"), ("कि", "की"), ("ข้าว", "ขาว"), ("أن", "ان"), ("a_b", "ab")],
)
def test_other_words_are_other_hashtags(one: str, other: str) -> None:
    assert normalised_hashtag(one) != normalised_hashtag(other)


@given(any_text)
def test_normalising_a_hashtag_twice_is_doing_it_once(name: str) -> None:
    once = normalised_hashtag(name)
    assert normalised_hashtag(once) == once


@given(any_text)
def test_case_and_form_do_not_tell_hashtags_apart(name: str) -> None:
    expected = normalised_hashtag(name)
    assert normalised_hashtag(name.casefold()) == expected
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert normalised_hashtag(unicodedata.normalize(form, name)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Hamid_Karzai", "Hamid_Karzai"),
        ("_Privé_", "_Privé_"),
        ("Diana,_Princess_of_Wales", "Diana_Princess_of_Wales"),
        ("Jean-Luc Picard", "Jean_Luc_Picard"),
        ("The_Notorious_B.I.G.", "The_Notorious_B_I_G"),
        ("¿Qué?", "Qué"),
        ("#sign", "sign"),
        ("a#b", "a_b"),
        ("1962–1966", None),
        ("!?", None),
        ("", None),
        ("\ud800", None),
        ("x" * LONGEST_HASHTAG_CHARS, "x" * LONGEST_HASHTAG_CHARS),
        ("x" * (LONGEST_HASHTAG_CHARS + 1), None),
    ],
)
def test_names_make_hashtags_without_what_cannot_stand_in_one(name: str, expected: str | None) -> None:
    assert hashtag_from(name) == expected


@given(any_text)
def test_a_hashtag_made_of_a_name_is_found_whole_in_a_text(name: str) -> None:
    tag = hashtag_from(name)
    if tag is not None:
        assert extract(f"#{tag}") == [Found(HASHTAG, 0, len(tag) + 1, tag)]
        assert hashtag_from(tag) == tag
