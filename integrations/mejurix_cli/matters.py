"""`documents`, `matters` and `delete`: what a store holds, and taking it out. They need no model."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from mejurix_cli import console
from mejurix_cli.options import AsJson, Matter, Quiet, Store

if TYPE_CHECKING:
    from qdrant_mejurix import Index


def _open(store: str) -> Index:
    from qdrant_mejurix import open_index

    from mejurix_cli.opening import check_location

    check_location(store)
    return open_index(store, create=False)


def documents(matter: Matter, store: Store, as_json: AsJson = False) -> None:
    """List the documents of a matter. Exit code 1 when it has none."""
    from rich.table import Table

    with _open(store) as opened:
        found = opened.matter(matter).documents()
    if as_json:
        typer.echo(json.dumps([asdict(item) for item in found], ensure_ascii=False, indent=2))
    elif found:
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("document", overflow="fold")
        table.add_column("passages", justify="right")
        table.add_column("tokens", justify="right")
        table.add_column("file", overflow="fold", style="dim")
        for item in found:
            table.add_row(item.name, str(item.chunks), f"{item.tokens:,}", item.source)
        console.output().print(table)
    else:
        console.note(f'The matter "{matter}" holds no document.')
    raise typer.Exit(0 if found else 1)


def matters(store: Store, as_json: AsJson = False) -> None:
    """List the matters of a store. Exit code 1 when it has none."""
    with _open(store) as opened:
        names = opened.matters()
    if as_json:
        typer.echo(json.dumps(names, ensure_ascii=False))
    else:
        for name in names:
            typer.echo(name)
    raise typer.Exit(0 if names else 1)


def delete(
    matter: Matter,
    store: Store,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[DOCUMENT]…", help="Names of documents, as listed.")
    ] = None,
    whole: Annotated[bool, typer.Option("--whole-matter", help="Delete everything of the matter.")] = False,
    quiet: Quiet = False,
) -> None:
    """Delete documents, or a whole matter, from the store. The files themselves stay."""
    from mejurix_st.errors import InputError

    if whole == bool(names):
        raise InputError("Give the names of documents to delete, or --whole-matter, and not both.")
    with _open(store) as opened:
        if whole:
            gone = {matter: opened.delete_matter(matter)}
        else:
            asked = opened.matter(matter)
            gone = {name: asked.delete(name) for name in names or []}
    for name, there in gone.items():
        if not there:
            console.fail(f'there is no {"matter" if whole else "document"} "{name}" to delete')
        elif not quiet:
            console.output().print(f"deleted: {name}", soft_wrap=True)
    raise typer.Exit(0 if all(gone.values()) else 1)
