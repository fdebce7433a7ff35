"""Tags in audio files: any script, the ISRC and the licence in every format, and the sound as it was."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from genaudio.audio import FORMATS, read_audio, read_tags, write_audio
from genaudio.tags import complete, id3, vorbis

RATE = 44_100
TAGS = {
    "title": "Der Blaue Tölpel, № 7 — 青い鳥",
    "artist": "Björk",
    "license": "CC BY 4.0",
    "isrc": "GBABC2600042",
    "comment": '{"ai_generated":true,"text":"' + "x" * 200 + '"}',
    "software": "genaudio",
}


def sine(seconds: float = 1.0) -> np.ndarray:
    wave = 0.4 * np.sin(2 * np.pi * 440 * np.arange(int(RATE * seconds)) / RATE)
    return np.repeat(wave[None], 2, axis=0).astype(np.float32)


@pytest.mark.parametrize("extension", FORMATS)
def test_every_tag_is_kept_in_every_format(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    write_audio(path, sine(), RATE, TAGS)
    found = read_tags(path)
    assert {name: found[name] for name in TAGS if name != "software"} == {
        name: text for name, text in TAGS.items() if name != "software"
    }
    assert found["software"].startswith("genaudio")


@pytest.mark.parametrize("extension", FORMATS)
def test_the_sound_is_not_touched(tmp_path: Path, extension: str) -> None:
    plain, tagged = tmp_path / f"a.{extension}", tmp_path / f"b.{extension}"
    write_audio(plain, sine(), RATE)
    write_audio(tagged, sine(), RATE, TAGS)
    assert np.array_equal(read_audio(plain)[0], read_audio(tagged)[0])


@pytest.mark.parametrize("extension", FORMATS)
def test_libsndfile_reads_the_common_ones(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    write_audio(path, sine(), RATE, TAGS)
    with soundfile.SoundFile(path) as file:
        found = file.copy_metadata()
    assert (found["title"], found["artist"], found["comment"]) == (TAGS["title"], TAGS["artist"], TAGS["comment"])


@pytest.mark.parametrize("extension", FORMATS)
def test_tagging_again_replaces(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    write_audio(path, sine(), RATE, TAGS)
    size = path.stat().st_size
    complete(path, extension, {**TAGS, "isrc": "GBABC2600043"})
    assert read_tags(path)["isrc"] == "GBABC2600043"
    assert path.stat().st_size == size


def test_an_id3_frame_is_laid_out_as_the_standard_says() -> None:
    # header: ID3, version 3.0, no flags, size in four times seven bits; frame: name, size, flags, coding, text
    assert id3.tag({"isrc": "GBABC2600042"}) == (
        b"ID3\x03\x00\x00\x00\x00\x00\x17TSRC\x00\x00\x00\x0d\x00\x00\x00GBABC2600042"
    )
    assert id3.tag({"comment": "y" * 300})[6:10] == bytes([0, 0, 2, 10 + 5 + 300 - 256])


@given(st.dictionaries(st.sampled_from([*id3.FRAMES, "license", "comment"]), st.text("aé→\U0001d11e ", min_size=1)))
def test_id3_tags_read_as_they_were_written(tags: dict[str, str]) -> None:
    assert id3.read(id3.tag(tags)) == tags


def test_an_ogg_checksum_is_that_of_the_standard() -> None:
    # bit by bit: polynomial 0x04c11db7, most significant bit first, from 0
    data, value = b"OggS and more", 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = ((value << 1) ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    assert vorbis.checksum(data) == value != zlib.crc32(data)


def test_comments_that_need_more_pages_move_the_others(tmp_path: Path) -> None:
    path = tmp_path / "a.ogg"
    write_audio(path, sine(), RATE)
    before = read_audio(path)[0]
    path.write_bytes(vorbis.into_ogg(path.read_bytes(), {"isrc": "GBABC2600042", "lyrics": "la " * 60_000}))
    assert np.array_equal(read_audio(path)[0], before)
    assert vorbis.of_ogg(path.read_bytes())["lyrics"] == "la " * 60_000
    numbers = [page.number for page in vorbis._pages(path.read_bytes())]
    assert numbers == list(range(len(numbers)))


def test_a_flac_file_without_comments_gets_some(tmp_path: Path) -> None:
    info = bytes(34)
    data = b"fLaC" + bytes([0x80, 0, 0, 34]) + info + b"audio"
    tagged = vorbis.into_flac(data, {"isrc": "GBABC2600042"})
    assert tagged[:8] == b"fLaC" + bytes([0, 0, 0, 34])  # no longer the last
    assert vorbis.of_flac(tagged) == {"isrc": "GBABC2600042"}
    assert tagged.endswith(b"audio")


def test_a_wav_file_of_odd_length_stays_aligned(tmp_path: Path) -> None:
    path, chunk = tmp_path / "a.wav", b"data" + struct.pack("<I", 3) + b"abc\0"
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WAVE" + chunk)
    id3.into_wav(path, {"title": "longer than the next"})
    id3.into_wav(path, {"title": "x"})
    tagged = path.read_bytes()
    assert tagged.count(b"id3 ") == 1
    assert int.from_bytes(tagged[4:8], "little") == len(tagged) - 8
    assert tagged[12 : 12 + len(chunk)] == chunk
    assert id3.of_wav(tagged) == {"title": "x"}
