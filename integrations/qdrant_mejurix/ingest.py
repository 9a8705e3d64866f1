"""Adding files to a matter: read, cut, embed in batches, write, switch."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mejurix_st.errors import InputError, MejurixError, StoreError
from qdrant_mejurix import lifecycle
from qdrant_mejurix.entities import document_date
from qdrant_mejurix.manifest import Entry, State
from qdrant_mejurix.names import check_document_name
from qdrant_mejurix.points import Point, chunk_payload, page_breaks, passage_id, unique_in_order
from qdrant_mejurix.progress import Progress, progress_reporter
from qdrant_mejurix.report import AddReport, file_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mejurix_st.types import Chunk, Document, Page
    from qdrant_mejurix.index import Index

SLAB = 256
"""Passages embedded and written at a time; bounds memory, and evens out lengths in the encoder's batches."""
COMMIT_SECONDS = 10.0
"""Documents that are complete become findable at least this often, and at the end of the run."""
_PART = 64
_BYTES_PER_POINT = 16384


@dataclass
class _Job:
    """One document on its way."""

    path: str
    entry: Entry
    version: str
    sha256: str
    written: int = 0
    tokens: int = 0
    cut: bool = False  # all passages have been made
    waiting: int = 0  # passages made and not yet written
    pages: tuple[Page, ...] = ()
    page_at: Callable[[int], int] | None = None
    date: str = ""  # of the document, where entities are stored


class Ingest:
    """One run of `Matter.add`."""

    def __init__(self, index: Index, matter: str, progress: bool | Callable[[Progress], None] | None) -> None:
        self._index, self._matter, self._store = index, matter, index.store
        self._report = AddReport()
        self._progress = progress
        self._offsets = index.encoder.token_offsets()
        recipe: list[Any] = [asdict(index.chunking), index.encoder.document_prompt]
        if index.reader is not None:  # another vocabulary reads the same file anew
            recipe.append(index.reader.fingerprint)
        self._recipe = json.dumps(recipe, sort_keys=True)
        self._slab: list[tuple[_Job, Chunk]] = []
        self._open: deque[_Job] = deque()
        self._names: dict[str, str] = {}
        self._finished_at = time.monotonic()
        self._embedded = (0, 0)
        self._place = (0, "")
        self._tell: Callable[[Progress], None] = lambda _: None

    def run(self, paths: Iterable[str | Path], root: Path | None) -> AddReport:
        """Adds the files; see `Matter.add`."""
        began = time.monotonic()
        todo = unique_in_order([str(path) for path in paths])
        if self._store.shared:  # another process may have been killed since this index was opened
            lifecycle.recover(self._store, staged=False)
        try:
            with progress_reporter(self._progress, len(todo)) as self._tell:
                for path in todo:
                    self._place = (len(todo), path)
                    self._one(path, root)
                    self._say()
                self._write()
                self._finish()
                self._say()
        except BaseException as error:
            self._abandon(keep_complete=isinstance(error, KeyboardInterrupt))
            raise
        self._report.seconds = time.monotonic() - began
        return self._report

    def _say(self) -> None:
        total, path = self._place
        report = self._report
        done = len(report.added) + len(report.skipped) + len(report.failed) + len(self._complete())
        self._tell(Progress(done, total, *self._embedded, path))

    def _complete(self) -> list[_Job]:
        return [job for job in self._open if job.cut and not job.waiting]

    def _abandon(self, *, keep_complete: bool) -> None:
        """Takes back what is half-written; if even that fails, the next opening does it."""
        with suppress(StoreError):
            if keep_complete:
                self._finish()
        for job in self._open:
            try:
                current = self._store.manifest.get(self._matter, job.entry.document)
                if current and current.staged == job.version:
                    lifecycle.discard(self._store, current)
            except StoreError:
                return
        with suppress(StoreError):
            lifecycle.recover(self._store, staged=not self._store.shared)

    def _one(self, path: str, root: Path | None) -> None:
        try:
            job, document = self._accept(path, root)
        except StoreError:
            raise
        except (MejurixError, OSError) as error:
            self._fail(path, error)
            return
        if job is None or document is None:
            return
        self._report.warnings += [(path, warning) for warning in document.warnings]
        self._open.append(job)
        try:
            for chunk in self._chunks(document):
                if not job.waiting and not job.written:
                    self._index.register(self._matter)
                    job.entry = lifecycle.stage(self._store, job.entry, job.version)
                job.waiting += 1
                self._slab.append((job, chunk))
                if len(self._slab) >= SLAB:
                    self._write()
                    self._finish_now_and_then()
        except StoreError:
            raise
        except MejurixError as error:
            self._withdraw(job, error)
            return
        if not job.waiting and not job.written:
            self._withdraw(job, MejurixError("it holds no text that could be indexed"))
            return
        job.cut = True
        if not job.waiting:  # its last passage went with a full slab
            self._finish_now_and_then()

    def _withdraw(self, job: _Job, error: Exception) -> None:
        self._open.remove(job)
        self._slab = [item for item in self._slab if item[0] is not job]
        if job.entry.staged:
            lifecycle.discard(self._store, job.entry)
        self._fail(job.path, error)

    def _fail(self, path: str, error: Exception) -> None:
        reason = f"{error.strerror or error}" if isinstance(error, OSError) else str(error)
        self._report.failed.append((path, reason))

    def _accept(self, path: str, root: Path | None) -> tuple[_Job | None, Document | None]:
        from mejurix_st.text import read_document

        source = Path(path)
        if source.is_dir():
            raise MejurixError("this is a directory; give the files in it")
        name = check_document_name(_name_below(source, root) if root else source.name)
        absolute = str(source.resolve())
        if self._names.get(name) == absolute:  # the same file, written another way
            self._report.skipped.append(path)
            return None, None
        if (first := self._names.setdefault(name, absolute)) != absolute:
            raise MejurixError(f"the document name {name!r} is also that of {first}; rename one of them")
        digest = file_digest(source)
        version = hashlib.sha256(f"{digest}\n{self._recipe}".encode()).hexdigest()
        entry = self._store.manifest.get(self._matter, name) or Entry(self._matter, name)
        if entry.state is State.CURRENT and entry.version == version:
            if entry.staged:
                lifecycle.discard(self._store, entry)
            self._report.skipped.append(path)
            return None, None
        self._refuse_other_file(entry, absolute, digest)
        document = replace(read_document(source), name=name)
        if document.sha256 and document.sha256 != digest:
            raise MejurixError("it changed while it was being read; add it again")
        job = _Job(path, replace(entry, source=absolute), version, digest, pages=document.pages)
        if self._index.reader is not None:
            job.page_at, job.date = document.page_at, document_date(document.text)
        return job, document

    def _refuse_other_file(self, entry: Entry, absolute: str, digest: str) -> None:
        """Two different files of one name would take each other's place in silence."""
        other = entry.version and entry.source and entry.source != absolute and entry.sha256 != digest
        if other and Path(entry.source).is_file() and file_digest(Path(entry.source)) == entry.sha256:
            raise MejurixError(
                f"the matter already has a document {entry.document!r}, from {entry.source}, with other "
                "content; rename one of the files, or delete that document first"
            )

    def _chunks(self, document: Document) -> Iterator[Chunk]:
        from mejurix_st.text import iter_chunks

        return iter_chunks(
            document, self._offsets, self._index.chunking, document_prompt=self._index.encoder.document_prompt
        )

    def _write(self) -> None:
        """Embeds and writes the slab."""
        slab, self._slab = self._slab, []
        if slab:
            self._store.check_space(len(slab) * _BYTES_PER_POINT)
            vectors = self._embed([chunk for _, chunk in slab])
            self._store.upsert([self._point(*item, vectors[i]) for i, item in enumerate(slab)])
            for job, chunk in slab:
                job.waiting -= 1
                job.written += 1
                job.tokens += chunk.tokens

    def _embed(self, chunks: Sequence[Chunk]) -> dict[int, Any]:
        """Vectors by position; longest passages first, in small parts so that progress shows."""
        order = sorted(range(len(chunks)), key=lambda i: -chunks[i].tokens)
        vectors: dict[int, Any] = {}
        for first in range(0, len(order), _PART):
            part = order[first : first + _PART]
            rows = self._index.encoder.encode_documents([chunks[i].embedded_text for i in part])
            vectors.update(zip(part, rows, strict=True))
            passages, tokens = self._embedded
            self._embedded = (passages + len(part), tokens + sum(chunks[i].tokens for i in part))
            self._say()
        return vectors

    def _point(self, job: _Job, chunk: Chunk, vector: Any) -> Point:
        identifier = passage_id(self._matter, chunk.document, job.version, chunk.start, chunk.end)
        sparse, annotations = self._index.describe(
            chunk.embedded_text, chunk.text, start=chunk.start, page_at=job.page_at, document_date=job.date
        )
        payload = {
            **annotations,
            **chunk_payload(chunk),
            **page_breaks(chunk, job.pages),
            "staged": self._matter,
            "version": job.version,
            "sha256": job.sha256,
            "generation": job.entry.generation + 1,
            "kind": "document",
            "id": identifier,
        }
        return Point(identifier, vector, sparse, payload)

    def _finish_now_and_then(self) -> None:
        # Flushing takes tenths of a second, so documents become findable in groups.
        if time.monotonic() - self._finished_at >= COMMIT_SECONDS:
            self._finish()

    def _finish(self) -> None:
        """Switches every document that is complete."""
        complete = self._complete()
        lifecycle.commit(self._store, [_current(job) for job in complete])
        for job in complete:
            self._open.remove(job)
            self._report.added.append(job.path)
            if job.entry.version:
                self._report.replaced.append(job.path)
            self._report.chunks += job.written
            self._report.tokens += job.tokens
        self._finished_at = time.monotonic()


def _name_below(source: Path, root: Path) -> str:
    """A file's path below `root`, however the two are written."""
    for file, folder in ((source, root), (source.resolve(), root.resolve())):
        if file.is_relative_to(folder) and ".." not in file.relative_to(folder).parts:
            return file.relative_to(folder).as_posix()
    raise InputError(f"it is not below root, {root}; give a root that holds it, or leave root out")


def _current(job: _Job) -> Entry:
    return replace(
        job.entry,
        version=job.version,
        sha256=job.sha256,
        chunks=job.written,
        tokens=job.tokens,
        generation=job.entry.generation + 1,
    )
