"""What goes wrong with written music."""


class ScoreError(ValueError):
    """A score that cannot be read, written or built; the message names the file or value and the remedy."""
