"""Vorbis comments (https://xiph.org/vorbis/doc/v-comment.html) in FLAC (RFC 9639) and Ogg (RFC 3533) files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from genaudio.tags.id3 import tag_size

_COMMENT = 4
"""Kind of a FLAC file's block of comments."""
_PACKET = b"\x03vorbis"
"""Start of an Ogg Vorbis file's packet of comments."""
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_SEGMENTS = 255
"""Most segments of a page."""


def _read(block: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the vendor and the comments, by their names in lower case, of a block."""
    size = int.from_bytes(block[:4], "little")
    vendor, at = block[4 : 4 + size], 8 + size
    comments = {}
    for _ in range(int.from_bytes(block[at - 4 : at], "little")):
        length = int.from_bytes(block[at : at + 4], "little")
        name, _, text = block[at + 4 : at + 4 + length].decode().partition("=")
        comments[name.lower()] = text
        at += 4 + length
    return vendor, comments


def _with(block: bytes, tags: Mapping[str, str]) -> bytes:
    """Return a block with some comments in place of those of the same names."""
    vendor, comments = _read(block)
    comments.update(tags)
    texts = [f"{name.upper()}={text}".encode() for name, text in comments.items()]
    head = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(texts))
    return head + b"".join(struct.pack("<I", len(text)) + text for text in texts)


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of each block of metadata of a FLAC file; some have an ID3 tag in front."""
    start = tag_size(data)
    at, last = start + 4, data[start : start + 4] != b"fLaC"
    while not last:
        last, kind = bool(data[at] & 0x80), data[at] & 0x7F
        length = int.from_bytes(data[at + 1 : at + 4])
        yield kind, data[at + 4 : at + 4 + length]
        at += 4 + length


def into_flac(data: bytes, tags: Mapping[str, str]) -> bytes:
    """Add comments to a FLAC file."""
    blocks = list(_blocks(data))
    start = tag_size(data)
    audio = data[start + 4 + sum(4 + len(content) for _, content in blocks) :]
    if all(kind != _COMMENT for kind, _ in blocks):
        blocks.insert(1, (_COMMENT, struct.pack("<II", 0, 0)))
    written = []
    for number, (kind, content) in enumerate(blocks, start=1):
        content = _with(content, tags) if kind == _COMMENT else content
        mark = kind | (0x80 if number == len(blocks) else 0)
        written.append(bytes([mark]) + len(content).to_bytes(3) + content)
    return data[:start] + b"fLaC" + b"".join(written) + audio


def of_flac(data: bytes) -> dict[str, str]:
    """Return the comments of a FLAC file."""
    return next((_read(content)[1] for kind, content in _blocks(data) if kind == _COMMENT), {})


@dataclass(frozen=True)
class _Page:
    """A page of an Ogg stream: flags, position, serial number, number, lengths of its segments, and what they hold."""

    flags: int
    position: int
    serial: int
    number: int
    segments: bytes
    body: bytes

    def packed(self) -> bytes:
        """Return the page with its checksum."""
        head = struct.pack("<4sBBqIII", b"OggS", 0, self.flags, self.position, self.serial, self.number, 0)
        page = bytearray(head + bytes([len(self.segments)]) + self.segments + self.body)
        page[22:26] = struct.pack("<I", checksum(bytes(page)))
        return bytes(page)


def checksum(data: bytes) -> int:
    """Return the CRC of a page: zlib's polynomial with the bits in the other order, from 0 and not inverted."""
    mirrored = zlib.crc32(data.translate(_MIRROR), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)


def _pages(data: bytes) -> Iterator[_Page]:
    at = 0
    while data[at : at + 4] == b"OggS":
        _, _, flags, position, serial, number, _, count = struct.unpack_from("<4sBBqIIIB", data, at)
        segments = data[at + 27 : at + 27 + count]
        start = at + 27 + count
        at = start + sum(segments)
        yield _Page(flags, position, serial, number, segments, data[start:at])


def _headers(pages: list[_Page]) -> tuple[list[bytes], int]:
    """Return the three packets that a Vorbis stream begins with, and the pages that they fill."""
    packets, packet = [], b""
    for number, page in enumerate(pages, start=1):
        at = 0
        for length in page.segments:
            packet, at = packet + page.body[at : at + length], at + length
            if length < _SEGMENTS:
                packets.append(packet)
                packet = b""
        if len(packets) == 3 and not packet:
            return packets, number
    raise ValueError("this is no Ogg Vorbis file")


def into_ogg(data: bytes, tags: Mapping[str, str]) -> bytes:
    """Add comments to an Ogg Vorbis file; the pages after the headers get new numbers where more are needed."""
    pages = list(_pages(data))
    packets, filled = _headers(pages)
    block = _with(packets[1][len(_PACKET) : -1], tags)
    packets[1] = _PACKET + block + b"\x01"
    segments = b"".join(b"\xff" * (len(one) // 255) + bytes([len(one) % 255]) for one in packets[1:])
    body, written = b"".join(packets[1:]), [pages[0]]
    for start in range(0, len(segments), _SEGMENTS):
        part = segments[start : start + _SEGMENTS]
        going_on = start > 0 and segments[start - 1] == 255
        ends = any(length < 255 for length in part)
        position = 0 if ends else -1
        written.append(_Page(int(going_on), position, pages[0].serial, len(written), part, body[: sum(part)]))
        body = body[sum(part) :]
    shift = len(written) - filled
    written += [replace(page, number=page.number + shift) for page in pages[filled:]]
    return b"".join(page.packed() for page in written)


def of_ogg(data: bytes) -> dict[str, str]:
    """Return the comments of an Ogg Vorbis file."""
    packets, _ = _headers(list(_pages(data)))
    return _read(packets[1][len(_PACKET) : -1])[1]
