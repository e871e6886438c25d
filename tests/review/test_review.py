"""Runs the real command and talks to it over a real socket. Plans are mostly saved ones or those of `check`."""

import os
import shutil
import signal
import socket
import stat
import sys
import time
from pathlib import Path

import pytest
import uvicorn
from click.testing import CliRunner

from imgsort.cli import main
from imgsort.csv_file import write_csv
from imgsort.filing.planning.plan_file import HEADER
from imgsort.jobs.organize.categorize import categorize
from imgsort.jobs.organize.history import history
from imgsort.jobs.organize.undo import undo
from tests.support.pictures import encode, gradient
from tests.support.reviews import groups_of, id_of, photos_in
from tests.support.trees import make_tree, names, read_tree

ENDING = [getattr(signal, name, signal.SIGTERM) for name in ("SIGINT", "SIGTERM", "SIGHUP")]
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs signals of POSIX")


@pytest.fixture
def plan(tmp_path):
    """A plan for twelve pictures in three categories, as `--plan` writes it."""
    tree = photos_in(tmp_path / "in")
    root = (tmp_path / "in").resolve()
    place = (str(root), str(root), "move", "")
    folders = [f"category_{number % 3 + 1}" for number in range(len(tree))]
    rows = [(name, folder, None, 0.5, f"{folder}/{name}", *place) for name, folder in zip(tree, folders, strict=True)]
    write_csv(tmp_path / "plan.csv", HEADER, rows)
    return tmp_path / "plan.csv"


@pytest.fixture
def photos(plan, tmp_path):
    return tmp_path / "in"


def test_corrections_survive_a_killed_server_and_are_offered_again(reviews, plan, photos):
    """After kill -9, the next review offers them. Taken up, applied and taken back, they make the trees they say."""
    before = read_tree(photos)
    served = reviews.start("--plan", plan)
    served.correct(do="rename", group=0, name="Red")
    state = served.correct(do="move", images=[1, 4], to=0)
    served.kill()
    again = reviews.start("--plan", plan)
    offered = again.get("/api/state")
    assert offered["offered"]["corrections"] == 2 and groups_of(offered)["category_1"] == [0, 3, 6, 9]
    taken = again.correct(do="take_offered")
    assert groups_of(taken) == groups_of(state) and taken["offered"] is None
    again.kill()
    third = reviews.start("--plan", plan)
    assert third.get("/api/state")["offered"]["corrections"] == 2
    third.correct(do="take_offered")
    third.ask("/api/apply", {})
    assert third.finish()["state"] == "done"
    assert sorted(os.listdir(photos / "Red")) == [f"{number:02d}.png" for number in (0, 1, 3, 4, 6, 9)]
    third.ask("/api/take_back", {})
    assert third.finish()["state"] == "done"
    assert read_tree(photos) == before
    third.correct(do="undo")
    code, told = third.end()
    assert code == 0 and "are kept" not in told
    assert read_tree(photos) == before


def test_corrections_are_offered_again_when_their_run_is_undone_elsewhere(reviews, plan, photos):
    """A whole run that `imgsort undo` takes back leaves the corrections for the next review."""
    served = reviews.start("--plan", plan)
    served.correct(do="rename", group=0, name="Red")
    served.ask("/api/apply", {})
    assert served.finish()["state"] == "done"
    code, told = served.end()
    assert code == 0 and "kept" not in told
    undo(photos)
    assert reviews.start("--plan", plan).get("/api/state")["offered"]["corrections"] == 1


def test_corrections_that_could_not_be_kept_are_not_said_to_be(reviews, plan, photos):
    """What the terminal says at the end is true."""
    served = reviews.start("--plan", plan)
    (photos / ".imgsort" / "review" / "plan.json.tmp").mkdir()
    state = served.correct(do="rename", group=0, name="Red")
    assert state["kept"] is False
    _, told = served.end()
    assert "not all kept" in told and "offers them again" not in told


@posix
@pytest.mark.parametrize("number", ENDING)
def test_ctrl_c_ends_it_cleanly_and_keeps_the_corrections(reviews, plan, photos, number):
    """The command ends with code 0 and says what is kept. Without corrections, nothing is left in the folder."""
    served = reviews.start("--plan", plan)
    assert served.end(number) == (0, "")
    assert sorted(os.listdir(photos)) == [f"{number:02d}.png" for number in range(12)]
    served = reviews.start("--plan", plan)
    served.correct(do="rename", group=0, name="Red")
    code, told = served.end(number)
    assert code == 0 and "1 correction is kept" in told and "Traceback" not in told
    assert "plan.json" in os.listdir(photos / ".imgsort" / "review")


def test_a_second_review_is_refused_and_works_when_the_first_is_gone(reviews, plan, photos):
    """Two reviews of one folder would apply two plans: the second is refused, until the first was killed."""
    served = reviews.start("--plan", plan)
    second = reviews.run("--plan", plan, "--no-browser")
    out, told = second.communicate(timeout=60)
    assert second.returncode == 1 and out == ""
    assert str(photos.resolve()) in told and f"process {served.process.pid}" in told
    served.kill()
    reviews.start("--plan", plan).kill()


def test_the_token_is_asked_for_and_told_nowhere(reviews, plan):
    """Requests over the socket need it. Neither the command line nor anything printed but the address holds it."""
    served = reviews.start("--plan", plan)
    for token in ("", "wrong"):
        assert served.ask("/api/page", token=token)[0] == 403
        assert served.ask("/api/apply", {}, token=token)[0] == 403
    assert served.ask("/page/../../../../etc/passwd")[0] == 404
    assert served.ask("/image/00.png")[0] == 404
    if os.path.exists(f"/proc/{served.process.pid}/cmdline"):
        with open(f"/proc/{served.process.pid}/cmdline", "rb") as line:
            assert served.token.encode() not in line.read()
    _, told = served.end()
    assert served.token not in told


def test_it_listens_on_this_machine_only(reviews, plan):
    """Another address of the machine answers nothing."""
    served = reviews.start("--plan", plan)
    port = int(served.address.rpartition(":")[2])
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=2):
        pass
    served.kill()


def test_a_port_that_is_taken_is_an_error(reviews, plan):
    """The message names the port, and nothing was looked at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = reviews.run("--plan", plan, "--no-browser", "--port", port)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 2 and f"--port {port}" in told


@posix
def test_the_browser_is_opened_by_a_private_file(reviews, plan, tmp_path):
    """The browser gets the name of a file that only this user can read. The token is in it, and in no argument."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    browser.chmod(0o755)
    process = reviews.run("--plan", plan, BROWSER=f"{browser} %s")
    asked = tmp_path / "asked"
    for _ in range(200):
        if asked.exists() and asked.read_text().endswith("\n"):
            break
        time.sleep(0.05)
    [url] = asked.read_text().split()
    assert url.startswith("file:///") and "token" not in url
    path = url.removeprefix("file://")
    page = Path(path).read_text(encoding="utf-8")
    assert "#token=" in page and "<script" not in page
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    process.send_signal(signal.SIGINT)
    out, told = process.communicate(timeout=60)
    assert process.returncode == 0 and out == "" and "#token=" not in told
    assert not os.path.exists(path) and not os.path.exists(os.path.dirname(path))


@posix
def test_without_a_browser_the_private_file_is_named(reviews, plan):
    """If no browser can be opened, the command names the file that leads to the page, and not the token."""
    process = reviews.run("--plan", plan, BROWSER="/nonexistent/browser", PATH="/nonexistent")
    line = process.stdout.readline()
    path = Path(line.strip().rpartition(": ")[2])
    assert "#token=" not in line and "#token=" in path.read_text(encoding="utf-8")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0 and not path.exists()


@pytest.fixture
def large_plan(tmp_path):
    """A plan that moves 3,000 small files to one folder."""
    folder = (tmp_path / "large").resolve()
    folder.mkdir()
    picture = encode(gradient(), "PNG")
    place = (str(folder), str(folder), "move", "")
    files = [f"{number}.png" for number in range(3000)]
    for number, file in enumerate(files):
        (folder / file).write_bytes(picture + b"%d" % number)
    write_csv(tmp_path / "large.csv", HEADER, [(file, "all", None, None, f"all/{file}", *place) for file in files])
    return tmp_path / "large.csv"


def applying(served, folder):
    """Apply the plan, and return when the first files have moved."""
    served.ask("/api/apply", {})
    while not (folder / "all").exists():
        assert served.get("/api/progress")["state"] == "working"


@posix
@pytest.mark.parametrize("number", ENDING)
def test_ctrl_c_in_the_middle_of_an_apply_stops_it_and_undo_takes_it_back(reviews, large_plan, number):
    """The run is recorded as stopped and the code says so: every file is at one place, and undo puts all back."""
    folder = large_plan.with_suffix("")
    before = read_tree(folder)
    served = reviews.start("--plan", large_plan)
    applying(served, folder)
    code, told = served.end(number)
    status = history(folder).runs[-1].status
    assert status in ("stopped", "done")  # done: it was quicker than the signal
    assert code == (130 if status == "stopped" else 0) and "Traceback" not in told
    assert told.count("imgsort undo") == (status == "stopped")
    assert len(names(folder)) == 3000
    undo(folder)
    assert read_tree(folder) == before


@posix
@pytest.mark.parametrize("number", ENDING)
def test_a_signal_while_the_plan_is_made_leaves_nothing(reviews, photos, tmp_path, number):
    """It ends as Ctrl-C does: locks and temporary files are gone."""
    (tmp_path / "temporary").mkdir()
    process = reviews.run(photos, "--no-browser", "--model", "efficientnet-lite0", TMPDIR=str(tmp_path / "temporary"))
    while not (photos / ".imgsort" / "review" / "owner").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in told
    assert not (photos / ".imgsort").exists() and os.listdir(tmp_path / "temporary") == []


@posix
def test_requests_that_are_cut_off_leave_no_traceback(reviews, plan):
    """Neither a tab that is closed while it sends, nor Ctrl-C meanwhile, is anything to tell of."""
    served = reviews.start("--plan", plan)
    port = int(served.address.rpartition(":")[2])
    head = (
        f"POST /api/correct HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Imgsort-Token: {served.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"
    )
    with socket.create_connection(("127.0.0.1", port)) as closed:
        closed.sendall(head.encode())
    with socket.create_connection(("127.0.0.1", port)) as open_one:
        open_one.sendall(head.encode())
        served.get("/api/state")
        assert served.end() == (0, "")


def test_a_temporary_folder_that_was_cleaned_away_is_no_error(reviews, plan, photos, tmp_path):
    """Whoever tidies /tmp meanwhile neither ends the review nor makes what was applied look failed."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    served = reviews.start("--plan", plan, TMPDIR=str(temporary))
    for folder in os.listdir(temporary):
        shutil.rmtree(temporary / folder)
    served.ask("/api/apply", {})
    assert served.finish()["state"] == "done"
    for folder in os.listdir(temporary):
        shutil.rmtree(temporary / folder)
    assert served.end() == (0, "")


def test_a_review_that_is_killed_in_the_middle_of_an_apply_loses_nothing(reviews, large_plan):
    """The next review brings the files in order before it looks at them, and says so; undo puts all back."""
    folder = large_plan.with_suffix("")
    before = read_tree(folder)
    served = reviews.start("--plan", large_plan)
    applying(served, folder)
    served.kill()
    again = reviews.run(folder, "--command", "check", "--exclude", "*")
    _, told = again.communicate(timeout=60)
    assert "was killed earlier" in told or history(folder).runs[-1].status == "done"
    assert len(names(folder)) == 3000
    undo(folder)
    assert read_tree(folder) == before


def test_corrections_of_copies_are_kept_in_the_output(reviews, plan, photos, tmp_path):
    """The collection of copies may be on a medium that cannot be written: nothing is written there."""
    text = plan.read_text(encoding="utf-8-sig")
    root = str(photos.resolve())
    copies = text.replace(f",{root},{root},move,", f",{root},{tmp_path.resolve() / 'out'},copy,")
    plan.write_text(copies, encoding="utf-8")
    served = reviews.start("--plan", plan)
    served.correct(do="rename", group=0, name="Red")
    served.kill()
    assert os.listdir(tmp_path / "out" / ".imgsort" / "review").count("plan.json") == 1
    assert not (photos / ".imgsort").exists()
    assert reviews.start("--plan", plan).get("/api/state")["offered"]["corrections"] == 1


def test_a_check_is_reviewed_with_its_folders(reviews, tmp_path):
    """The groups of a check are the folders in Rejected; an image that a person keeps stays where it is."""
    folder = tmp_path / "in"
    photos_in(folder)
    (folder / "good.png").write_bytes(encode(gradient(200, 300), "PNG"))
    served = reviews.start(folder, "--command", "check")
    state = served.get("/api/state")
    groups = groups_of(state)
    assert {group["name"] for group in state["groups"] if group["kind"] == "rejected"} >= {"Rejected/too-small"}
    assert len(groups["Rejected/too-small"]) == 12 and 12 not in groups["Rejected/too-small"]
    served.correct(do="move", images=[0], to=id_of(state, "Stays where it is"))
    served.correct(do="create", name="Keepers", images=[1])
    served.ask("/api/apply", {})
    assert served.finish()["state"] == "done"
    tree = names(folder)
    assert {"00.png", "Keepers/01.png", "Rejected/too-small/02.png"} <= set(tree)
    served.end()


def test_a_plan_keeps_the_names_that_a_person_gave_to_files(reviews, plan, photos, tmp_path):
    """An image that nobody moves goes to the very target of the plan; renaming its group changes only the folder."""
    text = plan.read_text(encoding="utf-8-sig").replace("category_1/00.png", "category_1/first.png")
    plan.write_text(text.replace("category_2/01.png", "category_2/second.png"), encoding="utf-8")
    served = reviews.start("--plan", plan)
    state = served.correct(do="rename", group=0, name="Red")
    served.correct(do="move", images=[2], to=id_of(state, "category_2"))
    served.ask("/api/apply", {})
    assert served.finish()["state"] == "done"
    assert {"Red/first.png", "category_2/second.png", "category_2/02.png"} <= set(names(photos))
    served.end()


def test_a_check_takes_its_own_limits_and_reasons(reviews, tmp_path):
    """The review plans what `check --move` with the same options plans."""
    folder, plan = tmp_path / "in", tmp_path / "plan.csv"
    photos_in(folder)
    options = ("--reason", "too-small", "--reason", "blank", "--min-side", "10", "--min-contrast", "200")
    served = reviews.start(folder, "--command", "check", *options)
    assert CliRunner().invoke(main, ["check", str(folder), "--move", "--plan", str(plan), *options]).exit_code == 0
    assert served.ask("/api/plan.csv") == (200, plan.read_bytes())
    served.end()


def test_outliers_take_their_own_options(reviews, photos, tmp_path):
    """The review plans what `outliers` with the same options plans; --neighbors is that of knn."""
    plan = tmp_path / "mine.csv"
    options = ("--method", "knn", "--max", "2", "--neighbors", "3", "--model", "efficientnet-lite0")
    served = reviews.start(photos, "--command", "outliers", *options)
    assert CliRunner().invoke(main, ["outliers", str(photos), "--plan", str(plan), *options]).exit_code == 0
    assert served.ask("/api/plan.csv") == (200, plan.read_bytes())
    served.end()


def test_a_batch_of_an_inbox_is_reviewed_and_applied(reviews, photos, tmp_path):
    """`--command watch --into` shows the inbox alone. What is applied goes into the categories, and comes back."""
    inbox = tmp_path / "inbox"
    make_tree(inbox, {f"new{n}.png": (photos / f"{n:02d}.png").read_bytes() + b"new" for n in range(3)})
    categorize(photos, clusters=3, model="efficientnet-lite0", size=64)
    before = read_tree(inbox), read_tree(photos)
    served = reviews.start(inbox, "--command", "watch", "--into", photos)
    served.ask("/api/apply", {})
    assert served.finish()["state"] == "done"
    assert names(inbox) == {}
    filed = {path for path in names(photos) if "new" in path}
    assert len(filed) == 3 and all(path.startswith(("category_", "Unsorted/")) for path in filed)
    served.ask("/api/take_back", {})
    assert served.finish()["state"] == "done"
    assert (read_tree(inbox), read_tree(photos)) == before
    served.end()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "folder"),
        (["IN", "--command", "outliers", "--clusters", "3"], "--clusters"),
        (["IN", "--command", "check", "--model", "vgg16"], "--model"),
        (["IN", "--method", "knn"], "--method does not go with --command categorize"),
        (["IN", "--command", "check", "--max", "3"], "--max does"),
        (["IN", "--command", "outliers", "--min-side", "3"], "--min-side does"),
        (["IN", "--command", "outliers", "--reason", "blank"], "--reason does"),
        (["IN", "--command", "outliers", "--threshold", "1"], "--threshold needs --method knn"),
        (["IN", "--command", "outliers", "--confidence", "0.5"], "--confidence does"),
        (["IN", "--command", "check", "--reason", "ugly"], "--reason"),
        (["--plan", "PLAN", "--max-distance", "3"], "--max-distance does"),
        (["IN", "--command", "classify"], "--classifier"),
        (["IN", "--command", "classify", "--classifier", "PLAN", "--names"], "--names"),
        (["IN", "--command", "watch"], "--into"),
        (["IN", "--command", "watch", "--output", "IN"], "--into"),
        (["IN", "--command", "watch", "--classifier", "PLAN"], "--into"),
        (["IN", "--command", "watch", "--into", "IN", "--output", "IN"], "--output does not go with"),
        (["IN", "--command", "watch", "--classifier", "PLAN", "--output", "IN", "--into", "IN"], "--into does not"),
        (["IN", "--command", "watch", "--into", "IN", "--recursive"], "--recursive does"),
        (["IN", "--command", "watch", "--into", "IN", "--confidence", "0.5"], "--confidence does"),
        (["IN", "--into", "IN"], "--into does"),
        (["--plan", "PLAN", "--recursive"], "--recursive"),
        (["--plan", "PLAN", "--command", "check"], "--command"),
        (["--plan", "PLAN", "ELSEWHERE"], "this plan is for"),
        (["IN", "--copy"], "--output"),
        (["IN", "--copy", "--symlink"], "--symlink"),
        (["IN", "--classifier", "PLAN"], ".keras"),
        (["IN", "--classifier", "TAKEN"], "exists"),
        (["IN", "--port", "70000"], "--port"),
    ],
)
def test_options_that_do_not_fit_are_told_before_anything_is_read(monkeypatch, plan, photos, arguments, word):
    """Each exits with code 2, names the option, and leaves the folder as it is."""
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_: pytest.fail("a review is served"))
    taken, elsewhere = plan.with_name("taken.keras"), plan.with_name("elsewhere")
    taken.touch()
    elsewhere.mkdir()
    places = {"IN": photos, "PLAN": plan, "TAKEN": taken, "ELSEWHERE": elsewhere}
    line = ["review", *(str(places.get(argument, argument)) for argument in arguments), "--no-browser"]
    result = CliRunner().invoke(main, line)
    assert (result.exit_code, result.stdout) == (2, "") and word in result.stderr
    assert not (photos / ".imgsort").exists()
