"""Opens a file without being fooled, and says what identifies its bytes: their SHA-256.

The reader of images has the bytes at hand and hashes them once; filing hashes a file only where a
copy is about to be removed. Both must agree, so both call this module.
"""

import hashlib
import os
import stat


def open_regular(path: str | os.PathLike[str]) -> int:
    """Open the regular file at `path` for reading and return its descriptor.

    A link is not followed and a pipe is not waited for, even where one took the file's place since
    it was listed. Raises OSError.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return descriptor


def content_hash(data: bytes) -> str:
    """Return the SHA-256 of `data`, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def file_content_hash(path: str | os.PathLike[str]) -> str | None:
    """Return the SHA-256 of the regular file at `path`; None where there is none or it cannot be read."""
    try:
        with open(open_regular(path), "rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return None
