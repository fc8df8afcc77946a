"""A hub with made users, each of whom runs a lesson to its end at the same time.

    .venv-hub/bin/python deploy/hub/trial.py --users 10 --lesson 02

The hub is that of jupyterhub_config.py, but for its users: they are made up, share this account
and need no password, so the hub listens on 127.0.0.1 only and stops with the trial. Everything
goes through the hub's proxy, as a browser's requests do. The figures go to docs/hub-02.json and
docs/hub.md, if it has a place for that lesson.
"""

import argparse
import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import nbformat
from figures import GUIDE, report, with_table
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect
from usage import processes, sample

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

SETTINGS = """
load_subconfig({config!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{ports[1]}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.JupyterHub.authenticator_class = "dummy"  # for the trial only: no password
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"  # one account plays every user, each with a home of its own
c.SimpleLocalProcessSpawner.home_dir_template = {folder!r} + "/users/{{username}}"
c.Spawner.args = {arguments!r}
c.JupyterHub.db_url = "sqlite://"  # in memory
c.JupyterHub.cookie_secret_file = {folder!r} + "/cookie_secret"
c.JupyterHub.log_level = "WARN"
c.JupyterHub.concurrent_spawn_limit = 0  # all at once
c.JupyterHub.services.append({{"name": "trial", "api_token": {token!r}}})
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles.append({{"name": "trial", "scopes": scopes, "services": ["trial"]}})
"""


class Hub:
    """A hub that lives as long as the block that enters it."""

    def __init__(self, folder: str):
        self.folder, self.token = Path(folder), secrets.token_hex(16)
        self.ports = free_ports(3)
        self.headers = {"Authorization": f"token {self.token}"}

    async def __aenter__(self):
        settings = self.folder / "config.py"
        root = os.getuid() == 0  # Jupyter asks to be told
        settings.write_text(
            SETTINGS.format(
                config=str(HERE / "jupyterhub_config.py"),
                ports=self.ports,
                folder=str(self.folder),
                token=self.token,
                arguments=["--allow-root"] if root else [],
            )
        )
        bins = [Path(sys.executable).parent, ROOT / ".venv-hub/node_modules/.bin"]
        path = os.pathsep.join([*map(str, bins), os.environ["PATH"]])
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(settings)],
            cwd=self.folder,
            env={**os.environ, "PATH": path},
            stdout=(log := (self.folder / "log").open("w")),
            stderr=log,
        )
        try:
            await until(self.answers)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_):
        self.process.send_signal(signal.SIGTERM)  # it stops its proxy and its users' servers
        try:
            await asyncio.to_thread(self.process.wait, 60)
        finally:
            self.process.kill()
            for one in processes(self.folder):
                os.kill(one, signal.SIGTERM)

    async def answers(self):
        """Its version, or None while it is not ready."""
        if self.process.poll() is not None:
            raise RuntimeError(f"The hub did not start:\n{(self.folder / 'log').read_text()}")
        try:
            return await self.ask("GET", "/hub/api/")
        except (OSError, HTTPClientError):  # its proxy is up before it
            return None

    async def ask(self, method: str, path: str, body: dict | None = None):
        """What the hub, or through its proxy a user's server, replies."""
        request = HTTPRequest(
            f"http://127.0.0.1:{self.ports[0]}{path}",
            method,
            self.headers,
            json.dumps(body) if body is not None else None,
            allow_nonstandard_methods=True,
            request_timeout=300,
        )
        response = await AsyncHTTPClient().fetch(request)
        return json.loads(response.body) if response.body else {}


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [it.getsockname()[1] for it in sockets]
    for it in sockets:
        it.close()
    return ports


async def until(condition):
    """Wait until it returns something, and return that."""
    while not (found := await condition()):
        await asyncio.sleep(0.2)
    return found


async def start(hub: Hub, name: str) -> float:
    """Start a user's server; the seconds until the hub says that it is ready."""
    await hub.ask("POST", f"/hub/api/users/{name}")
    begin = time.perf_counter()
    await hub.ask("POST", f"/hub/api/users/{name}/server", {})

    async def ready():
        server = (await hub.ask("GET", f"/hub/api/users/{name}"))["servers"].get("")
        if server is None:
            raise RuntimeError(f"the server of {name} did not start")
        return server["ready"]

    await until(ready)
    return time.perf_counter() - begin


async def run(hub: Hub, name: str, lesson: str) -> list[dict]:
    """Run a user's own copy of a lesson, cell by cell, as the browser does."""
    server = f"/user/{name}"
    path = f"evidence-ladder/notebooks/{lesson}"
    content = (await hub.ask("GET", f"{server}/api/contents/{path}?content=1"))["content"]
    cells = [cell for cell in nbformat.from_dict(content).cells if cell.cell_type == "code"]
    body = {"name": lesson, "path": path, "type": "notebook", "kernel": {"name": "python3"}}
    kernel = (await hub.ask("POST", f"{server}/api/sessions", body))["kernel"]["id"]
    address = f"ws://127.0.0.1:{hub.ports[0]}{server}/api/kernels/{kernel}/channels"
    socket = await websocket_connect(HTTPRequest(address, headers=hub.headers))
    return [await execute(socket, cell) for cell in cells]


async def execute(socket, cell) -> dict:
    """Run a cell; its seconds, and its error if it has one."""
    message, begin = secrets.token_hex(16), time.perf_counter()
    content = {"code": cell.source, "silent": False, "store_history": True, "allow_stdin": False}
    header = {"msg_id": message, "msg_type": "execute_request", "version": "5.4"}
    request = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    await socket.write_message(json.dumps({**request, "channel": "shell"}))
    waiting, error = {"reply", "idle"}, None
    while waiting:
        text = await socket.read_message()
        if text is None:
            return {"cell": cell.id, "seconds": time.perf_counter() - begin, "error": "kernel lost"}
        reply = json.loads(text)
        if reply["parent_header"].get("msg_id") != message:
            continue
        if reply["msg_type"] == "execute_reply":
            waiting.discard("reply")
        elif reply["content"].get("execution_state") == "idle":
            waiting.discard("idle")
        elif reply["msg_type"] == "error":
            error = f"{reply['content']['ename']}: {reply['content']['evalue'][:200]}"
    return {"cell": cell.id, "seconds": time.perf_counter() - begin, "error": error}


async def trial(names: list[str], lesson: str) -> dict:
    """All users start, then all run the lesson; what each used, and how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        async with Hub(folder) as hub:
            starts = await asyncio.gather(*(start(hub, name) for name in names))
            usage = {name: [sample(hub.folder / "users" / name)] for name in names}

            async def watch():
                while True:
                    for name in names:
                        usage[name].append(sample(hub.folder / "users" / name))
                        await asyncio.sleep(0)
                    await asyncio.sleep(1)

            watching = asyncio.create_task(watch())
            runs = await asyncio.gather(*(run(hub, name, lesson) for name in names))
            watching.cancel()
            for name in names:
                usage[name].append(sample(hub.folder / "users" / name))
    return report(names, lesson, starts, usage, runs)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--lesson", default="02")
    parser.add_argument("--minutes", type=float, default=20, help="then it stops, finished or not")
    parser.add_argument("--output", type=Path, help="instead of the guide's figures")
    given = parser.parse_args()
    lesson = next((ROOT / "notebooks").glob(f"{given.lesson}_*.ipynb")).name
    names = [f"student{number:02}" for number in range(1, given.users + 1)]
    limit = timedelta(minutes=given.minutes).total_seconds()
    result = asyncio.run(asyncio.wait_for(trial(names, lesson), limit))
    text = json.dumps(result, indent=2)
    print(text)
    (given.output or GUIDE.with_name(f"hub-{lesson[:2]}.json")).write_text(text + "\n")
    if not given.output:
        GUIDE.write_text(with_table(GUIDE.read_text(), result))
    sys.exit(bool(result["errors"]))


if __name__ == "__main__":
    main()
