"""Runs `imgsort review` as a process of its own, and works on its page as a person does."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPTIONS = ["--no-browser", "--model", "efficientnet-lite0", "--clusters", "4"]


@dataclass(frozen=True)
class RunningReview:
    """A review that is being served. `address`: of its page, with the token."""

    folder: Path
    process: "subprocess.Popen[str]"
    address: str

    def take_all_back(self) -> None:
        """Undo every correction, as the page does it."""
        state = self._ask("state?since=0")
        while state["can_undo"]:
            state = self._ask("correct", {"revision": state["revision"], "correction": {"do": "undo"}})

    def _ask(self, path: str, body: object = None) -> dict[str, Any]:
        base, _, token = self.address.partition("#token=")
        headers = {"X-Imgsort-Token": token, "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{base}api/{path}", data, headers)) as answer:
            return dict(json.load(answer))

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.kill()
        self.process.wait(timeout=30)


@contextmanager
def running_review(folder: Path, *options: str) -> Iterator[RunningReview]:
    """Serve a review of `folder` until the end of the block."""
    command = [sys.executable, "-m", "imgsort", "review", str(folder), *OPTIONS, *options]
    log = folder.parent / f"{folder.name}.log"
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            yield RunningReview(folder, process, _address_of(process, log))
        finally:
            process.terminate()
            process.wait(timeout=30)


def _address_of(process: "subprocess.Popen[str]", log: Path) -> str:
    """Return the address that the process prints. Fails with what it said if it ends without one."""
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"http://\S+#token=\S+", line)
        if found:
            return found.group()
    raise AssertionError(f"the review printed no address: {log.read_text(encoding='utf-8')}")


class ReviewTab:
    """A tab with the page of a review. Its methods do what a person does."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def open(self, address: str) -> "ReviewTab":
        """Open the page and wait for its images."""
        self.page.goto(address)
        self.page.locator(".tile").first.wait_for()
        return self

    def groups(self) -> dict[str, int]:
        """Return {name: number of images} of the groups, as the list beside the wall shows them."""
        rows = self.page.locator(".folders li")
        names = rows.locator(".folder-name").all_text_contents()
        counts = rows.locator(".quiet").all_text_contents()
        return {name: int(count.replace(",", "")) for name, count in zip(names, counts, strict=True)}

    def wait_for(self, groups: dict[str, int]) -> None:
        """Wait until the list shows these groups, in any order."""
        self.page.wait_for_function(
            """wanted => {
                const rows = [...document.querySelectorAll('.folders li')].map((row) =>
                    [row.querySelector('.folder-name').textContent, Number(row.querySelector('.quiet').textContent)]);
                return JSON.stringify(rows.sort()) === JSON.stringify(wanted);
            }""",
            arg=sorted([name, count] for name, count in groups.items()),
        )

    def group(self, name: str) -> Any:
        """Return the section of a group in the wall."""
        return self.page.locator("section.group", has=self.page.locator(f'.group-name:text-is("{name}")'))

    def tiles(self, name: str) -> Any:
        """Return the images of a group that are in the document."""
        return self.group(name).locator(".tile")

    def menu(self, name: str, item: str) -> None:
        """Choose an item of a group's menu."""
        self.group(name).locator(".dots").click()
        self.page.get_by_role("menuitem", name=item).click()

    def said(self) -> str:
        """Return what the page said last."""
        return str(self.page.locator("#said span").first.text_content())
