"""A real S3 server, moto's, as a process of its own on the loopback, and a bucket for each test."""

import importlib.util
import itertools
import socket
import subprocess
import sys
import time
from urllib.parse import quote

import pytest

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
        import botocore.session

        client = botocore.session.get_session().create_client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="made-up",
            aws_secret_access_key="made-up",
        )
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        keys = [record["Key"] for page in pages for record in page.get("Contents", ())]
        found = {key: client.get_object(Bucket=self.name, Key=key)["Body"].read() for key in keys}
        client.close()
        return found


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
        deadline = time.monotonic() + 60
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


@pytest.fixture
def bucket(s3_port, tmp_path, monkeypatch):
    """An empty bucket, with credentials made up and a state folder of its own."""
    proxy = Proxy(s3_port)
    for name, value in {
        "AWS_ENDPOINT_URL": proxy.url,
        "AWS_ACCESS_KEY_ID": "made-up-key",
        "AWS_SECRET_ACCESS_KEY": "made-up-secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    yield Bucket(s3_port, proxy)
    proxy.close()
