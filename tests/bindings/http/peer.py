"""What the scripts of this directory share: the small server as a process, and clients that write bytes themselves."""
import json
import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from cases import Cases  # noqa: E402,F401

MODERN, LEGACY = "2026-07-28", "2025-11-25"
META = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
PROGRAM = os.path.abspath(sys.argv[1])
# An answer takes longer under a sanitizer or valgrind, and beside other tests.
PATIENCE = 10


class Server:
    def __init__(self, address="127.0.0.1:0", **settings):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([PROGRAM, address] + ["%s=%d" % s for s in settings.items()], stdout=subprocess.PIPE,
                                        stderr=self.errors, stdin=subprocess.DEVNULL)
        self.next_port()

    def next_port(self):
        line = self.process.stdout.readline()
        self.port = int(line) if line.strip() else 0
        return self.port

    def log(self):
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    def cpu(self):
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as f:
            fields = f.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def connect(self, buffer=None):
        return Client(self.port, buffer)

    def exchange(self, data, timeout=PATIENCE):
        """One request on a connection of its own; the answer, or None when it was closed without one."""
        with self.connect() as c:
            c.send(data)
            return c.answer(timeout, data.startswith(b"HEAD "))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)

    def close(self):
        """Problems with how it ended."""
        if self.process.poll() is None:
            self.stop()
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process.stdout.close()
        said = self.log()
        self.errors.close()
        return (["exit status %s" % code] if code else []) + [said[-3000:]] * ("Sanitizer" in said or "runtime error" in said)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        problems = self.close()
        assert kind or not problems, problems


class Answer:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.fields = [line.split(":", 1) for line in lines[1:]]
        self.body = body

    def field(self, name):
        found = [value.strip() for key, value in self.fields if key.lower() == name]
        return found[0] if found else None

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    def text(self):
        return self.json().get("result", {}).get("content", [{}])[0].get("text")


class Client:
    """A connection. Nothing is sent that the caller did not write."""

    def __init__(self, port, buffer=None):
        self.socket = socket.socket()
        if buffer:  # what the kernel takes for a client that does not read
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.held = b""  # without the framing of chunks
        self.raw = b""  # a chunk that is not complete
        self.chunked = self.over = False

    def send(self, data):
        try:
            self.socket.sendall(data if isinstance(data, bytes) else data.encode())
        except (BrokenPipeError, ConnectionResetError):
            pass

    def more(self, until):
        """False when nothing came in time; b"" in `held` does not change when it was closed."""
        if not select.select([self.socket], [], [], max(0, until - time.monotonic()))[0]:
            return None
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        self.take(data)
        return bool(data)

    def take(self, data):
        if not self.chunked:
            self.held += data
            return
        self.raw += data
        while b"\r\n" in self.raw:
            size, rest = self.raw.split(b"\r\n", 1)
            length = int(size, 16)
            if len(rest) < length + 2:
                break
            self.held += rest[:length]
            self.raw = rest[length + 2:]
            if not length:
                self.over = True
                self.chunked = False
                self.held, self.raw = self.held + self.raw, b""

    def head(self, timeout=PATIENCE):
        until = time.monotonic() + timeout
        while b"\r\n\r\n" not in self.held:
            if not self.more(until):
                return None
        head, rest = self.held.split(b"\r\n\r\n", 1)
        found = Answer(head, b"")
        self.chunked, self.over, self.held = found.field("transfer-encoding") == "chunked", False, b""
        self.take(rest)
        return found

    def answer(self, timeout=PATIENCE, bodyless=False):
        until = time.monotonic() + timeout
        found = self.head(timeout)
        if found is None or bodyless or found.status == 204:
            return found
        size = int(found.field("content-length") or -1)
        while not self.over and (size < 0 or len(self.held) < size):
            if not self.more(until):
                break
        size = len(self.held) if size < 0 else size
        found.body, self.held = self.held[:size], self.held[size:]
        return found

    def event(self, timeout=PATIENCE):
        """What comes next on a stream: a message, ":" for a comment, None when it ended or nothing came."""
        until = time.monotonic() + timeout
        while b"\n\n" not in self.held:
            if self.over or not self.more(until):
                return None
        one, self.held = self.held.split(b"\n\n", 1)
        found = re.search(rb"^data: (.*)$", one, re.M)
        return json.loads(found.group(1)) if found else ":"

    def ended(self, timeout=PATIENCE):
        """Whether the stream comes to its end within the time."""
        until = time.monotonic() + timeout
        while not self.over:
            got = self.more(until)
            if not got:
                return got is False
        return True

    def closed(self, timeout=PATIENCE):
        """Whether the server ends the connection within the time."""
        until = time.monotonic() + timeout
        while True:
            got = self.more(until)
            if not got:
                return got is False

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def request(body=None, method="POST", path="/mcp", version="HTTP/1.1", **fields):
    """Bytes of a request. Fields are named with underscores; None leaves one out, a list repeats it."""
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    all_fields = {"Host": "127.0.0.1", "Accept": "application/json, text/event-stream"}
    if method == "POST" or data:
        all_fields.update({"Content-Type": "application/json", "Content-Length": str(len(data))})
    all_fields.update({name.replace("_", "-"): value for name, value in fields.items()})
    lines = ["%s %s %s" % (method, path, version)]
    for name, value in all_fields.items():
        for one in value if isinstance(value, list) else [] if value is None else [value]:
            lines.append("%s: %s" % (name, one))
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + data


def call(tool, n=0, number=1, meta=None, **fields):
    """A modern call of a tool, which is cancelled when its client goes."""
    body = {"jsonrpc": "2.0", "id": number, "method": "tools/call",
            "params": {"name": tool, "arguments": {"n": n}, "_meta": dict(META, **(meta or {}))}}
    return request(body, **dict({"MCP_Protocol_Version": MODERN, "Mcp_Method": "tools/call", "Mcp_Name": tool}, **fields))


def legacy(session, method="ping", number=1, params=None, **fields):
    body = {"jsonrpc": "2.0", "method": method, "params": params or {}}
    if number is not None:
        body["id"] = number
    return request(body, Mcp_Session_Id=session, MCP_Protocol_Version=LEGACY, **fields)


def legacy_call(session, tool, n=0, number=1):
    return legacy(session, "tools/call", number, {"name": tool, "arguments": {"n": n}})


HELLO = {"jsonrpc": "2.0", "id": 0, "method": "initialize",
         "params": {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}}


def begin(server, **fields):
    """A session; the answer to initialize when there is none."""
    got = server.exchange(request(HELLO, **fields))
    session = got.field("mcp-session-id")
    if not session:
        return got
    server.exchange(legacy(session, "notifications/initialized", None, **fields))
    return session


def listen(server, session, **fields):
    c = server.connect()
    c.send(request(method="GET", Mcp_Session_Id=session, MCP_Protocol_Version=LEGACY, **fields))
    return c


def counts(server):
    """How many calls of slow tools were (finished, cancelled)."""
    got = server.exchange(call("count")) or server.exchange(call("count"))
    return tuple(int(n) for n in re.findall(r"\d+", got.text()))


def eventually(ask, timeout=PATIENCE):
    until = time.monotonic() + timeout
    while not ask():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def alive(server):
    got = server.exchange(call("who"))
    return [] if got and got.status == 200 else ["a sound request is answered %s" % (got and got.status)]


def wants(got, status):
    found = got.status if got else "nothing"
    return [] if found in (status if isinstance(status, tuple) else (status,)) else ["answered %s, not %s" % (found, status)]
