"""Joining JavaScript modules."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import imgsort.report.page
from imgsort.report.modules import joined

SOURCES = Path(imgsort.report.page.__file__).parent / "page"
MODULES = sorted(SOURCES.glob("*.js"))


def join(**texts):
    return joined("entry.js", lambda file: texts[file.removesuffix(".js")])


def test_what_is_imported_comes_first_and_once():
    """A module stands behind those that it imports, and one that two of them import stands there once."""
    text = join(
        entry='import { b } from "./b.js";\nimport { a } from "./a.js";\nb(a);\n',
        a="export const a = 1;\n",
        b='import {\n  a,\n} from "./a.js";\nexport function b(x) {\n  return x + a;\n}\n',
    )
    assert text.split() == "const a = 1; function b(x) { return x + a; } b(a);".split()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("export default 1;\n", "cannot be joined"),
        ("export { a };\n", "cannot be joined"),
        ("export let a = 1;\n", "cannot be joined"),
        ('import * as a from "./a.js";\n', "cannot be joined"),
        ('import "./a.js";\n', "cannot be joined"),
        ('import { a } from "https://x.example/a.js";\n', "cannot be joined"),
        ('const a = await import("./a.js");\n', "cannot be joined"),
        ("const { a, b } = c;\n", "cannot be joined"),
        ('import { a as b } from "./a.js";\n', "without `as`"),
        ('import { c } from "./a.js";\n', "a.js does not export"),
        ('import { a } from "./a.js";\nconst a = 2;\n', "the name a is also one of a.js"),
        ('import { a } from "./entry.js";\n', "in a circle: entry.js > entry.js"),
    ],
)
def test_what_is_not_plain_is_refused(text, reason):
    """A module that joining would change is an error that names the module and the line or the name."""
    with pytest.raises(ValueError, match=r"^entry\.js: ") as error:
        join(entry=text, a="export const a = 1;\n")
    assert reason in str(error.value)


def test_all_names_of_the_page_are_unique():
    """No two modules of the page have a name at their top in common, so that any of them can be joined."""
    everything = "".join(f'import {{}} from "./{file.name}";\n' for file in MODULES if file.name != "report.js")
    read = {file.name: file.read_text(encoding="utf-8") for file in MODULES} | {"entry.js": everything}
    text = joined("entry.js", read.__getitem__)
    assert "import {" not in text
    assert "export " not in text


def test_every_module_of_the_page_is_part_of_the_report():
    """No module lies about unused."""
    read = []
    joined("report.js", lambda file: read.append(file) or (SOURCES / file).read_text(encoding="utf-8"))
    assert sorted(read) == [file.name for file in MODULES]


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.name)
def test_a_module_says_what_it_is_for_and_is_not_too_long(file):
    """A module begins with a comment and has at most 300 lines. No text of data can become markup."""
    text = file.read_text(encoding="utf-8")
    assert text.startswith("// ")
    assert len(text.splitlines()) <= 300
    assert not any(word in text for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("))


def test_every_module_parses():
    """Node takes every module of the page, and the joined one."""
    node = shutil.which("node")
    if not node:
        pytest.skip("node is not installed; the tests in a browser run the modules all the same")
    joined_text = joined("report.js", lambda file: (SOURCES / file).read_text(encoding="utf-8"))
    script = (
        "const {SourceTextModule} = require('vm'); let text = ''; process.stdin.on('data', d => text += d)"
        ".on('end', () => JSON.parse(text).forEach(([name, t]) => new SourceTextModule(t, {identifier: name})))"
    )
    texts = [(file.name, file.read_text(encoding="utf-8")) for file in MODULES] + [("joined", joined_text)]
    done = subprocess.run(
        [node, "--experimental-vm-modules", "--no-warnings", "-e", script],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
