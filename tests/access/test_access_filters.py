"""Which keywords fit which texts: a table, the plain definition beside it, and texts that are made to be slow."""

import random

import pytest

from access.filters import Context, Filter, Filters, folded

EVERYWHERE = int(Context.HOME | Context.PUBLIC | Context.THREAD | Context.PROFILE)
# Longer than any body may be, and what a page of the longest ones comes to.
LONGEST_TEXT = 8_000


def a_filter(keyword: str, *, is_whole_word: bool = False, contexts: int = EVERYWHERE, number: int = 1) -> Filter:
    return Filter(number, keyword, is_whole_word, action=0, contexts=contexts, until=None)


def fits(keyword: str, *texts: str | None, is_whole_word: bool = False) -> bool:
    return bool(Filters([a_filter(keyword, is_whole_word=is_whole_word)]).fitting(Context.HOME, *texts))


@pytest.mark.parametrize(
    ("keyword", "text", "is_part", "is_word"),
    [
        ("tea", "a cup of tea", True, True),
        ("tea", "TEA, please", True, True),
        ("Tea", "steam", True, False),
        ("tea", "teapot", True, False),
        ("tea", "coffee", False, False),
        ("tea", "te a", False, False),
        # What stands beside a word: signs end it, an apostrophe or an underscore inside does not.
        ("tea", "(tea)", True, True),
        ("tea", "#tea", True, True),
        ("#tea", "some #tea here", True, True),
        ("#tea", "some #teapot", True, False),
        ("tea", "tea_time", True, False),
        ("can", "can't", True, False),
        ("can't", "I can't go", True, True),
        ("c++", "I write C++.", True, True),
        ("tea", "a 🍵tea🍵", True, True),
        ("🍵", "a 🍵tea", True, True),
        # Forms of letters: composed or not, wide, joined, with a case that is longer.
        ("café", "Cafe\u0301 noir", True, True),
        ("cafe\u0301", "un CAFÉ", True, True),
        ("cafe", "café", False, False),
        ("tea", "\uff34\uff25\uff21", True, True),
        ("strasse", "Hauptstraße", True, False),
        ("STRASSE", "straße", True, True),
        ("fin", "ﬁn", True, True),
        ("ΟΔΟΣ", "οδος", True, True),
        ("чай", "ЧАЙ", True, True),
        # What is not seen does not hide a word.
        ("spoiler", "spo\u00adiler", True, True),
        ("spoiler", "s\u200bp\u200do\u2060iler", True, True),
        ("❤", "I ❤\ufe0f it", True, True),
        # White space is white space.
        ("green tea", "green\n \u00a0tea", True, True),
        ("green tea", "evergreen teapot", True, False),
        # Scripts without spaces.
        ("茶", "緑茶です", True, True),
        ("緑茶", "緑茶です", True, True),
        # Signs that mean something elsewhere mean themselves.
        (".*", "anything", False, False),
        (".*", "all of .* here", True, True),
        ("(a+)+$", "aaaaaaaaaaaaaaaaaaaa!", False, False),
        ("\\", "a \\ b", True, True),
        ("[", "x[0]", True, True),
    ],
)
def test_a_keyword_fits_a_text(keyword: str, text: str, *, is_part: bool, is_word: bool) -> None:
    assert fits(keyword, text) is is_part
    assert fits(keyword, text, is_whole_word=True) is is_word


def test_no_keyword_reaches_from_one_text_into_the_other() -> None:
    assert fits("green tea", "green", "tea") is False
    assert fits("tea", None, "tea")
    assert fits("tea", "tea", "")
    assert not fits("tea", None)
    assert not fits("tea")


def test_a_keyword_of_which_nothing_is_seen_fits_nothing() -> None:
    assert folded("\u200b\ufe0f") == ""
    assert not fits("\u200b\ufe0f", "a\u200b\ufe0fb")


def test_each_filter_holds_in_its_contexts_only() -> None:
    rules = [a_filter("tea", contexts=1 << at, number=at) for at in range(len(Context))]
    for at, context in enumerate(Context):
        assert Filters(rules).fitting(context, "tea") == [rules[at]]


def test_equal_keywords_are_told_apart() -> None:
    word = a_filter("Tea", is_whole_word=True, number=1)
    part = a_filter("tea", number=2)
    assert Filters([word, part]).fitting(Context.HOME, "tea") == [word, part]
    assert Filters([word, part]).fitting(Context.HOME, "teapot") == [part]


@pytest.mark.parametrize("seed", range(20))
def test_all_at_once_is_one_by_one(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        keywords = ["".join(chance.choices("ab ", k=chance.randint(1, 5))) for _ in range(chance.randint(1, 8))]
        text = "".join(chance.choices("ab \n", k=chance.randint(0, 30)))
        rules = [a_filter(keyword, number=number) for number, keyword in enumerate(keywords)]
        plain = [rule for rule in rules if folded(rule.keyword) and folded(rule.keyword) in folded(text)]
        assert Filters(rules).fitting(Context.HOME, text) == plain
        # With letters and spaces only, words are what stands between spaces.
        words = f" {folded(text)} "
        rules = [rule._replace(is_whole_word=True) for rule in rules]
        whole = [rule for rule in rules if folded(rule.keyword) and f" {folded(rule.keyword)} " in words]
        assert Filters(rules).fitting(Context.HOME, text) == whole


class _Counted(str):
    """A letter that counts how often it is looked at."""

    __slots__ = ()
    looks = 0

    def __hash__(self) -> int:
        _Counted.looks += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)


@pytest.mark.parametrize("text", ["a" * LONGEST_TEXT, "a" * (LONGEST_TEXT - 1) + "c", "ab" * (LONGEST_TEXT // 2)])
def test_a_text_is_read_once_whatever_the_keywords_are(text: str) -> None:
    keywords = ["a" * (50 + number % 50) + "b" + "a" * (49 - number % 50) for number in range(100)]
    automaton = Filters([a_filter(keyword, number=number) for number, keyword in enumerate(keywords)])._keywords
    _Counted.looks = 0
    automaton.found_in([_Counted(letter) for letter in text])  # type: ignore[arg-type]  # letters one by one
    # Each letter is looked at once, and again only where the search goes back by at least one letter read before.
    assert _Counted.looks <= 2 * LONGEST_TEXT
