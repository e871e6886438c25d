"""Draws the house: the folders of the source with their rooms, and arrows to what each of them uses.

    python tools/draw_house.py docs/house.png

Folders and rooms, and what they are for, are read from `src/imgsort`; arrows from the imports. The PNG says in its
text which rooms it shows, so that a test can tell when it is out of date.
"""

import argparse
import ast
import textwrap
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

import imgsort

SOURCE = Path(imgsort.__file__).parent

# Left edge, bottom, width and height of each folder in the picture, in columns and rows: what uses others stands above.
PLACES = {
    "cli": (0, 9.85, 4, 0.9),
    "review": (0, 8.4, 4, 1.1),
    "jobs": (0, 7.0, 4, 1.1),
    "learning": (1, 4.65, 1, 2.0),
    "features": (0, 2.35, 1, 2.0),
    "images": (0, -0.05, 1, 2.05),
    "grouping": (1, -0.05, 1, 2.05),
    "filing": (2, -0.05, 1, 2.05),
    "report": (3, -0.05, 1, 2.05),
}
COLOURS = {
    "cli": "#e8e8e8",
    "review": "#f5efd0",
    "jobs": "#d5e3f5",
    "learning": "#f3d6d6",
    "features": "#cfe8e2",
    "images": "#cfe8e2",
    "grouping": "#f6e3c5",
    "filing": "#e3dcf0",
    "report": "#e8e8e8",
}
# Between columns there is a little room, in which arrows pass by.
_GAP = 0.14


def rooms_of(folder: str) -> list[str]:
    """Return the names of the rooms of a folder, in order."""
    return sorted(path.parent.name for path in (SOURCE / folder).glob("*/__init__.py"))


def purpose_of(folder: str) -> str:
    """Return the first sentence of a folder's docstring."""
    text = ast.get_docstring(ast.parse((SOURCE / folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).partition(". ")[0].rstrip(".")


def uses(folder: str) -> list[str]:
    """Return the other folders that a folder imports from; what only type checkers import does not count."""
    found = set()
    for file in (SOURCE / folder).rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for_types = [
            node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        ]
        skipped = {id(inner) for node in for_types for inner in ast.walk(node)}
        for node in ast.walk(tree):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if module.startswith("imgsort.") and id(node) not in skipped:
                found.add(module.split(".")[1])
    return sorted((found & set(PLACES)) - {folder})


def described() -> str:
    """Return all that the picture shows, as text."""
    return "; ".join(f"{folder}: {', '.join(rooms_of(folder))} -> {', '.join(uses(folder))}" for folder in PLACES)


def draw(picture: Path) -> None:
    """Write the picture."""
    figure = Figure(figsize=(11, 9), dpi=110)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-0.05, 4.05), ylim=(-0.2, 11.3))
    axes.axis("off")
    axes.text(0.05, 11.05, "An arrow leads from a folder to what it uses.", fontsize=9, color="#333333", va="center")
    for folder in PLACES:
        _draw_box(axes, folder)
        for used in uses(folder):
            _draw_arrow(axes, folder, used)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, format="png", metadata={"Software": None, "Description": described()})


def _draw_box(axes: Any, folder: str) -> None:
    left, bottom, columns, height = PLACES[folder]
    box = (left + _GAP / 2, bottom), columns - _GAP, height
    axes.add_patch(
        FancyBboxPatch(*box, boxstyle="round,pad=0,rounding_size=0.05", facecolor=COLOURS[folder], edgecolor="#555555")
    )
    x, top, is_wide = left + _GAP / 2 + 0.05, bottom + height, columns > 1
    axes.text(x, top - 0.13, folder, fontsize=13, fontweight="bold", va="top")
    purpose = textwrap.wrap(purpose_of(folder), 110 if is_wide else 36)
    axes.text(x + 0.5 * is_wide, top - 0.18 - 0.37 * (not is_wide), "\n".join(purpose[:3]), fontsize=8, va="top")
    rooms = ("     " if is_wide else "\n").join(rooms_of(folder))
    axes.text(x, bottom + 0.12, rooms, fontsize=10, va="bottom", family="monospace", linespacing=1.3)


def _draw_arrow(axes: Any, folder: str, used: str) -> None:
    left, bottom, columns, _ = PLACES[folder]
    to_left, to_bottom, to_columns, to_height = PLACES[used]
    to_top = to_bottom + to_height
    is_below = left <= to_left < left + columns
    if is_below and not _in_between(folder, used):
        x = to_left + to_columns / 2
        _arrow(axes, [(x, bottom), (x, to_top)])
    elif is_below:  # past those in between, and in from the side
        x = to_left + (1 if to_left == 0 else 0)
        side = to_left + 1 - _GAP / 2 if to_left == 0 else to_left + _GAP / 2
        _arrow(axes, [(x, bottom), (x, to_bottom + to_height / 2), (side, to_bottom + to_height / 2)])
    else:
        start = left + columns / 2 + 0.3 * (1 if to_left > left else -1)
        _arrow(axes, [(start, bottom), (to_left + to_columns / 2 - 0.3 * (1 if to_left > left else -1), to_top)])


def _in_between(folder: str, used: str) -> bool:
    """Say whether another folder stands in the column between two."""
    column, low, high = PLACES[used][0], PLACES[used][1], PLACES[folder][1]
    return any(left == column and low < bottom < high for left, bottom, _, _ in PLACES.values())


def _arrow(axes: Any, points: list[tuple[float, float]]) -> None:
    *line, last = points
    axes.plot(*zip(*line, strict=True), color="#777777", lw=1.2, zorder=0)
    style = {"arrowstyle": "-|>", "color": "#777777", "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=last, xytext=line[-1], arrowprops=style, zorder=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path)
    draw(parser.parse_args().picture)
