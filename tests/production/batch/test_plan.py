from collections import Counter
from pathlib import Path

import pytest

from genaudio.errors import GenaudioError
from genaudio.production.batch import PlanError, orders_of, read_plan
from genaudio.production.batch.choice import Cards, Range

EXAMPLE = Path(__file__).parents[3] / "configs" / "batch-example.yaml"
TWO_GROUPS = """
name: two
seed: 5
groups:
  - name: dances
    count: {dances}
    style: [reel, jig]
    key: [D, G, A]
    tempo: {{from: 90, to: 120}}
    instrument: {{violin: 2, flute: 1}}
  - name: slow
    count: {slow}
    style: waltz
    bars: 32
"""


@pytest.fixture
def plan_of(tmp_path):
    def read(text):
        (tmp_path / "plan.yaml").write_text(text)
        return read_plan(tmp_path / "plan.yaml")

    return read


def test_the_example_can_be_made():
    plan = read_plan(EXAMPLE)
    orders = orders_of(plan)
    assert plan.tracks == len(orders) == len({order.name for order in orders}) == 50
    assert orders[0].formats == ("flac", "mp3")
    assert orders[49].formats == ("flac",)
    assert orders[49].name.startswith("waltzes-010-waltz-")
    assert plan.credits.artist == "Spring Library"


def test_a_track_is_the_same_whatever_the_count_of_others(plan_of):
    few = {order.name: order for order in orders_of(plan_of(TWO_GROUPS.format(dances=4, slow=3)))}
    many = {order.name: order for order in orders_of(plan_of(TWO_GROUPS.format(dances=40, slow=30)))}
    assert set(few) < set(many)
    for name, order in few.items():
        assert (order.seed, order.wish, order.instrument) == (
            many[name].seed,
            many[name].wish,
            many[name].instrument,
        )
    assert len({order.seed for order in many.values()}) == 70


def test_a_group_keeps_its_tracks_when_another_comes_first(plan_of):
    text = TWO_GROUPS.format(dances=4, slow=3)
    first = "groups:\n  - name: new\n    count: 2"
    seeds = {order.name: order.seed for order in orders_of(plan_of(text))}
    more = {order.name: order.seed for order in orders_of(plan_of(text.replace("groups:", first)))}
    assert seeds.items() < more.items()


def test_another_seed_gives_other_tracks(plan_of):
    text = TWO_GROUPS.format(dances=12, slow=3)
    one, two = orders_of(plan_of(text)), orders_of(plan_of(text.replace("seed: 5", "seed: 6")))
    assert not {order.seed for order in one} & {order.seed for order in two}
    assert [order.wish for order in one] != [order.wish for order in two]


def test_lists_are_dealt_evenly_and_weights_kept(plan_of):
    dances = [order for order in orders_of(plan_of(TWO_GROUPS.format(dances=12, slow=1))) if order.group == "dances"]
    assert Counter(order.wish.style for order in dances) == {"reel": 6, "jig": 6}
    assert Counter(order.wish.key for order in dances) == {"D": 4, "G": 4, "A": 4}
    assert Counter(order.instrument for order in dances) == {"violin": 8, "flute": 4}
    assert all(90 <= order.wish.tempo <= 120 for order in dances)
    assert len({order.wish.tempo for order in dances}) > 3


def test_weights_that_are_no_whole_numbers_are_chances():
    cards = Cards(("a", "b"), (0.9, 0.1))
    drawn = Counter(cards.draw((1,), number) for number in range(2000))
    assert 140 < drawn["b"] < 260  # 200 expected, standard deviation 13


def test_ranges_include_their_ends():
    assert {Range(1, 3).draw((1,), number) for number in range(60)} == {1, 2, 3}
    assert {Range(16, 32, 8).draw((1,), number) for number in range(60)} == {16, 24, 32}
    values = [Range(0.5, 1).draw((1,), number) for number in range(200)]
    assert 0.5 <= min(values) < 0.55
    assert 0.95 < max(values) <= 1
    assert all(value == round(value, 2) for value in values)


def test_all_mistakes_are_told_with_their_lines(plan_of):
    text = """name: wrong
sed: 5
formats: [flac, aiff]
catalogues: [nowhere/at/all]
attempts: 0
groups:
  - count: 0
    style: [reel, polonaise]
  - count: 1000000
    key: H
    tempo: {from: 120, to: 90}
    instrument: {violin: 2, kazoo: -1}
  - count: true
    bars: [16, 2000]
    colour: red
    tempo: {from: 90}
  - style: jig
    meter: 6/8
    metre: 6/8
"""
    with pytest.raises(PlanError) as caught:
        plan_of(text)
    found = [(problem.line, problem.message) for problem in caught.value.problems]
    for line, words in [
        (2, "unknown key 'sed'; did you mean seed?"),
        (3, "unknown audio format aiff"),
        (4, "no catalogue at nowhere/at/all"),
        (5, "attempts must be a whole number from 1 to 1000, not 0"),
        (7, "tracks must be a whole number from 1 to 100000, not 0"),
        (8, "unknown style 'polonaise'"),
        (9, "tracks must be a whole number from 1 to 100000, not 1000000"),
        (10, "'H'"),
        (11, "must go upwards"),
        (12, "weight of instrument kazoo must be a number above 0, not -1"),
        (12, "unknown instrument 'kazoo'"),
        (13, "tracks must be a whole number from 1 to 100000, not True"),
        (14, "number of bars must be a whole number from 1 to"),
        (15, "unknown key 'colour'"),
        (16, "a range needs both ends"),
        (17, "no count of tracks"),
        (19, "metre is wished twice"),
    ]:
        assert any(at == line and words in message for at, message in found), (line, words, found)
    assert len(found) == 17
    assert "has 17 mistakes: line 2:" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the plan is empty"),
        ("# nothing\n", "the plan is empty"),
        ("- 1\n", "a plan must be a mapping"),
        ("name: x\n", "a plan needs groups"),
        ("groups: []\n", "a plan needs groups"),
        ("groups: [1]\n", "line 1: a group must be a mapping"),
        ("groups: [{count: 1, name: a}, {count: 1, name: A}]\n", "two groups are called 'A'"),
        ("groups: [{count: 60000}, {count: 60000}]\n", "the plan has 120000 tracks; at most 100000"),
        ("groups: [{count: 2, style: {}}]\n", "no style to choose from"),
        ("loudness: -3\ngroups: [{count: 1}]\n", "line 1: a loudness must be from -40 to -5 LUFS, not -3"),
        ("groups: [{count: 1, loudness: loud}]\n", "the loudness must be a number of LUFS, such as -16, not 'loud'"),
        ("unclear: drop\ngroups: [{count: 1}]\n", "line 1: unclear must be keep or leave out, not 'drop'"),
        ("groups: [{count: 1, audio: maybe}]\n", "audio must be true or false, not 'maybe'"),
        ("isrc: GB-ABC-26-1\ngroups: [{count: 1}]\n", "line 1: 'GB-ABC-26-1' is no ISRC; one looks like"),
        ("isrc: [GBABC2600001, GBABC2600002]\ngroups: [{count: 1}]\n", "a plan has one ISRC, from which"),
        (
            "isrc: GB-ABC-26-99999\ngroups: [{count: 3}]\n",
            "track 2 of group-1: there are only 1 ISRCs from GB-ABC-26-99999 on",
        ),
        (
            "groups: [{count: 3, isrc: [GBABC2600001, GBABC2600002]}]\n",
            "group-1 has 3 tracks and 2 ISRCs; give one for each, or the first",
        ),
        (
            "isrc: GBABC2600001\ngroups: [{name: a, count: 2}, {name: b, count: 1, isrc: GBABC2600002}]\n",
            "track 2 of a and track 1 of b both get the ISRC GB-ABC-26-00002",
        ),
        ("groups: [{count: 2, style: []}]\n", "the list of style is empty"),
        ("groups: [{count: 2, style: 5}]\n", "style cannot be 5"),
        ("groups: [{count: 2, key: E minor, mode: dorian}]\n", "track 1 of group-1: the key 'E minor' is minor"),
        (
            "naming: '{style}'\ngroups: [{count: 2, style: reel}]\n",
            "line 1: the naming template '{style}' calls track 1",
        ),
        ("groups: [{count: 1, form: AABA, bars: 10}]\n", "track 1 of group-1: "),
        ("naming: '{title}'\ngroups: [{count: 2}]\n", "the naming template has 'title'"),
        ("naming: '{index'\ngroups: [{count: 2}]\n", "the naming template '{index'"),
        ("naming: '{style:04d}'\ngroups: [{count: 2, style: reel}]\n", "track 1 of group-1: Unknown format code 'd'"),
        ("a: [1\n", "this is no YAML"),
        ("a: b: c\n", "line 1: this is no YAML"),
        ("groups: [{count: 1, count: 2}]\n", "'count' stands here twice"),
        ("name: !!python/object:os.system {}\ngroups: [{count: 1}]", "cannot be understood"),
    ],
)
def test_what_cannot_be_made_is_refused(plan_of, text, words):
    with pytest.raises(PlanError, match=r".") as caught:
        plan_of(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_codes_are_counted_through_the_plan_or_the_group(plan_of):
    text = """isrc: gbabc2600007
groups:
  - {name: a, count: 2}
  - {name: b, count: 2, isrc: US-S1Z-99-00001}
  - {name: c, count: 2, isrc: [FRX0126000004, FR-X01-26-00009]}
  - {name: d, count: 1}
"""
    plan = plan_of(text.replace("FRX0126000004", "FRX012600004"))
    assert [order.isrc for order in orders_of(plan)] == [
        "GB-ABC-26-00007",
        "GB-ABC-26-00008",
        "US-S1Z-99-00001",
        "US-S1Z-99-00002",
        "FR-X01-26-00004",
        "FR-X01-26-00009",
        "GB-ABC-26-00013",  # the seventh of the plan
    ]
    with pytest.raises(PlanError, match="'FRX0126000004' is no ISRC"):
        plan_of(text)


def test_a_group_may_sound_otherwise_or_not_at_all(plan_of):
    text = "loudness: -14\nformats: [mp3]\ngroups: [{count: 1}, {count: 1, loudness: -23}, {count: 1, audio: false}]\n"
    first, second, third = orders_of(plan_of(text))
    assert (first.loudness, first.formats) == (-14, ("flac", "mp3"))
    assert (second.loudness, second.formats) == (-23, ("flac", "mp3"))
    assert third.formats == ()


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(GenaudioError, match="cannot be read: No such file"):
        read_plan(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GenaudioError, match="no text in UTF-8"):
        read_plan(tmp_path / "binary.yaml")


def test_names_are_plain_and_may_be_built_of_wishes(plan_of):
    text = "naming: '../{plan}/{number}: {style} in {key}'\nname: A/B\ngroups: [{count: 2, key: 'F#'}]\n"
    assert [order.name for order in orders_of(plan_of(text))] == [
        "a-b-1-any-in-f-sharp",
        "a-b-2-any-in-f-sharp",
    ]
