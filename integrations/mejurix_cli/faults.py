"""From an exception to one line: what is wrong, and what to do."""

from __future__ import annotations

import errno

from mejurix_st.errors import MejurixError

_ADVICE = {
    errno.ENOENT: "no such file or directory; check the path",
    errno.EACCES: "permission denied; give a place that you may use",
    errno.EPERM: "permission denied; give a place that you may use",
    errno.EROFS: "the file system is read-only; give a place that can be written",
    errno.ENOSPC: "no space left on the device; free some and run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the same command again",
    errno.EFBIG: "the file would be larger than the system allows; raise the limit or write elsewhere",
    errno.EISDIR: "this is a directory; give a file",
    errno.ENOTDIR: "a part of the path is a file, not a directory; check the path",
    errno.EEXIST: "this exists already; give another place",
    errno.ENAMETOOLONG: "the name is too long; give a shorter one",
    errno.EMFILE: "too many open files; raise the limit (ulimit -n)",
    errno.EIO: "the device reports a read or write error; check the disk",
    errno.ELOOP: "the symbolic links go in a circle; check the path",
}


def explain(error: BaseException) -> str | None:
    """The line for an error that a user can do something about; None for a defect of this program."""
    if isinstance(error, MejurixError):
        return str(error)
    if isinstance(error, ImportError) and error.name and not error.name.startswith("mejurix"):
        return (
            f'the package "{error.name}" is missing or cannot be loaded ({error}); '
            'install what is optional with pip install "mejurix-st[all]"'
        )
    if isinstance(error, OSError):
        return _system(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory; give fewer or smaller files at a time"
    if "No space left on device" in str(error):  # native libraries raise types of their own
        return "no space left on the device; free some and run the same command again"
    return None


def _system(error: OSError) -> str | None:
    if error.errno is None:
        return str(error) or None
    advice = _ADVICE.get(error.errno, error.strerror or str(error))
    where = " → ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    return f"{where}: {advice}." if where else f"{advice}."
