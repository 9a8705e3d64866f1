"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Store = Annotated[
    str,
    typer.Option(
        "--store", "-s", metavar="LOCATION", help="Folder of the index, or URL of a Qdrant server.",
        envvar="MEJURIX_STORE",
    ),
]  # fmt: skip
Matter = Annotated[
    str, typer.Option("--matter", "-m", metavar="NAME", help="The client's case. Nothing crosses matters.")
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="MODEL", help="Model folder or hub id; the default model if not given."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")]
