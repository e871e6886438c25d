"""Makes the thumbnails of images, while the images are read for something else or when a page asks for them."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from imgsort.errors import UnreadableImageError
from imgsort.features.cache.thumbnail_cache import ThumbnailCache, ThumbnailsInMemory
from imgsort.images.decoding.decode import ReadSettings, bytes_of, decoding
from imgsort.images.decoding.decoded import Decoded
from imgsort.images.finding.find import ImageFile
from imgsort.images.stream import core_count, stream
from imgsort.images.thumbnail import THUMBNAIL_SQUARE, thumbnail_of

_IMAGES_AT_A_TIME = 512
# Whether a file that is cut short counts as readable was decided when it was read for the command.
_READ = ReadSettings(truncated="use")


class Thumbnails:
    """The thumbnails of images, by the hash of their bytes. Several threads may use it at once.

    `kept`: where thumbnails are kept: a `ThumbnailCache`, or `ThumbnailsInMemory` for a run without the cache.
    `read`: which images a thumbnail is made of.
    """

    def __init__(self, kept: ThumbnailsInMemory, read: ReadSettings = _READ) -> None:
        self._kept = kept
        self._read = read

    @classmethod
    def opened(cls, notice: Callable[[str], None], *, has_cache: bool) -> "Thumbnails":
        """Return thumbnails that are kept in the cache, or in memory for a run without the cache."""
        return cls(ThumbnailCache(notice=notice) if has_cache else ThumbnailsInMemory())

    def see(self, content: str, decoded: Decoded) -> None:
        """Keep the thumbnail of a picture that was decoded for something else. It is an `Onlooker`."""
        if not self._kept.get([content]):
            self._kept.keep(content, thumbnail_of(decoded))

    def of(self, root: Path, file: ImageFile, content: str) -> bytes | None:
        """Return the thumbnail, a WebP, of the image `file` of the collection at `root`: a kept one, or one made now.

        It is None if the image cannot be read, or if its bytes no longer have the hash `content`.
        """
        known = self._kept.get([content]).get(content)
        return known or self._made(root, file, content)

    def all_of(
        self,
        root: Path,
        files: Sequence[ImageFile],
        contents: Sequence[str],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> list[bytes | None]:
        """Return the thumbnails of all these files, in order, as `of` does. See `each_of` for many images."""
        return list(self.each_of(root, files, contents, progress))

    def each_of(
        self,
        root: Path,
        files: Sequence[ImageFile],
        contents: Sequence[str],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Iterator[bytes | None]:
        """Yield the thumbnails of these files, in order, as `of` returns them. Few of them are in memory at a time.

        Images without a kept thumbnail are decoded in threads. `progress` is called with (done, total) of all files,
        but only if there are such images.
        """
        for start in range(0, len(files), _IMAGES_AT_A_TIME):
            part = range(start, min(start + _IMAGES_AT_A_TIME, len(files)))
            known = self._kept.get(contents[number] for number in part)
            missing = [number for number in part if contents[number] not in known]
            found = stream(missing, lambda number: self._made(root, files[number], contents[number]), 4 * core_count())
            for number in part:
                yield known[contents[number]] if contents[number] in known else next(found)
                if missing:
                    progress(number + 1, len(files))

    def close(self) -> None:
        """Write to the cache what is not written yet, and close it."""
        self._kept.close()

    def _made(self, root: Path, file: ImageFile, content: str) -> bytes | None:
        try:
            with bytes_of(root, file) as (data, found):
                if found != content:
                    return None
                with decoding(data, self._read, THUMBNAIL_SQUARE, file.name) as decoded:
                    webp = thumbnail_of(decoded)
        except UnreadableImageError:
            return None
        self._kept.keep(content, webp)
        return webp
