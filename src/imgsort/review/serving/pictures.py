"""Serves the pictures of a review by names that nobody can guess, because an `<img>` carries no key."""

import secrets
from dataclasses import replace

from imgsort.errors import UnreadableImageError
from imgsort.images.decoding.decode import ReadSettings
from imgsort.jobs.look.pictures import picture_of
from imgsort.jobs.thumbnails import Thumbnails
from imgsort.review.session import Session


class Pictures:
    """The pictures of the images of a session."""

    def __init__(self, session: Session, thumbnails: Thumbnails, read: ReadSettings) -> None:
        # Whether a file that is cut short counts as readable was decided already. Here what is there is shown.
        self._session, self._thumbnails, self._read = session, thumbnails, replace(read, truncated="use")
        self.ids = [secrets.token_urlsafe(16) for _ in session.proposal.files]
        self._numbers = {name: number for number, name in enumerate(self.ids)}

    def thumbnail(self, name: str) -> bytes | None:
        """Return a small picture, a WebP, or None if there is no such image, or if it was changed meanwhile."""
        number = self._numbers.get(name)
        if number is None:
            return None
        return self._thumbnails.of(*self._session.file(number), self._session.proposal.contents[number])

    def large(self, name: str) -> bytes | None:
        """Return a large picture, a JPEG, or None if there is no such image, or if it was changed meanwhile."""
        number = self._numbers.get(name)
        if number is None:
            return None
        try:
            content = self._session.proposal.contents[number]
            return picture_of(*self._session.file(number), content, self._read)
        except UnreadableImageError:
            return None
