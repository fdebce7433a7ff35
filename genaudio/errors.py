"""What a user can put right, each with the exit code that the command line gives it."""


class GenaudioError(Exception):
    """A wish, configuration or file that cannot be used; the message says what and what to do (exit code 2)."""

    exit_code = 2


class IncompatibleError(GenaudioError):
    """A model or index that does not fit: wrong hash, wrong parameters, wrong version (exit code 3)."""

    exit_code = 3
