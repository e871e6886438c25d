import json

import pytest

from imgsort.review.serving import app as serving
from tests.support.reviews import PORT, TOKEN, client_of, photos_in

OWN = f"http://127.0.0.1:{PORT}"
CHANGES = ["correct", "split", "like", "apply", "take_back", "train"]
DATA = ["page", "state", "progress", "plan.csv"]


@pytest.fixture
def client(tmp_path):
    photos_in(tmp_path / "in")
    (tmp_path / "kept").mkdir()
    return client_of(tmp_path / "in", tmp_path / "kept")


def refused(answer, *statuses):
    """Say whether an answer refuses, tells why, and gives no data."""
    allowed = statuses or (403,)
    return answer.status_code in allowed and set(answer.json()) == {"error"}


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper()])
def test_data_and_changes_need_the_token(client, token):
    """Without the token, or with another, no data is sent and nothing is changed."""
    client.headers.pop("X-Imgsort-Token")
    headers = {} if token is None else {"X-Imgsort-Token": token}
    for path in DATA:
        assert refused(client.get(f"/api/{path}", headers=headers)), path
    for path in CHANGES:
        assert refused(client.post(f"/api/{path}", headers=headers, json={})), path


def test_a_token_in_the_address_or_sent_twice_is_none(client):
    """The token counts in its header only, and only once."""
    client.headers.pop("X-Imgsort-Token")
    assert refused(client.get(f"/api/state?token={TOKEN}"))
    assert refused(client.get("/api/state", headers=[("X-Imgsort-Token", TOKEN), ("X-Imgsort-Token", TOKEN)]))
    assert client.get("/api/state", headers={"X-Imgsort-Token": TOKEN}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/state", "/image/x"])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"evil.example:{PORT}",
        "127.0.0.1",
        f"127.0.0.1:{PORT + 1}",
        f"127.0.0.1.evil.example:{PORT}",
        "",
    ],
)
def test_a_foreign_host_is_refused(client, host, path):
    """A name of somebody else that leads to this machine gets nothing, not even the page."""
    assert refused(client.get(path, headers={"Host": host}))


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LOCALHOST:{PORT}"])
def test_its_own_hosts_are_let_through(client, host):
    """The page may be opened by the address or by the name of this machine."""
    assert client.get("/api/state", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", f"https://127.0.0.1:{PORT}", f"http://127.0.0.1:{PORT + 1}", "file://", OWN + ".x"],
)
def test_a_foreign_origin_is_refused(client, origin):
    """Another page, even one of another port of this machine, is refused although it has the token."""
    assert refused(client.get("/api/state", headers={"Origin": origin}))
    assert refused(client.post("/api/apply", headers={"Origin": origin}, json={}))
    assert refused(client.get("/image/x", headers={"Origin": origin}))


def test_its_own_origin_is_let_through(client):
    """The page itself sends its origin with each change."""
    assert client.get("/api/state", headers={"Origin": OWN}).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "anything"])
def test_another_site_is_refused(client, site):
    """A browser says that a request comes from another site, or from another port of this one."""
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    for path in ("/", "/api/state", "/image/x"):
        assert refused(client.get(path, headers=headers))


def test_only_the_page_itself_can_be_opened_from_a_file(client):
    """The private file that opens the page is another site for a browser. Data is not reached in this way."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=headers).status_code in (200, 404)
    for path in ("/api/state", "/api/plan.csv", "/image/x"):
        assert refused(client.get(path, headers=headers))
    assert refused(client.get("/", headers={**headers, "Sec-Fetch-Dest": "iframe"}))


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_a_change_is_a_post(client, path, method):
    """No other method changes anything: a link or a picture cannot."""
    assert client.request(method, f"/api/{path}").status_code == 405


@pytest.mark.parametrize("path", DATA)
def test_data_is_not_posted(client, path):
    """What gives data takes nothing."""
    assert client.post(f"/api/{path}", json={}).status_code == 405


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_cannot_change_anything(client, kind):
    """A change is JSON by its type: a form of another site cannot send that."""
    headers = {} if kind is None else {"Content-Type": kind}
    body = json.dumps({"revision": 1, "correction": {"do": "rename", "group": 0, "name": "x"}})
    assert refused(client.post("/api/correct", content=body, headers=headers), 415)
    assert client.get("/api/state").json()["revision"] == 1


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "7", "[" * 100_000, "1" * 5000, '{"revision": NaN}', b"\xff"])
def test_a_body_that_is_no_object_is_refused(client, body):
    """Any bytes get an answer that says what is wrong."""
    headers = {"Content-Type": "application/json"}
    assert refused(client.post("/api/correct", content=body, headers=headers), 400, 422)


def test_a_body_that_is_too_large_is_refused(client, monkeypatch):
    """The server reads only as much as a correction can be, whatever length is announced."""
    monkeypatch.setattr(serving, "MAX_BODY_BYTES", 1000)
    headers = {"Content-Type": "application/json"}
    assert refused(client.post("/api/correct", content=b"x" * 1001, headers=headers), 413)
    pieces = (b"x" * 100 for _ in range(1000))
    assert refused(client.post("/api/correct", content=pieces, headers=headers), 413)


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/page/../../../etc/passwd",
        "/page/..%2f..%2f..%2fetc%2fpasswd",
        "/page/%2e%2e/server.py",
        "/page//etc/passwd",
        "/page/__init__.py",
        "/image/../../etc/passwd",
        "/image/..%2f..%2fetc%2fpasswd",
        "/image/00.png",
        "/image/00.png/large",
        "/image/0",
        "/image/",
        "/api/../etc/passwd",
        "/.imgsort/review/categorize.json",
        "/etc/passwd",
    ],
)
def test_nothing_is_reached_by_a_path(client, path):
    """Only the page's own files and the pictures of the plan are there; a path of the disk is none of them."""
    assert refused(client.get(path), 404, 405)


@pytest.mark.parametrize("path", ["/", "/api/state", "/api/nothing", "/image/x", "/nothing"])
def test_every_answer_says_what_a_browser_may_do(client, path):
    """The rules for the browser are on answers that refuse, too."""
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'none'"} <= set(policy)
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "set-cookie" not in headers and "access-control-allow-origin" not in headers
    if path.startswith("/api/"):
        assert headers["Cache-Control"] == "no-store"
