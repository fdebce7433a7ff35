"""From a score to sound: the score predicts the codec's codes, the codec decodes them, the stems are mixed."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genaudio.renderer.renderer import Renderer
    from genaudio.renderer.rendering import Rendering

__all__ = ["Renderer", "Rendering"]


def __getattr__(name: str) -> Any:
    """Import the renderer, and torch with it, when it is first asked for."""
    if name in __all__:
        from genaudio.renderer import renderer

        return getattr(renderer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
