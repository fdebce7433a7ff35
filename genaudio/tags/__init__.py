"""Tags that libsndfile does not write: the ISRC everywhere, the licence in WAV and MP3, and any script in MP3.

FLAC and Ogg files get a Vorbis comment more, MP3 files an ID3v2.3 tag, WAV files the same tag in a chunk
``id3 ``, where players and editors look for it, beside libsndfile's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from genaudio.tags import id3, vorbis

_WRITERS: dict[str, Callable[[Path, Mapping[str, str]], None]] = {"mp3": id3.into_mp3, "wav": id3.into_wav}
_COMMENTS: dict[str, Callable[[bytes, Mapping[str, str]], bytes]] = {"flac": vorbis.into_flac, "ogg": vorbis.into_ogg}
_READERS: dict[str, Callable[[bytes], dict[str, str]]] = {
    "flac": vorbis.of_flac,
    "ogg": vorbis.of_ogg,
    "mp3": id3.of_mp3,
    "wav": id3.of_wav,
}


def complete(path: Path, extension: str, tags: Mapping[str, str]) -> None:
    """Add to an audio file those tags that libsndfile left out.

    Args:
        path: a file that libsndfile wrote.
        extension: ``flac``, ``ogg``, ``mp3`` or ``wav``.
        tags: all that the file is to say.
    """
    wanted = {name: text for name, text in tags.items() if text}
    if wanted and extension in _WRITERS:
        _WRITERS[extension](path, wanted)
    elif missing := {name: text for name, text in wanted.items() if name == "isrc"}:
        path.write_bytes(_COMMENTS[extension](path.read_bytes(), missing))


def found(path: Path) -> dict[str, str]:
    """Return the tags of a file that are no matter of libsndfile; none where its form is another or is damaged."""
    reader = _READERS.get(path.suffix.lower().lstrip("."))
    if reader is None:
        return {}
    try:
        return reader(path.read_bytes())
    except (ValueError, LookupError, OSError):
        return {}
