"""Tests that progress is shown on a terminal, and only there."""

import os
import sys

import pytest

from imgsort.cli.terminal import TerminalListener


def test_progress_is_silent_elsewhere(capsys):
    """If the output is a pipe or a file, only notices are written."""
    listener = TerminalListener(quiet=False)
    listener.progress("reading", 1, 2)
    assert listener.download_bar("vgg16") is None
    listener.notice("a\x1b[31mnotice")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "imgsort: a\\x1b[31mnotice\n"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo terminal")
def test_progress_shows_on_a_terminal(monkeypatch):
    """On a terminal tqdm draws a bar. With `quiet` it draws none."""
    import fcntl
    import pty
    import select
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
    with os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        listener = TerminalListener(quiet=False)
        listener.progress("reading", 1, 2)
        listener.progress("reading", 2, 2)
        bar = listener.download_bar("vgg16")
        bar.close()
        TerminalListener(quiet=True).progress("hidden", 1, 2)
        terminal.flush()
        drawn = ""
        while "fetching vgg16" not in drawn and select.select([master], [], [], 5)[0]:  # it comes in several parts
            drawn += os.read(master, 65536).decode()
    os.close(master)
    assert "reading" in drawn
    assert "fetching vgg16" in drawn
    assert "hidden" not in drawn
