"""Code files: what a codec makes of sound, packed, with what is needed to decode it. Never a pickle.

Layout, integers little-endian: 8 bytes magic ``GENCODES``, 1 byte version, 4 bytes header length, the header as UTF-8
JSON, the codes packed to as many bits as a code needs (channel by channel, level by level, frame by frame, first bit
first), 4 bytes CRC-32 of all before.
"""

from __future__ import annotations

import json
import math
import os
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genaudio.errors import GenaudioError, IncompatibleError

MAGIC = b"GENCODES"
VERSION = 2
"""Of the format that is written; version 1, which knew no tuning, is read too."""
_PACKED = 1 << 20
_MOST_BINS = 1 << 15  # what int16 can number


@dataclass(frozen=True)
class Codes:
    """The codes of a piece of sound. C channels, K levels, F frames.

    Attributes:
        codes: integers [C, K, F].
        bins: codes of a codebook.
        samples: length of the sound.
        sample_rate: samples a second of the decoded sound.
        model: name of the model: ``genaudio``, ``encodec_24khz`` or ``encodec_48khz``.
        digest: SHA-256 of the model's weights; empty where the model's name says all.
        segments: frames of each segment, for models that code segment by segment.
        scales: gain of each segment, for models that normalise.
        tuning: hundredths of a semitone by which the decoded sound is raised by playing it faster.
    """

    codes: np.ndarray
    bins: int
    samples: int
    sample_rate: int
    model: str
    digest: str = ""
    segments: tuple[int, ...] = ()
    scales: tuple[float, ...] = ()
    tuning: float = 0.0

    @property
    def seconds(self) -> float:
        """Length of the sound in seconds."""
        return self.samples / self.sample_rate

    @property
    def bits(self) -> int:
        """Bits of one code."""
        return int(np.ceil(np.log2(self.bins)))

    @property
    def bitrate(self) -> float:
        """Bits a second of the codes, all channels together."""
        return self.codes.size * self.bits / max(self.seconds, 1e-9)


def _pack(codes: np.ndarray, bits: int) -> bytes:
    """Pack integers of `bits` bits, highest bit first."""
    shifts, parts = np.arange(bits - 1, -1, -1, dtype=np.uint16), []
    flat = codes.reshape(-1).astype(np.uint16)
    for start in range(0, len(flat), _PACKED):  # eight codes fill whole bytes, so parts can be joined
        planes = (flat[start : start + _PACKED, None] >> shifts) & 1
        parts.append(np.packbits(planes.astype(np.uint8)).tobytes())
    return b"".join(parts)


def _unpack(packed: bytes, count: int, bits: int) -> np.ndarray:
    """Undo `_pack`: int16 [count]."""
    content, out = np.frombuffer(packed, np.uint8), np.zeros(count, np.int16)
    shifts = np.arange(bits - 1, -1, -1, dtype=np.int32)
    for start in range(0, count, _PACKED):
        here = min(_PACKED, count - start)
        first = start * bits // 8
        planes = np.unpackbits(content[first : first + -(-here * bits // 8)], count=here * bits).reshape(here, bits)
        out[start : start + here] = (planes.astype(np.int32) << shifts).sum(axis=1)
    return out


def write_codes(path: Path, codes: Codes) -> None:
    """Write a code file whole or not at all.

    Raises:
        GenaudioError: the file cannot be written.
    """
    header = {name: value for name, value in vars(codes).items() if name != "codes"}
    header["shape"] = list(codes.codes.shape)
    text = json.dumps(header, sort_keys=True).encode()
    content = MAGIC + struct.pack("<BI", VERSION, len(text)) + text + _pack(codes.codes, codes.bits)
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(content + struct.pack("<I", zlib.crc32(content)))
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise GenaudioError(f"{path} cannot be written: {error.strerror}") from error


def _header(content: bytes, path: Path) -> tuple[dict[str, Any], int]:
    """Check magic, version and checksum; return the header and where the codes begin."""
    if not content.startswith(MAGIC):
        raise GenaudioError(f"{path} is no code file of genaudio")
    if len(content) < len(MAGIC) + 9 or zlib.crc32(content[:-4]) != struct.unpack("<I", content[-4:])[0]:
        raise GenaudioError(f"{path} is damaged or cut short: its checksum is wrong")
    version, length = struct.unpack_from("<BI", content, len(MAGIC))
    if not 1 <= version <= VERSION:
        raise IncompatibleError(f"{path} has version {version} of the code format; this genaudio reads {VERSION}")
    start = len(MAGIC) + 5
    header = json.loads(content[start : start + length])
    if not isinstance(header, dict):
        raise ValueError("its header is no object")
    return header, start + length


def _described(header: dict[str, Any], room: int) -> tuple[tuple[int, ...], Codes]:
    """Return the shape and all but the codes of a header that makes sense; `room` is the bytes that the codes take.

    Raises:
        KeyError, TypeError, ValueError: it makes none.
    """
    shape = tuple(header.pop("shape"))
    header["segments"], header["scales"] = tuple(header["segments"]), tuple(header["scales"])
    empty = Codes(codes=np.zeros(0, np.int16), **header)
    counts = (*shape, empty.bins, empty.samples, empty.sample_rate, *empty.segments)
    if len(shape) != 3 or any(type(count) is not int or count < 0 for count in counts):
        raise ValueError("its sizes are no whole numbers from 0")
    if not (2 <= empty.bins <= _MOST_BINS and empty.sample_rate > 0):
        raise ValueError(f"{empty.bins} codes of a codebook, {empty.sample_rate} samples a second")
    if not all(isinstance(scale, int | float) for scale in empty.scales):
        raise ValueError("its scales are no numbers")
    if not (isinstance(empty.model, str) and isinstance(empty.digest, str)):
        raise ValueError("its model is no text")
    if -(-math.prod(shape) * empty.bits // 8) != room:
        raise ValueError(f"{room} bytes do not hold {' x '.join(map(str, shape))} codes of {empty.bits} bits")
    return shape, empty


def read_codes(path: Path) -> Codes:
    """Read a code file.

    Raises:
        GenaudioError: the file is missing, damaged, cut short or no code file.
        IncompatibleError: it has another version of the format.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise GenaudioError(f"{path} cannot be read: {error.strerror}") from error
    try:
        header, start = _header(content, path)
        shape, empty = _described(header, len(content[start:-4]))
        codes = _unpack(content[start:-4], math.prod(shape), empty.bits).reshape(shape)
        if codes.size and int(codes.max()) >= empty.bins:
            raise ValueError(f"it holds the code {codes.max()}, and {empty.bins - 1} is the highest")
        return replace(empty, codes=codes)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise GenaudioError(f"{path} is no valid code file: {error}") from error
