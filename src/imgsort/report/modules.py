"""Joins the page's JavaScript modules into one, because a page that is opened from a disk may not import others.

A module is joined if it is plain: `import { name } from "./file.js"` at its top, `export` only in front of a function,
a class or a constant, and no name at the top that another module has as well.
"""

import re
from collections.abc import Callable

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w.-]+\.js)";[ \t]*\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) )", re.MULTILINE)
_DECLARED = re.compile(r"^(?:export )?(?:async function\*?|function\*?|class|const|let|var) +([\w$]+)", re.MULTILINE)
_EXPORTED = re.compile(r"^export (?:async function|function|class|const) +([\w$]+)", re.MULTILINE)
_UNKNOWN = re.compile(r"^\s*(?:import\b(?!\.meta)|export\b).*|\bimport\s*\(|^(?:const|let|var) *[\[{].*", re.MULTILINE)
_NAME = re.compile(r"[\w$]+")


def joined(entry: str, read: Callable[[str], str]) -> str:
    """Return one module that does what the module `entry` and all that it imports do.

    `read` returns the text of a module by its file name. Raises ValueError if a module is not plain, as said above.
    """
    texts: dict[str, str] = {}
    _collect(entry, read, texts, [])
    owners: dict[str, str] = {}
    for file, text in texts.items():
        for name in _DECLARED.findall(text):
            if owners.setdefault(name, file) != file:
                raise ValueError(f"{file}: the name {name} is also one of {owners[name]}. Rename one of them.")
    return "\n".join(_plain(file, text) for file, text in texts.items())


def _collect(file: str, read: Callable[[str], str], texts: dict[str, str], importers: list[str]) -> None:
    """Add a module to `texts` after all that it imports."""
    if file in texts:
        return
    if file in importers:
        raise ValueError(f"{file}: modules import each other in a circle: {' > '.join([*importers, file])}.")
    text = read(file)
    for names, other in _IMPORT.findall(text):
        _collect(other, read, texts, [*importers, file])
        exported = set(_EXPORTED.findall(texts[other]))
        for name in filter(None, (name.strip() for name in names.split(","))):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{file}: imports {name!r}. Only plain names can be joined, without `as`.")
            if name not in exported:
                raise ValueError(f"{file}: imports {name}, which {other} does not export.")
    texts[file] = text


def _plain(file: str, text: str) -> str:
    plain = _EXPORT.sub("", _IMPORT.sub("", text))
    unknown = _UNKNOWN.search(plain)
    if unknown:
        raise ValueError(f"{file}: {unknown.group().strip()!r} cannot be joined. See the rules in report/modules.py.")
    return plain
