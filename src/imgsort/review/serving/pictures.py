"""Serves the pictures of a review by names that nobody can guess, because an `<img>` carries no key."""

import secrets
from collections.abc import Callable

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import ReadSettings
from imgsort.jobs.look.pictures import PICTURE_KIND, picture_of
from imgsort.review.session import Session

_THUMBNAIL_PX = 192


class Pictures:
    """The pictures of the images of a session."""

    def __init__(self, session: Session, read: ReadSettings) -> None:
        self._session, self._read = session, read
        self.ids = [secrets.token_urlsafe(16) for _ in session.proposal.files]
        self._numbers = {name: number for number, name in enumerate(self.ids)}

    def thumbnail(self, name: str) -> tuple[bytes, str] | None:
        """Return a small picture and its type, or None if there is no such image or if it cannot be read."""
        return self._made(name, lambda number: (self._picture(number, _THUMBNAIL_PX), PICTURE_KIND))

    def large(self, name: str) -> tuple[bytes, str] | None:
        """Return a large picture and its type, or None if there is no such image or if it cannot be read."""
        return self._made(name, lambda number: (self._picture(number), PICTURE_KIND))

    def _made(self, name: str, make: Callable[[int], tuple[bytes, str]]) -> tuple[bytes, str] | None:
        number = self._numbers.get(name)
        if number is None:
            return None
        try:
            return make(number)
        except UnreadableImageError:
            return None

    def _picture(self, number: int, side_px: int | None = None) -> bytes:
        root, file = self._session.file(number)
        if side_px is None:
            return picture_of(root, file, read=self._read)
        return picture_of(root, file, side_px, self._read)
