"""Code files: round trips and refusals."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genaudio.codec.codes import MAGIC, Codes, read_codes, write_codes
from genaudio.errors import GenaudioError, IncompatibleError


def codes(shape: tuple[int, ...] = (2, 3, 7), bins: int = 1024, seed: int = 0) -> Codes:
    values = np.random.default_rng(seed).integers(0, bins, shape).astype(np.int16)
    return Codes(values, bins, 3000, 44_100, "genaudio", "ab" * 32, (7,), (0.5,))


@settings(max_examples=25, deadline=None)
@given(st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 40)), st.sampled_from([2, 16, 1000, 1024]))
def test_round_trip(tmp_path_factory, shape: tuple[int, int, int], bins: int) -> None:
    path = tmp_path_factory.mktemp("codes") / "x.codes"
    written = codes(shape, bins)
    write_codes(path, written)
    read = read_codes(path)
    np.testing.assert_array_equal(read.codes, written.codes)
    assert {**vars(read), "codes": 0} == {**vars(written), "codes": 0}


def test_codes_take_ten_bits_each(tmp_path) -> None:
    small, large = tmp_path / "a.codes", tmp_path / "b.codes"
    write_codes(small, codes((1, 8, 100)))
    write_codes(large, codes((1, 8, 900)))
    assert large.stat().st_size - small.stat().st_size == 8 * 800 * 10 // 8


def test_a_flipped_bit_a_cut_and_a_foreign_file_are_refused(tmp_path) -> None:
    path = tmp_path / "x.codes"
    write_codes(path, codes())
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    with pytest.raises(GenaudioError, match="cut short"):
        read_codes(path)
    path.write_bytes(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
    with pytest.raises(GenaudioError, match="checksum"):
        read_codes(path)
    path.write_bytes(b"RIFF" + whole)
    with pytest.raises(GenaudioError, match="no code file"):
        read_codes(path)
    with pytest.raises(GenaudioError, match="cannot be read"):
        read_codes(tmp_path / "missing.codes")


def test_another_version_is_incompatible(tmp_path) -> None:
    import struct
    import zlib

    path = tmp_path / "x.codes"
    write_codes(path, codes())
    content = bytearray(path.read_bytes()[:-4])
    content[8] = 9
    path.write_bytes(bytes(content) + struct.pack("<I", zlib.crc32(bytes(content))))
    with pytest.raises(IncompatibleError, match="version 9"):
        read_codes(path)


def with_header(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change a code file's header and what follows, and put the length and the checksum right."""
    content = path.read_bytes()
    start = len(MAGIC) + 5
    length = struct.unpack_from("<I", content, len(MAGIC) + 1)[0]
    header = change(content[start : start + length])
    whole = content[: start - 4] + struct.pack("<I", len(header)) + header + content[start + length : -4]
    path.write_bytes(whole + struct.pack("<I", zlib.crc32(whole)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"{", b"["),
        (b'"bins": 1024', b'"bins": 0'),
        (b'"bins": 1024', b'"bins": "1024"'),
        (b'"bins": 1024', b'"bins": 513'),
        (b'"shape": [2, 3, 7]', b'"shape": [2, 3, 700000000000]'),
        (b'"shape": [2, 3, 7]', b'"shape": [-2, -3, 7]'),
        (b'"shape": [2, 3, 7]', b'"shape": [42]'),
        (b'"shape": [2, 3, 7]', b'"shape": 42'),
        (b'"sample_rate": 44100', b'"sample_rate": 0'),
        (b'"model": "genaudio"', b'"model": ["genaudio"]'),
        (b'"scales": [0.5]', b'"scales": ["0.5"]'),
        (b'"segments": [7]', b'"segments": [7.5]'),
        (b'"samples"', b'"simples"'),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(tmp_path: Path, old: bytes, new: bytes) -> None:
    """Found by fuzzing: with a right checksum, such headers led to other errors, or asked for all memory."""
    path = tmp_path / "x.codes"
    write_codes(path, codes())
    with_header(path, lambda header: header.replace(old, new))
    with pytest.raises(GenaudioError, match="no valid code file"):
        read_codes(path)
    with_header(path, lambda _: b"[" * 100_000)
    with pytest.raises(GenaudioError, match="no valid code file"):
        read_codes(path)
    with_header(path, lambda _: b"12")
    with pytest.raises(GenaudioError, match="no valid code file"):
        read_codes(path)
