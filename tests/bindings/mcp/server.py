"""What the scripts of this directory share: a workspace on the fake world, and the server behind stdio or HTTP."""
import base64
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from cases import Cases  # noqa: E402,F401
from wire import LEGACY, MODERN, complaints  # noqa: E402,F401

CONFIG = "general:\n  company_name: \"Test MSP\"\ndatabase:\n  type: sqlite\n  path: data/test.db\n"
WORLD = CONFIG + "adapters:\n  - {name: world, type: fake, devices: 4, problems: 1}\n"
SLOW = CONFIG + "adapters:\n  - {name: world, type: fake, devices: 4, latency_ms: 3000}\n"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}


def environment(**more):
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("MSPTK_", "MSP_"))}
    keep.update(LC_ALL="C.UTF-8", TZ="UTC")
    keep.update(more)
    return keep


class Workspace:
    def __init__(self, program, config=WORLD, clients=("Acme Corp", "Möbel Müller GmbH")):
        self.program = os.path.abspath(program)
        self.place = tempfile.mkdtemp(prefix="msptk-mcp-")
        with open(os.path.join(self.place, "msp-toolkit.yaml"), "w", encoding="utf-8") as f:
            f.write(config)
        for name in clients:
            self.tool("client", "add", name, "--tier", "gold", "--quiet")
        if clients and "adapters" in config:
            self.tool("device", "scan", "acme-corp")

    def tool(self, *args):
        done = subprocess.run([self.program, *args], cwd=self.place, env=environment(), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False, timeout=60)
        assert done.returncode in (0, 1), done
        return done.stdout

    def close(self):
        shutil.rmtree(self.place, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


class Stdio:
    """The server behind pipes. What it writes on standard error is kept in a file."""

    def __init__(self, space, *args, env=None, program=None):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([program or space.program, "mcp", *args], cwd=space.place, env=environment(**(env or {})),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, bufsize=0)
        self.held = b""
        self.seen = []

    def write(self, data):
        self.process.stdin.write(data if isinstance(data, bytes) else data.encode())

    def send(self, message):
        self.write((message if isinstance(message, str) else json.dumps(message)) + "\n")

    def line(self, timeout=10):
        """The next line as bytes; None when none comes."""
        until = time.monotonic() + timeout
        while b"\n" not in self.held:
            ready = select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))[0]
            data = os.read(self.process.stdout.fileno(), 1 << 20) if ready else b""
            if not data:
                return None
            self.held += data
        line, self.held = self.held.split(b"\n", 1)
        return line

    def read(self, timeout=10):
        line = self.line(timeout)
        message = json.loads(line) if line is not None else None
        if message is not None:
            self.seen.append(message)
        return message

    def ask(self, message, timeout=10):
        self.send(message)
        return self.read(timeout)

    def log(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.errors.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


class Http:
    """The server behind HTTP; each message is a request on a connection of its own."""

    def __init__(self, space, *args):
        self.errors = open(os.path.join(space.place, "http.log"), "wb+")
        self.process = subprocess.Popen([space.program, "mcp", "--http", "127.0.0.1:0", *args], cwd=space.place, env=environment(),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.errors)
        self.session = self.version = None
        self.port = self._port()

    def _port(self):
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            self.errors.seek(0)
            for line in self.errors.read().decode().splitlines():
                words = line.split("http://127.0.0.1:")
                if len(words) > 1:
                    return int(words[1].split("/")[0])
            time.sleep(0.02)
        raise RuntimeError("the server does not say its port")

    def post(self, body, headers=None, timeout=20):
        """(status, headers, messages) of one POST; those of an event stream are taken apart."""
        data = body if isinstance(body, bytes) else body.encode()
        lines = ["POST /mcp HTTP/1.1", "Host: 127.0.0.1:%d" % self.port, "Connection: close", "Content-Type: application/json",
                 "Accept: application/json, text/event-stream", "Content-Length: %d" % len(data)]
        lines += ["%s: %s" % pair for pair in (headers or {}).items()]
        with socket.create_connection(("127.0.0.1", self.port), timeout) as s:
            s.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
            try:
                s.sendall(data)
            except OSError:
                pass  # refused before all of it was read
            answer = b""
            try:
                while True:
                    part = s.recv(1 << 16)
                    if not part:
                        break
                    answer += part
            except ConnectionResetError:
                pass
        return _take_apart(answer)

    def ask(self, message, timeout=20):
        """As a client of the message's era would send it. (status, messages)"""
        headers = {}
        params = message.get("params") if isinstance(message, dict) else None
        meta = params.get("_meta") if isinstance(params, dict) else None
        if isinstance(meta, dict) and "io.modelcontextprotocol/protocolVersion" in meta:
            headers["MCP-Protocol-Version"] = meta["io.modelcontextprotocol/protocolVersion"]
            headers["Mcp-Method"] = message.get("method", "")
            name = params.get("name", params.get("uri"))
            if isinstance(name, str) and message.get("method") in ("tools/call", "prompts/get", "resources/read"):
                headers["Mcp-Name"] = name if name.isascii() and name.isprintable() and name == name.strip() else \
                    "=?base64?" + base64.b64encode(name.encode()).decode() + "?="
        elif self.session:
            headers["Mcp-Session-Id"] = self.session
            headers["MCP-Protocol-Version"] = self.version
        text = message if isinstance(message, str) else json.dumps(message)
        status, got, messages = self.post(text, headers, timeout)
        if got.get("mcp-session-id"):
            self.session = got["mcp-session-id"]
            self.version = messages[0]["result"]["protocolVersion"]
        return status, messages

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def _unchunk(body):
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        n = int(size.split(b";")[0] or b"0", 16)
        if not n:
            break
        whole, body = whole + body[:n], body[n + 2:]
    return whole


def _take_apart(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split()[1]) if len(lines[0].split()) > 1 else 0
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunk(body)
    if headers.get("content-type", "").startswith("text/event-stream"):
        events = body.decode().replace("\r\n", "\n").split("\n\n")
        data = ["\n".join(line[5:].lstrip(" ") for line in event.split("\n") if line.startswith("data:")) for event in events]
        return status, headers, [json.loads(d) for d in data if d.strip()]
    try:
        return status, headers, [json.loads(body)] if body.strip() else []
    except ValueError:
        return status, headers, []


def modern(method, id_=1, meta=None, **params):
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": {**params, "_meta": {**META, **(meta or {})}}}


def legacy(method, id_=1, **params):
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}


def initialize(version=LEGACY[0], id_=0, capabilities=None):
    return legacy("initialize", id_, protocolVersion=version, capabilities=capabilities or {},
                  clientInfo={"name": "harness", "version": "1"})


INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
