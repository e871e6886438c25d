"""Writing a report: what is in the file, and what is not overwritten."""

import base64
import hashlib
import html
import json
import tomllib
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

import imgsort.report.page as report
from imgsort.errors import UsageError
from imgsort.report.page import write_report
from imgsort.report.shown_text import shown
from tests.conftest import PROJECT
from tests.report.pages import HOSTILE, full_page, page_of, webp, with_names
from tests.support.trees import read_tree

SMALL = [webp(0)] * 60


class Reader(HTMLParser):
    """Reads a page as a browser does: its elements, and the texts of its scripts and its style."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements = []
        self.is_inside = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append([tag, dict(attrs), ""])
        self.is_inside = True

    def handle_endtag(self, _):
        self.is_inside = False

    def handle_data(self, data):
        if self.is_inside:
            self.elements[-1][2] += data

    def texts(self, tag):
        return [text for name, _, text in self.elements if name == tag]

    def by_id(self, name):
        return next(text for _, attributes, text in self.elements if attributes.get("id") == name)


def read(file):
    return Reader(file.read_text(encoding="utf-8"))


@pytest.fixture
def few_inline(monkeypatch):
    """Let a page of more than ten images have sheets."""
    monkeypatch.setattr(report, "MOST_INLINE", 10)


def test_the_data_is_in_the_file(tmp_path):
    """The page holds all data, and each thumbnail exactly as it was given."""
    page = full_page()
    write_report(tmp_path / "a.html", page, [webp(number) for number in range(61)])
    written = read(tmp_path / "a.html")
    data = json.loads(written.by_id("page-data"))
    assert data["images"] == json.loads(json.dumps(page.to_json()["images"]))
    assert data["curves"][0]["lines"]["validation"] == [None, 0.8]
    thumbnails = json.loads(written.by_id("page-thumbnails"))
    assert [base64.b64decode(each) for each in thumbnails["webp"]] == [webp(number) for number in range(61)]
    assert list(read_tree(tmp_path)) == ["a.html"]


def test_the_policy_allows_what_is_in_the_page_and_nothing_else(tmp_path):
    """Each script that is run and the style have their hash in the policy, and the policy names no other source."""
    write_report(tmp_path / "a.html", page_of(), SMALL)
    written = read(tmp_path / "a.html")
    policy = next(each["content"] for tag, each, _ in written.elements if each.get("http-equiv"))
    rules = {name: set(values) for name, *values in (rule.split() for rule in policy.split(";"))}
    code = [text for tag, attributes, text in written.elements if tag == "script" and "id" not in attributes]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in code]
    assert len(hashes) == 3
    assert rules["script-src"] == set(hashes)
    style = hashlib.sha256(written.texts("style")[0].encode()).digest()
    assert rules["style-src"] == {f"'sha256-{base64.b64encode(style).decode()}'"}
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == {"'none'"}
    assert rules["img-src"] == {"data:"}
    assert not any("style" in attributes or "src" in attributes for _, attributes, _ in written.elements)


def test_no_name_becomes_markup(tmp_path):
    """A page with hostile names has the same elements as one with plain names, and the names as they are shown."""
    page = page_of()
    write_report(tmp_path / "plain.html", page, SMALL)
    write_report(tmp_path / "hostile.html", with_names(page, HOSTILE), SMALL)
    plain, hostile = read(tmp_path / "plain.html"), read(tmp_path / "hostile.html")
    assert [each[:2] for each in hostile.elements] == [each[:2] for each in plain.elements]
    data = json.loads(hostile.by_id("page-data"))
    assert [_shown(name) for name in data["images"]["names"][: len(HOSTILE)]] == [
        _shown(shown(name)) for name in HOSTILE
    ]
    assert [group["name"] for group in data["groups"]] == list(HOSTILE[:3])


@given(st.text(st.characters(codec=None)))
def test_any_text_is_harmless_in_a_script(text):
    """Whatever a text holds, its JSON is ASCII without `<`, so it ends no script; read again, it is the same."""
    written = report._json({text: [text]})
    assert written.isascii()
    assert "<" not in written
    ((name, (value,)),) = json.loads(written).items()
    assert _shown(name) == _shown(value) == _shown(text)


def _shown(text):
    """Return a name as a page shows it: what is no character is a replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def test_a_title_that_is_not_utf_8_is_shown_as_far_as_it_can_be(tmp_path):
    """A collection's name with odd bytes breaks neither the file nor its title."""
    write_report(tmp_path / "a.html", page_of(title="</title>a\udce9"), SMALL)
    assert read(tmp_path / "a.html").texts("title")[0].startswith("</title>a?: categorize")
    assert html.escape("</title>") in (tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("taken", ["a.html", "a_files/", "a_files"])
def test_nothing_is_overwritten(tmp_path, taken):
    """Where the file or its folder exists, even as a link to nothing, the report is refused and all stays as it was."""
    place = tmp_path / taken
    if taken.endswith("/"):
        place.mkdir()
    elif taken == "a_files":
        place.symlink_to("nowhere")
    else:
        place.write_bytes(b"mine")
    before = read_tree(tmp_path)
    with pytest.raises(UsageError, match=r"imgsort overwrites no file\. Give another name"):
        write_report(tmp_path / "a.html", page_of(), SMALL)
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize("late", ["a.html", "a_files"])
def test_what_appears_while_the_report_is_made_stays(tmp_path, few_inline, monkeypatch, late):
    """A file or a folder that someone makes meanwhile is not replaced, and no part of the report is left."""
    make = report.write_sheets

    def write_sheets(*arguments):
        (tmp_path / late).mkdir()
        return make(*arguments)

    monkeypatch.setattr(report, "write_sheets", write_sheets)
    with pytest.raises(FileExistsError):
        write_report(tmp_path / "a.html", page_of(), SMALL)
    assert [path.name for path in tmp_path.rglob("*")] == [late]


def test_an_interrupted_report_leaves_nothing(tmp_path, few_inline, monkeypatch):
    """Ctrl-C while the sheets are made leaves no file and no folder."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "write_sheets", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(tmp_path / "a.html", page_of(), SMALL)
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_without_hard_links_will_do(tmp_path, few_inline, monkeypatch):
    """Where no second name can be given to a file, the report is copied to its name, which must be free."""

    def no_links(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", no_links)
    write_report(tmp_path / "a.html", page_of(), SMALL)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a_files"]


def test_others_may_read_a_report_as_any_new_file(tmp_path, few_inline):
    """The report and its folder have the modes that new files and folders have."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    write_report(tmp_path / "a.html", page_of(), SMALL)
    assert (tmp_path / "a.html").stat().st_mode == (tmp_path / "file").stat().st_mode
    assert (tmp_path / "a_files").stat().st_mode == (tmp_path / "folder").stat().st_mode


def test_the_wheel_holds_the_sources():
    """The settings of the build name every source of the page, the vendored library and its licence."""
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    package = PROJECT / "src" / "imgsort"
    shipped = {
        path for glob in settings["tool"]["setuptools"]["package-data"]["imgsort"] for path in package.glob(glob)
    }
    assert {path for path in (package / "report" / "page").rglob("*") if path.is_file()} <= shipped


def test_the_vendored_library_is_what_its_note_says():
    """The note names the SHA-256 of each file of the library. The map loads these files, and the page holds them."""
    folder = report._SOURCES / "vendored"
    note = (folder / "README.md").read_text(encoding="utf-8")
    files = sorted(each.name for each in folder.iterdir() if each.name.endswith(".js"))
    assert files == list(report._LIBRARIES)
    for name in files:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() in note
        assert name in (report._SOURCES / "map.js").read_text(encoding="utf-8")
        assert "</script" not in (folder / name).read_text(encoding="utf-8").lower()
    assert (folder / "LICENSE").is_file()


def test_no_module_has_words_that_end_its_script():
    """The joined module holds no `</script` and no `<!--`, which a browser takes for the end of the script."""
    text = report.joined("report.js", report._source).lower()
    assert "</script" not in text
    assert "<!--" not in text
