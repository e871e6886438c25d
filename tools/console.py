"""Runs the commands that the pages show, and compares what they print with what the pages say.

    python tools/console.py [--write] [PAGE ...]

A page shows a command like this:

    <!-- console: demo -->
    ```console
    $ imgsort categorize demo/photos
    …
    ```

`demo` is a stage: a function below prepares a folder for it, and the commands of the block run there. A stage may
follow another one and goes on in its folder. A line `…` stands for any lines, a `…` in a line for any characters.
Numbers with a decimal point may differ a little, because processors round differently; times and ids may differ
altogether. Models are run by LiteRT, which every machine has. With `--write` the pages get what the commands print,
except for blocks with a `…`.
"""

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

PROJECT = Path(__file__).resolve().parents[1]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]

# Where the folder of a stage lies, as the pages tell it.
_SHOWN_HOME = "/home/me"

_BLOCK = re.compile(r"<!-- console: (\w+) -->\n```console\n(.*?)```", re.DOTALL)
_RUN_ID = re.compile(r"\b\d{8}-\d{6}-\d{3}\b")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_SECONDS = re.compile(r"\b\d+\.\d+ s\b")


@dataclass(frozen=True)
class Stage:
    """What the commands of a block need.

    `notices`: the block shows notices too; others run with `--quiet`.
    `real_weights`: the commands run with vgg16, whose weights must be there.
    """

    prepare: Callable[[Path], None]
    follows: str | None = None
    notices: bool = False
    real_weights: bool = False


@dataclass(frozen=True, eq=False)
class Command:
    """A command of a block, and the lines that it prints: as a page shows them, or in truth."""

    line: str
    output: str


@dataclass(frozen=True)
class Block:
    """A block of a page."""

    page: Path
    stage: str
    commands: tuple[Command, ...]


def blocks_of(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page, in order."""
    for stage, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
        yield Block(page, stage, tuple(map(Command, parts[::2], (part.strip("\n") for part in parts[1::2]))))


def unmarked_blocks(page: Path) -> int:
    """Return how many console blocks of a page no stage stands for: nobody checks them."""
    text = page.read_text(encoding="utf-8")
    return text.count("```console\n") - len(_BLOCK.findall(text))


# --- the stages -----------------------------------------------------------------------------------------------------


def _make_photos(folder: Path) -> None:
    sys.path.insert(0, str(PROJECT / "examples"))
    from make_photos import make_photos

    make_photos(folder)
    (folder / "labels.csv").unlink()


def _demo(folder: Path) -> None:
    _make_photos(folder / "demo" / "photos")


def _photos(folder: Path) -> None:
    _make_photos(folder / "photos")


def _later(folder: Path) -> list[Path]:
    return sorted((folder / "photos").glob("*.jpg"))[4::5]


def _without_a_fifth(folder: Path) -> None:
    _photos(folder)
    (folder / "later").mkdir()
    for file in _later(folder):
        shutil.move(file, folder / "later")


def _put_back(folder: Path) -> None:
    for file in (folder / "later").iterdir():
        shutil.move(file, folder / "photos")


def _edit_badly(folder: Path) -> None:
    lines = (folder / "new.csv").read_text(encoding="utf-8-sig").splitlines()
    lines[1] = lines[1].replace(",Unsorted,", ",Cats,")
    lines[3] = lines[3].replace("IMG_", "IMQ_", 1)
    (folder / "new.csv").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")


def _faulty(folder: Path) -> None:
    _photos(folder)
    photos = folder / "photos"
    cut = photos / "IMG_0007.jpg"
    cut.write_bytes(cut.read_bytes()[:9000])
    shutil.copy(photos / "IMG_0012.jpg", photos / "IMG_0012 (2).jpg")
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "page.jpg").write_bytes(b"<!doctype html><title>Not found</title>")


def _sorted_and_inbox(folder: Path) -> None:
    sys.path.insert(0, str(PROJECT / "examples"))
    from learn_photos import lay_out

    lay_out(folder)


def _sidecars(folder: Path) -> None:
    _photos(folder)
    for name in ("IMG_0001.xmp", "IMG_0001.nef", "IMG_0002.jpg.xmp"):
        (folder / "photos" / name).write_text("x", encoding="ascii")


def _on_a_nas(folder: Path) -> None:
    """Photos beside a library and a recycle bin."""
    _photos(folder)
    for name in ("Photos.photoslibrary", "#recycle"):
        (folder / "photos" / name).mkdir()
        shutil.copy2(folder / "photos" / "IMG_0001.jpg", folder / "photos" / name / "old.jpg")


def _own_cache(folder: Path) -> None:
    """A cache of the stage's own, with the model converted already: that would take a minute."""
    _photos(folder)
    kept = Path(os.environ["IMGSORT_CACHE_DIR"]) / "models"
    os.environ["IMGSORT_CACHE_DIR"] = str(folder / ".cache" / "imgsort")
    if kept.is_dir():
        shutil.copytree(kept, folder / ".cache" / "imgsort" / "models")


def _as_it_is(folder: Path) -> None:
    pass


STAGES = {
    "vgg16": Stage(_demo, real_weights=True),
    "demo": Stage(_demo),
    "undo": Stage(_as_it_is, follows="demo"),
    "groups": Stage(_without_a_fifth),
    "plan": Stage(_put_back, follows="groups"),
    "wrong_plan": Stage(_edit_badly, follows="plan"),
    "update": Stage(_as_it_is, follows="wrong_plan"),
    "dry_run": Stage(_demo),
    "check": Stage(_faulty),
    "check_move": Stage(_as_it_is, follows="check"),
    "sidecars": Stage(_sidecars),
    "left_out": Stage(_on_a_nas, notices=True),
    "learn": Stage(_sorted_and_inbox),
    "evaluate": Stage(_as_it_is, follows="learn"),
    "answers": Stage(_as_it_is, follows="learn"),
    "compare": Stage(_as_it_is, follows="learn"),
    "json": Stage(_photos),
    "cache": Stage(_own_cache, notices=True),
    "models": Stage(_as_it_is),
}


# --- running and comparing ------------------------------------------------------------------------------------------


class Theatre:
    """Runs each stage once, in a folder of its own or that of the stage which it follows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folders: dict[str, Path] = {}
        self._printed: dict[str, tuple[Command, ...]] = {}

    def printed(self, stage: str, lines: Sequence[str], of_others: dict[str, Sequence[str]]) -> tuple[Command, ...]:
        """Return what the commands of a stage print. `of_others`: the commands of the stages that it may follow."""
        if stage not in self._printed:
            before = STAGES[stage].follows
            if before is not None:
                self.printed(before, of_others[before], of_others)
            self._folders[stage] = self._folders[before] if before is not None else self._folder / stage
            self._folders[stage].mkdir(parents=True, exist_ok=True)
            self._printed[stage] = tuple(self._run(stage, lines))
        return self._printed[stage]

    def _run(self, stage: str, lines: Sequence[str]) -> Iterator[Command]:
        folder, cache = self._folders[stage], os.environ.get("IMGSORT_CACHE_DIR")
        STAGES[stage].prepare(folder)
        with contextlib.chdir(folder), _without_openvino():
            for line in lines:
                output = _run_line(line, notices=STAGES[stage].notices)
                yield Command(line, _without_places(output, folder))
        if cache is not None:
            os.environ["IMGSORT_CACHE_DIR"] = cache


@contextlib.contextmanager
def _without_openvino() -> Iterator[None]:
    """Hide OpenVINO while the block runs. Its features differ in the last digits, and not every processor has it."""
    from imgsort.features.runtimes import processor

    processor.this_processor.cache_clear()
    with mock.patch.object(processor, "_installation", side_effect=ImportError):
        yield
    processor.this_processor.cache_clear()


def _run_line(line: str, *, notices: bool) -> str:
    program, _, rest = line.partition(" ")
    if program != "imgsort":
        return subprocess.run(line, shell=True, capture_output=True, text=True, check=True).stdout
    from click.testing import CliRunner

    from imgsort.cli import main

    arguments = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {rest}"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    quiet = [] if notices or arguments[0] in ("history", "models", "cache", "--help") else ["--quiet"]
    result = CliRunner().invoke(main, [*arguments, *quiet])
    return result.output


def _without_places(output: str, folder: Path) -> str:
    output = output.removeprefix("\ufeff")  # the mark by which Excel knows UTF-8
    return output.replace(str(folder.resolve()), _SHOWN_HOME).replace(str(folder), _SHOWN_HOME)


def is_as_shown(shown: str, printed: str) -> bool:
    """Say whether what a command printed is what a page shows, as the first lines of this file say."""
    pieces = re.split(r"^…$", _normalised(shown), flags=re.MULTILINE)
    return _fits([piece.split("\n") for piece in pieces], _normalised(printed).strip("\n").split("\n"))


def _fits(pieces: list[list[str]], lines: list[str]) -> bool:
    wanted = [line for number, piece in enumerate(pieces) for line in ([None] * (number > 0)) + _trimmed(piece)]

    def fits(at: int, row: int) -> bool:
        if at == len(wanted):
            return row == len(lines)
        if wanted[at] is None:
            return any(fits(at + 1, later) for later in range(row, len(lines) + 1))
        return row < len(lines) and _is_line(wanted[at], lines[row]) and fits(at + 1, row + 1)

    return fits(0, 0)


def _trimmed(piece: list[str]) -> list[str]:
    return "\n".join(piece).strip("\n").split("\n") if any(piece) else []


def _normalised(text: str) -> str:
    for pattern, word in ((_RUN_ID, "RUN"), (_TIME, "TIME"), (_SECONDS, "N s")):
        text = pattern.sub(word, text)
    return text


def _is_line(shown: str, printed: str) -> bool:
    ours, theirs = shown.split(), printed.split()
    if "…" in shown:
        return re.fullmatch(".*".join(map(re.escape, " ".join(ours).split("…"))), " ".join(theirs)) is not None
    return len(ours) == len(theirs) and all(map(_is_word, ours, theirs))


def _is_word(shown: str, printed: str) -> bool:
    if shown == printed:
        return True
    number = r"-?[\d,]*\d(\.\d+)?(e-?\d+)?"
    if not (re.fullmatch(number, shown) and re.fullmatch(number, printed) and {".", "e"} & {*shown, *printed}):
        return False
    one, other = (float(word.replace(",", "")) for word in (shown, printed))
    return abs(one - other) <= max(0.05, 0.15 * abs(one))


def differences(
    folder: Path, pages: Sequence[Path] = PAGES, *, real_weights: bool = False
) -> Iterator[tuple[Block, Command, Command]]:
    """Yield each command of the pages that prints something else than they show: block, as shown, as printed.

    Only the blocks are run that need real weights, or only those that need none.
    """
    blocks = [block for page in PAGES for block in blocks_of(page)]
    # A page may show a part of a stage: the block with the most commands says what the stage is.
    lines = {
        block.stage: [command.line for command in block.commands]
        for block in sorted(blocks, key=lambda block: len(block.commands))
    }
    theatre = Theatre(folder)
    for block in blocks:
        if block.page not in pages or STAGES[block.stage].real_weights is not real_weights:
            continue
        printed = theatre.printed(block.stage, lines[block.stage], lines)
        upcoming = iter(printed)
        for shown in block.commands:
            truth = next((command for command in upcoming if command.line == shown.line), None)
            if truth is None:
                raise SystemExit(
                    f"{block.page}: another block of {block.stage!r} has other commands than {shown.line!r}"
                )
            if not is_as_shown(shown.output, truth.output):
                yield block, shown, truth


def _write(block: Block, shown: Command, truth: Command) -> None:
    """Write what a command printed in its block, after the commands before it, which may be the same."""
    text = block.page.read_text(encoding="utf-8")
    start = text.index(f"<!-- console: {block.stage} -->")
    for command in block.commands[: block.commands.index(shown) + 1]:
        start = text.index(f"$ {command.line}\n", start) + len(f"$ {command.line}\n")
    rest = text[start:].removeprefix(f"{shown.output}\n" if shown.output else "")
    block.page.write_text(text[:start] + truth.output.strip("\n") + "\n" + rest, encoding="utf-8")


def main(pages: Sequence[Path], *, write: bool) -> int:
    """Compare, and write if so asked; return the exit code."""
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("IMGSORT_CACHE_DIR", str(Path(folder, "cache")))
        from_index = list(differences(Path(folder, "weights"), pages, real_weights=True))
        os.environ["IMGSORT_OFFLINE"] = "1"
        for block, shown, truth in [*from_index, *differences(Path(folder), pages)]:
            if write and "…" not in shown.output:
                _write(block, shown, truth)
                continue
            found += 1
            print(f"{block.page.name}: $ {shown.line}\n--- shown\n{shown.output}\n--- printed\n{truth.output}\n")
    return 1 if found else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", type=Path, help="pages to look at, by default all")
    parser.add_argument("--write", action="store_true", help="write what the commands print into the pages")
    arguments = parser.parse_args()
    chosen = [page.resolve() for page in arguments.pages] or PAGES
    sys.exit(main(chosen, write=arguments.write))
