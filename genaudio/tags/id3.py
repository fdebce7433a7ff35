"""ID3v2.3 tags (https://id3.org/id3v2.3.0), in front of an MP3 file or in a WAV file's chunk ``id3 ``."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

FRAMES = {
    "title": "TIT2", "artist": "TPE1", "album": "TALB", "copyright": "TCOP", "software": "TSSE", "date": "TYER",
    "tracknumber": "TRCK", "genre": "TCON", "isrc": "TSRC",
}  # fmt: skip
"""Frame of each tag that is a plain text."""
LICENCE = "LICENSE"
"""Description of the user-defined frame that holds the licence; players show it by this name."""
_NAMES = {frame: name for name, frame in FRAMES.items()}
_HEADER = 10
_CHUNK = b"id3 "
_BLOCK = 1 << 20


def tag(tags: Mapping[str, str]) -> bytes:
    """Write a tag of texts; names without a frame are left out."""
    frames = []
    for name, text in tags.items():
        if name in FRAMES:
            frames.append(_frame(FRAMES[name], _text(text)))
        elif name == "license":
            frames.append(_frame("TXXX", _text(LICENCE, text)))
        elif name == "comment":
            coding, terminator = _coding(text)
            body = bytes([_MARK[coding]]) + b"eng" + "".encode(coding) + terminator + text.encode(coding)
            frames.append(_frame("COMM", body))
    content = b"".join(frames)
    size = len(content)
    seven = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + seven + content


_MARK = {"latin-1": 0, "utf-16": 1, "utf-16-be": 2, "utf-8": 3}
"""Byte in front of a text that says its coding; only the first two are of version 2.3."""


def _coding(*texts: str) -> tuple[str, bytes]:
    try:
        "".join(texts).encode("latin-1")
    except UnicodeEncodeError:
        return "utf-16", b"\0\0"
    return "latin-1", b"\0"


def _text(*texts: str) -> bytes:
    coding, terminator = _coding(*texts)
    return bytes([_MARK[coding]]) + terminator.join(text.encode(coding) for text in texts)


def _frame(name: str, body: bytes) -> bytes:
    return name.encode() + struct.pack(">IH", len(body), 0) + body


def tag_size(data: bytes) -> int:
    """Return the bytes that a tag at the start of some data fills; 0 where there is none."""
    if data[:3] != b"ID3" or len(data) < _HEADER:
        return 0
    return _HEADER + sum(byte << shift for byte, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))


def read(data: bytes) -> dict[str, str]:
    """Return the texts of a tag of version 2.3 or 2.4."""
    end, version, at = min(tag_size(data), len(data)), data[3] if len(data) > 3 else 0, _HEADER
    found: dict[str, str] = {}
    while version in (3, 4) and at + _HEADER <= end and data[at] != 0:
        name = data[at : at + 4].decode("latin-1")
        raw = data[at + 4 : at + 8]
        length = int.from_bytes(raw) if version == 3 else sum(b << s for b, s in zip(raw, (21, 14, 7, 0), strict=True))
        body, at = data[at + _HEADER : at + _HEADER + length], at + _HEADER + length
        if name in _NAMES:
            found[_NAMES[name]] = _texts(body)[0]
        elif name == "TXXX" and (texts := _texts(body))[0] == LICENCE:
            found["license"] = texts[1] if len(texts) > 1 else ""
        elif name == "COMM":
            found["comment"] = _texts(body[:1] + body[4:])[-1]
    return found


def _texts(body: bytes) -> list[str]:
    """Read the texts of a frame, of which several are separated by a zero."""
    coding = next(name for name, mark in _MARK.items() if mark == body[0])
    zero = "\0".encode("utf-16-be" if coding.startswith("utf-16") else coding)
    parts: list[bytes] = []
    rest = body[1:]
    while len(parts) < 8:
        cut = next((at for at in range(0, len(rest), len(zero)) if rest[at : at + len(zero)] == zero), None)
        if cut is None:
            break
        parts.append(rest[:cut])
        rest = rest[cut + len(zero) :]
    if rest or not parts:
        parts.append(rest)
    return [part.decode(coding) for part in parts]


def into_mp3(path: Path, tags: Mapping[str, str]) -> None:
    """Put a tag in front of an MP3 file, in place of one that is there; the sound is copied bit by bit."""
    beside = path.with_name(f"{path.name}.tagged")
    try:
        with path.open("rb") as file, beside.open("wb") as tagged:
            tagged.write(tag(tags))
            file.seek(tag_size(file.read(_HEADER)))
            shutil.copyfileobj(file, tagged, _BLOCK)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def of_mp3(data: bytes) -> dict[str, str]:
    """Return the tags of an MP3 file."""
    return read(data)


def into_wav(path: Path, tags: Mapping[str, str]) -> None:
    """Append a chunk with a tag to a WAV file, in place of one that is its last; the sound is not touched."""
    content = tag(tags)
    with path.open("r+b") as file:
        if file.read(4) != b"RIFF":
            return  # files of more than 4 GiB have another form
        end = 12
        file.seek(end)
        while len(head := file.read(8)) == 8:
            length = int.from_bytes(head[4:], "little")
            following = end + 8 + length + length % 2
            if head[:4] == _CHUNK and following >= path.stat().st_size:
                break
            end = file.seek(following)
        file.seek(end)
        file.write(_CHUNK + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2))
        file.truncate()
        size = file.tell() - 8
        file.seek(4)
        file.write(struct.pack("<I", size))


def of_wav(data: bytes) -> dict[str, str]:
    """Return the tags of a WAV file's chunk."""
    for name, start, end in _chunks(data):
        if name == _CHUNK:
            return read(data[start + 8 : end])
    return {}


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of each chunk, its header and padding included."""
    at = 12
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        yield data[at : at + 4], at, min(end, len(data))
        at = end
