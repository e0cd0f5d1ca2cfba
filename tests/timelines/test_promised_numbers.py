"""The numbers that documents promise. Whoever changes one changes what is promised, and reads here what that is."""

import pytest

from app.settings import Settings
from events import outbox, replays
from timelines import encoding, keys, pulled_authors, succession


def test_a_timeline_keeps_the_newest_800_entries_and_a_rebuild_brings_400_of_them() -> None:
    assert keys.LARGEST_TIMELINE == 800
    assert keys.REBUILT_ENTRIES == 400


def test_a_server_with_room_for_fewer_than_804_compact_entries_is_warned_of() -> None:
    """A full timeline, its markers, and what is pushed before it is trimmed: with less it takes ten times as much."""
    assert encoding.NEEDED_ENTRIES == 804


def test_who_follows_more_than_2_000_accounts_or_50_pulled_authors_is_answered_by_sql_for_an_hour() -> None:
    assert keys.MOST_FOLLOWED == 2_000
    assert keys.MOST_PULLED == 50
    assert keys.OVER_S == 3_600


def test_what_is_done_is_kept_ten_minutes_and_a_successor_is_trusted_for_nine() -> None:
    """What a successor may lack is handled again, so a beat must not be older than what there is to handle."""
    assert outbox.KEEP_DONE_S == 600
    assert replays.REPLAYED_FOR_S == 540
    assert succession.TRUSTED_FOR.total_seconds() < replays.REPLAYED_FOR_S


def test_pulled_authors_stay_a_week_and_go_behind_all_that_may_be_done_again() -> None:
    assert pulled_authors.STAYS.days == 7
    assert pulled_authors.GOES_AFTER.total_seconds() == 900
    assert pulled_authors.GOES_AFTER.total_seconds() > outbox.KEEP_DONE_S


@pytest.mark.parametrize(
    ("setting", "promised"),
    [
        ("timeline_ttl_days", 14),  # readers count two days longer
        ("timelines_verified_per_thousand", 1),  # one in a thousand first pages is compared with SQL
        ("pull_above_followers", 50_000),
        ("pull_above_posts_per_day", 100),
    ],
)
def test_settings_that_nobody_sets_are_what_the_documents_say(setting: str, promised: int) -> None:
    assert Settings.model_fields[setting].default == promised
