"""The codec: sound to codes and back, alone or informed by the score; and the official EnCodec models."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genaudio.codec.codec import Codec

__all__ = ["Codec"]


def __getattr__(name: str) -> Any:
    """Import the codec, and torch with it, when it is first asked for."""
    if name == "Codec":
        from genaudio.codec.codec import Codec

        return Codec
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
