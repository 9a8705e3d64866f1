"""The command line: one Typer application, its commands in their own files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from mejurix_cli import matters, models, store, text, training


@dataclass
class Settings:
    """What holds for the whole run; `debug` raises unexpected errors instead of explaining them."""

    debug: bool = False


settings = Settings()
app = typer.Typer(
    name="mejurix-st",
    help="Medical-legal retrieval: case files in, cited passages out. English and Korean, offline.",
    epilog="Exit codes: 0 done; 1 nothing found or a document failed; 2 bad input; 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:
    if wanted:
        import mejurix_st

        typer.echo(f"mejurix-st {mejurix_st.__version__}")
        raise typer.Exit


@app.callback()
def _all(
    debug: Annotated[
        bool, typer.Option("--debug", help="Raise errors with their traceback, for a report.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version
    settings.debug = debug


_FILES, _MODELS, _WORK = "Case files", "Models and vectors", "Measure and train"
app.command("index", rich_help_panel=_FILES)(store.index)
app.command("search", rich_help_panel=_FILES)(store.search)
app.command("verify", rich_help_panel=_FILES)(store.verify)
app.command("documents", rich_help_panel=_FILES)(matters.documents)
app.command("matters", rich_help_panel=_FILES)(matters.matters)
app.command("delete", rich_help_panel=_FILES)(matters.delete)
app.command("entities", rich_help_panel=_FILES)(text.entities)
app.command("install", rich_help_panel=_MODELS)(models.install)
app.command("convert", rich_help_panel=_MODELS)(models.convert)
app.command("embed", rich_help_panel=_MODELS)(text.embed)
app.command("similarity", rich_help_panel=_MODELS)(text.similarity)
app.command("evaluate", rich_help_panel=_WORK)(training.evaluate)
app.command("train", rich_help_panel=_WORK)(training.train)
