"""A real S3 server, moto's, as a process of its own on the loopback, and a bucket for each test."""

import importlib.util
import itertools
import os
import socket
import subprocess
import sys
import time
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import pytest

from imgsort.storage import retrying
from tests.support.requirements import skip_or_fail
from tests.support.s3_proxy import Behaviour, Proxy, ask

_numbers = itertools.count(1)


class Bucket:
    """A bucket of the test's own, behind a proxy whose `behaviour` a test may change."""

    def __init__(self, port: int, proxy: Proxy) -> None:
        self.name, self.port, self.proxy = f"bucket-{next(_numbers)}", port, proxy
        self.ask("PUT", "")

    @property
    def behaviour(self) -> Behaviour:
        return self.proxy.behaviour

    def address(self, prefix: str = "") -> str:
        return f"s3://{self.name}/{prefix}"

    def ask(self, method: str, key: str, body: bytes = b"", query: str = "") -> bytes:
        path = f"/{self.name}" + (f"/{quote(key, safe='/')}" if key else "") + query
        answer, content = ask(self.port, method, path, body, {})
        assert answer.status < 300, (method, key, answer.status, content)
        return content

    def put(self, tree: dict[str, bytes]) -> None:
        for key, content in tree.items():
            self.ask("PUT", key, content)

    def tree(self) -> dict[str, bytes]:
        """Return every object of the bucket, straight from the server."""
        listed = ElementTree.fromstring(self.ask("GET", "", query="?list-type=2&encoding-type=url"))
        keys = [unquote(name.text) for name in listed.findall("{*}Contents/{*}Key")]
        assert listed.findtext("{*}IsTruncated") == "false"
        return {key: self.ask("GET", key) for key in keys}


@pytest.fixture(scope="session")
def s3_port():
    """The port of the server. The test is skipped where moto or s3fs is missing."""
    for package in ("moto", "flask", "s3fs"):
        if importlib.util.find_spec(package) is None:
            skip_or_fail("s3", f"needs {package}: pip install '.[s3]' 'moto[server]'")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 240
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert time.monotonic() < deadline and server.poll() is None, "moto's server does not start"
                time.sleep(0.05)
        yield port
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="session")
def s3_proxy(s3_port):
    """The proxy before the server. It is one for all tests: a client that was opened once goes on with it."""
    proxy = Proxy(s3_port)
    yield proxy
    proxy.close()


@pytest.fixture
def bucket(s3_port, s3_proxy, tmp_path, monkeypatch):
    """An empty bucket, with credentials made up and a state folder of its own."""
    s3_proxy.behave()
    for name, value in {
        "AWS_ENDPOINT_URL": s3_proxy.url,
        "AWS_ACCESS_KEY_ID": "made-up-key",
        "AWS_SECRET_ACCESS_KEY": "made-up-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr(retrying, "_LONGEST_PAUSE_SECONDS", 0.01)
    yield Bucket(s3_port, s3_proxy)
    s3_proxy.behave()
