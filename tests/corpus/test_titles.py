"""Titles as keys: what printers change is away, what tells tunes apart is kept."""

import pytest

from genaudio.corpus.titles import title_key, title_keys


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("The Miners of Wicklow", "minerofwicklow"),
        ("Miner's of Wicklow, The", "minerofwicklow"),
        ("The Hare in the Corn. No. 1", "hareincorn"),
        ("The Blackbird [2nd setting]", "blackbird"),
        ("Dé Láll & Co. 2", "delallandco"),
        ("Big Bow-wow", "bigbowwow"),
        ("Great: Western (Lancashire)", "greatwestern"),
        ("Quick Step 25th Regt", "quickstep25thregt"),
        ("A Scotch Air,", ""),
        ("Quick Step No. 3", ""),
        ("Untitled", ""),
        ("", ""),
    ],
)
def test_keys(title, key):
    assert title_key(title) == key


def test_alternatives_and_aliases_each_have_a_key():
    found = title_keys(["Lillibullero, or the Protestant Boys'", "Jig"])
    assert found == {"lillibullero", "protestantboy", "lillibulleroorprotestantboy"}


def test_a_word_that_begins_like_or_is_no_alternative():
    assert title_keys(["The Orange Rogue"]) == {"orangerogue"}
