"""How a document comes, changes and goes, so that a kill at any moment loses, doubles and ages nothing.

A version of a document is written in three steps, the manifest being the judge after a crash:

1. *Stage*: the manifest notes the version, then its passages are written without a matter: no search sees
   them.
2. *Commit*: the manifest makes it the document's version (state SWITCHING). From here on it will be the one.
3. *Switch*: its passages get their matter, those of any other version are deleted; the manifest says CURRENT.

A kill before 2 leaves unseen passages, which recovery deletes; a kill after 2 leaves a switch, which it
finishes. Deletion is the same in two steps: the manifest says DELETING, then passages and entry go.

Recovery runs when an embedded store is opened: one process owns it, so whatever is unfinished was abandoned.
On a server another process may be at work: there only switches and deletions are finished (doing so twice
does no harm), and staged passages are cleared when their document is added again, or by `Index.recover`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mejurix_st.errors import StoreError
from qdrant_mejurix.filters import document_in, equals, models, staged_in
from qdrant_mejurix.manifest import Entry, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qdrant_mejurix.store import Store


def stage(store: Store, entry: Entry, version: str) -> Entry:
    """Notes that `version` of a document is about to be written; returns the noted entry."""
    if entry.staged:
        store.delete(staged_in(entry.matter, entry.document))
    entry = replace(entry, staged=version)
    store.manifest.put([entry])
    return entry


def commit(store: Store, entries: Sequence[Entry]) -> None:
    """Makes staged versions the current ones.

    Args:
        store: holds all their passages, staged.
        entries: as they shall be, with `version` set to what was staged.
    """
    if not entries:
        return
    store.flush()
    switching = [replace(entry, state=State.SWITCHING, staged="") for entry in entries]
    store.manifest.put(switching)
    for entry in switching:
        _switch(store, entry)
    store.flush()
    store.manifest.put([replace(entry, state=State.CURRENT) for entry in switching])


def _switch(store: Store, entry: Entry) -> None:
    # Fields set to null match no condition: the passage is no longer staged.
    publish = {"matter": entry.matter, "staged": None}
    with store.switching():
        store.set_payload(staged_in(entry.matter, entry.document, entry.version), publish)
        if entry.generation > 1:
            store.delete(document_in(entry.matter, entry.document, except_version=entry.version))


def discard(store: Store, entry: Entry) -> None:
    """Forgets what was staged; the version that answers queries, if any, stays."""
    store.delete(staged_in(entry.matter, entry.document))
    if entry.version:
        store.manifest.put([replace(entry, staged="")])
    else:
        store.manifest.remove(entry.matter, entry.document)


def remove_document(store: Store, entry: Entry) -> None:
    """Deletes a document's passages and its entry."""
    store.manifest.put([replace(entry, state=State.DELETING)])
    with store.switching():
        store.delete(document_in(entry.matter, entry.document))
    store.delete(staged_in(entry.matter, entry.document))
    store.flush()
    store.manifest.remove(entry.matter, entry.document)


def remove_matter(store: Store, matter: str) -> None:
    """Deletes everything of a matter."""
    store.manifest.register(matter, deleting=True)
    with store.switching():
        store.delete(models.Filter(should=[equals("matter", matter), equals("staged", matter)]))
    store.flush()
    store.manifest.unregister(matter)


def recover(store: Store, *, staged: bool) -> list[str]:
    """Finishes what a killed process left.

    Args:
        store: the store.
        staged: also delete what is staged; only when no other process writes.

    Returns:
        What was done, one line each.
    """
    done: list[str] = []
    for matter, deleting in store.manifest.matters().items():
        if deleting:
            remove_matter(store, matter)
            done.append(f"{matter}: deletion finished")
    for entry in store.manifest.entries():
        where = f"{entry.matter}/{entry.document}"
        if entry.state is State.DELETING:
            remove_document(store, entry)
            done.append(f"{where}: deletion finished")
        elif entry.state is State.SWITCHING:
            commit(store, [entry])
            done.append(f"{where}: change of version finished")
        elif entry.staged and staged:
            discard(store, entry)
            done.append(f"{where}: unfinished version discarded; add the file again")
    return done


def check_complete(store: Store) -> None:
    """Notices at opening that an embedded store has lost points.

    Raises:
        StoreError: it holds fewer points than its documents have passages.
    """
    expected = sum(e.chunks for e in store.manifest.entries() if e.version and e.state is State.CURRENT)
    found = store.count(models.Filter())
    if found < expected:
        raise StoreError(
            f"The store {store.location} is damaged: {found} points of at least {expected} are there. "
            "`mejurix-st verify` says which documents lack them; restore a backup, or index the files into a "
            "new store."
        )
