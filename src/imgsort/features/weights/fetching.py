"""Says how missing weights may be fetched."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from imgsort.errors import DownloadError

SILENCE_SECONDS = 30.0
OFFLINE = "IMGSORT_OFFLINE"


class DownloadBar(Protocol):
    """The progress bar that pooch needs. A bar of tqdm fits."""

    total: float | None

    def update(self, n: int) -> object:
        """Count `n` more bytes."""

    def reset(self) -> object:
        """Start again from zero."""

    def close(self) -> object:
        """Remove the bar."""


BarMaker = Callable[[str], DownloadBar | None]


def _ignore(_: str) -> None:
    """Ignore a notice, or give no bar."""


@dataclass(frozen=True)
class Fetching:
    """How missing weights may be fetched.

    `notice` receives what a person should know. `make_bar` returns a progress bar for the model with this name, or
    None. With `offline`, or with IMGSORT_OFFLINE=1 in the environment, no host is asked. With `asks_again`, hosts that
    were unreachable a short while ago are asked too. A host that sends nothing for `silence_seconds` is given up.
    """

    notice: Callable[[str], None] = _ignore
    make_bar: BarMaker = _ignore
    offline: bool = False
    asks_again: bool = False
    silence_seconds: float = SILENCE_SECONDS

    def require_network(self) -> None:
        """Raise DownloadError if no host may be asked."""
        if self.offline:
            raise DownloadError("--offline asks no host for them")
        if os.environ.get(OFFLINE, "") not in ("", "0"):
            raise DownloadError(f"{OFFLINE} is set, so that no host is asked for them")
