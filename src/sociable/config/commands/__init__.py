"""One module a command of `sociable`: `import_mail.py` is `sociable import-mail`. `command.py` finds it; nothing is registered.

A module has a docstring (its first line stands in `sociable --help`, all of it in the command's own help),
`add_arguments(parser)` with `--json` where it prints data, and `run(options) -> int` that returns the exit status.
To refuse, raise a DomainError: its sentence goes to stderr, with status 1. `parser.error` is status 2.
Django is set up before the module is imported, so imports stand at its top as everywhere.
"""
