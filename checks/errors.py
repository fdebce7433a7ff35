"""What goes wrong with a catalogue of protected works, each with the exit code that a command line gives it."""


class CatalogueError(Exception):
    """A catalogue that cannot be built, read or changed; the message says what and what to do (exit code 2)."""

    exit_code = 2


class IncompatibleCatalogue(CatalogueError):  # noqa: N818 - the name is the public contract
    """A catalogue that this software must not search: other fingerprint parameters, or damaged files (exit code 3).

    Searching it would find nothing and pass everything, so it is refused.
    """

    exit_code = 3
