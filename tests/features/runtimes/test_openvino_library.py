"""OpenVINO says nothing to anybody."""

import subprocess
import sys

import pytest

from tests.support.processors import CAPABILITIES

pytestmark = pytest.mark.skipif(not CAPABILITIES, reason="OpenVINO is not installed here, or not for this processor")


@pytest.mark.usefixtures("own_folder")
def test_its_telemetry_never_sends():
    """Importing OpenVINO as imgsort does loads nothing that sends, and opens no connection. Its parts stay usable."""
    script = (
        "import os, sys\n"
        "events = []\n"
        "outside = ('socket.', 'subprocess.', 'os.fork', 'os.exec', 'os.posix_spawn')\n"
        "sys.addaudithook(lambda name, args: events.append(name) if name.startswith(outside) else None)\n"
        "from imgsort.features.runtimes.openvino_library import import_openvino\n"
        "from imgsort.features.runtimes.processor import processor_capabilities\n"
        "processor_capabilities()\n"
        "import_openvino().Core()\n"
        "print([name for name in sys.modules if 'telemetry' in name], events, 'openvino.tools.ovc' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] [] False"
