"""`make lab` and `make lecture`: what the server says, serves and leaves alone."""

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from jupyter_client import BlockingKernelClient

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "classroom" / "config"
NUMBER = "01"
LESSON = next((ROOT / "notebooks").glob(f"{NUMBER}_*.ipynb"))


@dataclass
class Server:
    url: str
    line: str
    runtime: Path
    log: Path

    def __post_init__(self) -> None:
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self.opener = urllib.request.build_opener(jar)
        self.token = urlsplit(self.url).query.removeprefix("token=")

    def get(self, path: str, method: str = "GET", body: object = None) -> str:
        """The text at a path, or at the whole address."""
        parts = urlsplit(self.url)
        url = path if "://" in path else f"{parts.scheme}://{parts.netloc}/{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, method=method)
        request.add_header("Authorization", f"token {self.token}")
        with self.opener.open(request, timeout=300) as answer:
            return answer.read().decode()


@contextmanager
def serve(folder: Path, *command: str, root: Path = ROOT) -> Iterator[Server]:
    """Run `python classroom ...` of the course in `root` with an empty home, until it names its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "log.txt"
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "HOME", "IPYTHONDIR")
    environment = os.environ | {name: str(folder / name) for name in names}
    arguments = [sys.executable, root / "classroom", *command, "--no-browser", f"--port={port}"]
    with log.open("w") as file:
        process = subprocess.Popen(
            arguments, env=environment, stdout=file, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        end = time.monotonic() + 120
        while not (found := re.search(r"Open (http://\S+).*\n", log.read_text())):
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        yield Server(found[1], found[0], folder / "JUPYTER_RUNTIME_DIR", log)
    finally:
        process.terminate()
        process.wait(120)  # kernels included, on a machine with much to do


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("lab"), "lab") as server:
        yield server


@pytest.fixture(scope="module")
def lecture(tmp_path_factory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("lecture"), "lecture", NUMBER) as server:
        yield server


@pytest.mark.parametrize("name", ["lab", "lecture"])
def test_one_line_says_where_it_is_and_how_to_stop_it(name, request):
    server = request.getfixturevalue(name)
    server.get(server.url)
    assert server.log.read_text() == server.line
    assert "Ctrl+C" in server.line


def test_lab_opens_the_first_lesson_without_asking_for_news(lab):
    page = lab.get(lab.url)
    assert urlsplit(lab.url).path.startswith("/lab/tree/notebooks/00_")
    config = json.loads(re.search(r'(?s)id="jupyter-config-data"[^>]*>(.*?)</script>', page)[1])
    assert "@jupyterlab/apputils-extension:announcements" in config["disabledExtensions"]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        lab.get("nbclassic/tree")


def test_lecture_opens_the_lesson_in_the_classic_notebook(lecture):
    page = lecture.get(lecture.url)
    assert f'data-notebook-path="{LESSON.name}"' in page
    assert 'id="celllink"' in page, "there is no Cell menu"
    assert "migration plan" not in page
    parts = urlsplit(lecture.url)
    assert lecture.get(f"{parts.scheme}://{parts.netloc}/?{parts.query}") == page


def test_lecture_gives_the_slides_our_settings_and_runs_the_cells(lecture):
    ours = json.loads((CONFIG / "nbconfig" / "rise.json").read_text())
    assert json.loads(lecture.get("api/config/rise")) == ours
    extensions = json.loads(lecture.get("api/config/notebook"))["load_extensions"]
    assert extensions == {"rise/main": True, "jupyter-js-widgets/extension": True}
    script = (CONFIG / "custom" / "custom.js").read_text()
    assert lecture.get("custom/custom.js") == script
    # What the script relies on.
    assert '"slideshow", "RISE"' in lecture.get("nbextensions/rise/main.js")
    assert "async _loadFromKernel()" in lecture.get("nbextensions/jupyter-js-widgets/extension.js")
    assert "font-size" in lecture.get("files/rise.css")


def test_presenting_changes_a_copy(lecture):
    before = hashlib.sha256(LESSON.read_bytes()).digest()
    model = json.loads(lecture.get(f"api/contents/{LESSON.name}"))
    model["content"]["cells"].pop()
    lecture.get(f"api/contents/{LESSON.name}", "PUT", model)
    assert hashlib.sha256(LESSON.read_bytes()).digest() == before
    saved = json.loads(lecture.get(f"api/contents/{LESSON.name}"))["content"]["cells"]
    assert len(saved) == len(model["content"]["cells"])


def test_in_a_lecture_a_failing_claim_does_not_stop_the_kernel(lecture):
    kernel = json.loads(lecture.get("api/kernels", "POST", {"name": "python3"}))["id"]
    client = BlockingKernelClient(connection_file=str(lecture.runtime / f"kernel-{kernel}.json"))
    client.load_connection_file()
    client.start_channels(iopub=False, stdin=False, hb=False)
    try:
        client.execute("from course_utils.kit import claim; claim('One is two.', 1, equals=2)")
        reply = client.get_shell_msg(timeout=120)
        end = time.monotonic() + 120  # a kernel told to end in the middle of a cell remarks upon it
        while json.loads(lecture.get(f"api/kernels/{kernel}"))["execution_state"] == "busy":
            assert time.monotonic() < end, "the kernel does not come to rest"
            time.sleep(0.1)
    finally:
        client.stop_channels()
        lecture.get(f"api/kernels/{kernel}", "DELETE")
    assert reply["content"]["status"] == "ok"
    assert lecture.log.read_text() == lecture.line, "a kernel wrote on the terminal"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["lecture", "77"], "no lesson 77, only 00, 01"), (["lecture"], "lecture 01"), ([], "lab")],
)
def test_a_wrong_command_says_what_is_right(arguments, says):
    command = [sys.executable, ROOT / "classroom", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and says in done.stderr and "Traceback" not in done.stderr


def test_the_address_waits_for_the_port_and_a_thread_does_not_keep_a_stopped_server():
    """Jupyter opens its port in its loop; its threads that read files may outlive the server."""
    code = f"""
import runpy, threading
class Server:
    connection_url = "http://localhost:1/"
    calls = []
    class io_loop:
        def add_callback(call, *arguments, **named):
            Server.calls.append(lambda: call(*arguments, **named))
    def start(self):
        print("open", flush=True)
        for call in self.calls:
            call()
        threading.Thread(target=threading.Event().wait).start()
class App:
    serverapp_config = {{}}
    def initialize_server(arguments):
        return Server()
runpy.run_path({str(ROOT / "classroom" / "__main__.py")!r})["serve"](App, ".", "/lab", {{}}, [])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"open\nOpen http\S+ in a browser; Ctrl\+C here stops it.\n", done.stdout)
