"""Tests that a name is the same text in a file, whatever the locale of the process that wrote it."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgsort.portable_text import local, local_tree, portable, portable_tree

NAMES = st.binary(min_size=1).map(os.fsdecode)


@given(NAMES)
def test_in_a_utf_8_process_names_stay_as_they_are(name):
    """Where names are UTF-8, as almost everywhere, files on disk are what they always were."""
    assert portable(name) == local(name) == name


def test_names_of_an_ascii_process_become_readable():
    """Old files that a process with ASCII names wrote hold escapes of UTF-8 bytes; they are the name all the same."""
    assert local("caf\udcc3\udca9") == "café"


def test_only_texts_change():
    """Numbers, None and booleans of JSON pass through."""
    value = {"caf\udcc3\udca9": ["caf\udcc3\udca9", 1, 0.5, None, True]}
    assert local_tree(value) == {"café": ["café", 1, 0.5, None, True]}
    assert portable_tree({"names": ("a", "b")}) == {"names": ["a", "b"]}


def test_what_can_be_no_name_is_an_error():
    """Half of a surrogate pair stands for no byte."""
    with pytest.raises(ValueError, match="surrogates"):
        local("\ud800")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are always UTF-8 there")
def test_a_process_with_other_names():
    """In an ASCII process, a name from disk becomes the text that a UTF-8 process gives it, and comes back."""
    script = (
        "import json, os; from imgsort.portable_text import *; names = [os.fsdecode(b) for b in "
        "(b'caf\\xc3\\xa9', b'\\xff', b'plain')]; "
        "print(json.dumps([portable_tree(names), [os.fsencode(local(portable(n))) == os.fsencode(n) for n in names]]))"
    )
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout) == [["café", "\udcff", "plain"], [True, True, True]]
