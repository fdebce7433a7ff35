"""``python -m genaudio`` is the ``genaudio`` command."""

from genaudio.cli import main

if __name__ == "__main__":
    main()
