"""What goes wrong with one tune of a collection, and with the training works as a whole."""

from genaudio.errors import GenaudioError


class TuneError(ValueError):
    """A tune that cannot become a training work.

    Attributes:
        reason: short and the same for every tune with this damage, so that rejects can be counted.
        detail: what exactly was found in this tune.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class CorpusError(GenaudioError):
    """The collections or the file of training works cannot be read; the message says what to do."""
