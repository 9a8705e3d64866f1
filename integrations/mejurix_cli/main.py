"""Entry point: runs a command, and turns whatever goes wrong into one line and an exit code.

Exit codes: 0 done; 1 nothing found, or a document failed; 2 bad arguments or input; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

import typer

from mejurix_cli import console
from mejurix_cli.app import app, settings
from mejurix_cli.faults import explain

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTHING, BAD_INPUT, INTERRUPTED = 1, 2, 130
# Typer carries its own copy of click, or uses the installed one, by version: its error class is found here.
_CLICK_ERRORS = tuple(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `mejurix-st`.

    Args:
        arguments: without the program's name; those of the process by default.

    Returns:
        The exit code.
    """
    return run(app, arguments, "mejurix-st")


def run(application: typer.Typer, arguments: Sequence[str] | None, name: str) -> int:
    """Runs an application the way `main` does; returns the exit code."""
    settings.debug = False
    with warnings.catch_warnings():
        _prepare()
        code = _run(application, arguments, name)
    if code == INTERRUPTED:
        console.fail("interrupted; what was finished is kept. Run the same command again to go on.")
    return code


def _run(application: typer.Typer, arguments: Sequence[str] | None, name: str) -> int:
    try:
        result = typer.main.get_command(application)(
            args=None if arguments is None else list(arguments), prog_name=name, standalone_mode=False
        )
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else BAD_INPUT
    except Exception as error:
        return _report(error)
    return result if isinstance(result, int) else 0


def _report(error: Exception) -> int:
    if isinstance(error, _CLICK_ERRORS):
        context: Any = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "mejurix-st"
        message = str(error.format_message()).rstrip(".")  # type: ignore[attr-defined,unused-ignore]
        console.fail(f"{message}. See {command} --help.")
        return BAD_INPUT
    if settings.debug:
        raise error
    line = explain(error)
    if line is None:
        line = (
            f"unexpected {type(error).__name__}: {error}. This is a defect; "
            "run mejurix-st --debug with the same command to see where, and report it."
        )
    console.fail(line)
    return BAD_INPUT


def _prepare() -> None:
    """Settles what only a command may settle: encodings, warnings and the libraries' own chatter."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    if not sys.stderr.isatty():
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    for kind in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
        warnings.simplefilter("ignore", kind)
    warnings.showwarning = _show_warning


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    console.warn(str(message))


if __name__ == "__main__":
    sys.exit(main())
