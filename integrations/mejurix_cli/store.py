"""`index`, `search` and `verify`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mejurix_cli import console
from mejurix_cli.options import (
    After,
    AsJson,
    Before,
    Dtype,
    Entity,
    Matter,
    Model,
    Person,
    Quiet,
    Side,
    Site,
    Status,
    Store,
)

if TYPE_CHECKING:
    from qdrant_mejurix import AddReport


def index(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH…", help="Files, or folders to walk: PDF, DOCX, HTML, Markdown, text."),
    ],
    matter: Matter,
    store: Store,
    root: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="Name documents by their path below this folder."),
    ] = None,
    model: Model = None,
    dtype: Dtype = "float32",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Index case files into a matter. The same files again change nothing; changed ones take their place."""
    from qdrant_mejurix.names import check_matter_name

    from mejurix_cli.opening import check_location, open_case_files
    from mejurix_st.text import find_documents

    check_matter_name(matter)
    check_location(store)
    files = find_documents(paths)
    if not files:
        console.fail(
            f"no file that can be read in {', '.join(paths)}; PDF, DOCX, HTML, Markdown and text are."
        )
        raise typer.Exit(1)
    base = Path(root).resolve() if root is not None else None
    if base is not None:
        files = _below(base, files)
    with open_case_files(store, model, create=True, dtype=dtype, quiet=quiet) as opened:
        report = opened.matter(matter).add(files, root=base, progress=False if quiet else None)
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
    else:
        _show_report(report, matter, quiet=quiet)
    raise typer.Exit(1 if report.failed else 0)


def _below(base: Path, files: list[Path]) -> list[Path]:
    """The files by their full path, as the folder that names them needs it.

    Raises:
        InputError: one of them lies elsewhere.
    """
    from mejurix_st.errors import InputError

    full = [path.resolve() for path in files]
    if outside := [str(path) for path in full if not path.is_relative_to(base)]:
        raise InputError(f"{outside[0]} is not below the folder {base}; give a --root that holds all files.")
    return full


def _show_report(report: AddReport, matter: str, *, quiet: bool) -> None:
    for path, warning in report.warnings:
        console.warn(warning if warning.startswith(_name(path)) else f"{path}: {warning}")
    for path, reason in report.failed:
        console.fail(reason if reason.startswith((path, _name(path))) else f"{path}: {reason}")
    if quiet:
        return
    rate = (
        f", {report.tokens / report.seconds:,.0f} tokens/s" if report.seconds >= 1 and report.tokens else ""
    )
    console.output().print(
        f"{matter}: {len(report.added)} added ({report.chunks} passages, {report.tokens:,} tokens), "
        f"{len(report.skipped)} unchanged, {len(report.failed)} failed; {report.seconds:.1f} s{rate}",
        soft_wrap=True,
    )


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def search(
    query: Annotated[str, typer.Argument(help="A question or key words, in English or Korean.")],
    matter: Matter,
    store: Store,
    limit: Annotated[int, typer.Option("-k", "--limit", min=1, max=10_000, help="Most passages.")] = 10,
    condition: Annotated[
        list[str] | None,
        typer.Option(
            "--filter", metavar="CONDITION",
            help="document=report.pdf, page<=3, date>=2019-01-01, type=DISEASE, or a Qdrant filter as JSON. "
            "May be given more than once; all have to hold.",
        ),
    ] = None,
    entity: Entity = None,
    status: Status = None,
    side: Side = None,
    site: Site = None,
    person: Person = None,
    before: Before = None,
    after: After = None,
    full: Annotated[bool, typer.Option("--full", help="Print whole passages, not the best part.")] = False,
    as_json: AsJson = False,
    model: Model = None,
) -> None:  # fmt: skip
    """Search one matter: passages with document, page and score. Exit code 1 when nothing is found."""
    from qdrant_mejurix.names import check_matter_name

    from mejurix_cli.conditions import read_entity, read_filter
    from mejurix_cli.opening import check_location, open_case_files
    from mejurix_cli.passages import EXCERPT, hit_record, print_hits
    from mejurix_st.errors import InputError

    check_matter_name(matter)
    check_location(store)
    if not query.strip():
        raise InputError("The query is empty; give a question or key words.")
    user = read_entity(
        read_filter(condition or []), entity, status=status, laterality=side, site=site, experiencer=person,
        before=before, after=after,
    )  # fmt: skip
    with open_case_files(store, model, create=False) as opened:
        asked = opened.matter(matter)
        hits = asked.search(query, limit=limit, filter=user)
        empty = not hits and not asked.count()
    if as_json:
        typer.echo(json.dumps([hit_record(hit) for hit in hits], ensure_ascii=False, indent=2))
    else:
        print_hits(console.output(), hits, query, limit=None if full else EXCERPT)
    if not hits:
        why = "other words, or fewer conditions, may find more" if user else "other words may find more"
        if empty:
            why = f'the matter "{matter}" holds no document; add some with mejurix-st index'
        console.note(f"Nothing found: {why}.")
        raise typer.Exit(1)


def verify(store: Store, as_json: AsJson = False) -> None:
    """Compare files, manifest and store, and say what differs. Exit code 1 when something does."""
    from qdrant_mejurix import open_index

    from mejurix_cli.opening import check_location

    check_location(store)
    with open_index(store, create=False) as opened:
        differences = opened.verify()
        documents = sum(len(opened.matter(name).documents()) for name in opened.matters())
        number = len(opened.matters())
    if as_json:
        typer.echo(json.dumps([asdict(d) for d in differences], ensure_ascii=False, indent=2))
    elif differences:
        for difference in differences:
            console.output().print(str(difference), soft_wrap=True)
    else:
        agree = f"{documents} documents in {number} matters: files, manifest and store agree."
        console.output().print(agree, soft_wrap=True)
    raise typer.Exit(1 if differences else 0)
