"""Runs the `sociable` command as `python -m sociable`."""

from sociable.config.command import main

if __name__ == "__main__":
    main()
