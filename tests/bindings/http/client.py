"""What the scripts of this directory share: a server of their own, and requests as raw bytes."""
import json
import os
import re
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from cases import Cases  # noqa: E402,F401

META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


class Server:
    def __init__(self, address="127.0.0.1:0", turns=1, **env):
        self.process = subprocess.Popen([sys.argv[1], sys.argv[2], address, str(turns)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=dict(os.environ, **env))
        self.said = self.process.stdout.readline().decode().strip()
        self.port = int(self.said) if self.said.isdigit() else 0

    def next_turn(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        self.port = int(self.process.stdout.readline())

    def end(self):
        """(exit status, seconds)"""
        began = time.monotonic()
        self.process.stdin.close()
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "killed"
        self.process.stdout.close()
        return status, time.monotonic() - began

    def connect(self):
        return Client(self.port)

    def ask(self, data, count=1):
        with self.connect() as c:
            c.send(data)
            return [c.answer() for _ in range(count)][-1]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return "%s %r %r" % (self.status, self.headers, self.body[:200])


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.held = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def more(self):
        got = self.socket.recv(65536)
        self.held += got
        return bool(got)

    def until(self, mark):
        while mark not in self.held:
            if not self.more():
                raise EOFError(repr(self.held[-200:]))
        part, self.held = self.held.split(mark, 1)
        return part

    def take(self, count):
        while len(self.held) < count:
            if not self.more():
                raise EOFError(repr(self.held[-200:]))
        part, self.held = self.held[:count], self.held[count:]
        return part

    def head(self):
        lines = self.until(b"\r\n\r\n").decode().split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:])}
        return int(lines[0].split()[1]), headers

    def chunk(self):
        return self.take(int(self.until(b"\r\n"), 16) + 2)[:-2]

    def answer(self):
        """One whole answer; a stream up to its end."""
        status, headers = self.head()
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while True:
                part = self.chunk()
                if not part:
                    return Answer(status, headers, body)
                body += part
        return Answer(status, headers, self.take(int(headers.get("content-length", 0))))

    def event(self):
        """The next message of a stream, comments passed over; None at its end."""
        while True:
            part = self.chunk()
            if not part:
                return None
            found = re.match(rb"event: message\ndata: (.*)\n\n\Z", part, re.S)
            if found:
                return json.loads(found.group(1))

    def ended(self, seconds=10):
        """Whether the other side closes, whatever it says before."""
        self.socket.settimeout(seconds)
        try:
            while self.more():
                pass
            return True
        except ConnectionError:
            return True
        except OSError:
            return False


def request(method, body=None, path="/mcp", version="HTTP/1.1", **headers):
    """Bytes of a request; underscores of header names become hyphens, None leaves one out."""
    fields = {"Host": "localhost", "Accept": "application/json, text/event-stream"}
    if body is not None:
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields.update({"Content-Type": "application/json", "Content-Length": str(len(body))})
    fields.update({k.replace("_", "-"): v for k, v in headers.items()})
    lines = ["%s %s %s" % (method, path, version)] + ["%s: %s" % (k, v) for k, v in fields.items() if v is not None]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


def modern(method, id_=1, params=None, **headers):
    named = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}.get(method)
    params = dict(params or {}, _meta=dict(META, **(params or {}).get("_meta", {})))
    fields = {"MCP_Protocol_Version": "2026-07-28", "Mcp_Method": method}
    if named:
        fields["Mcp_Name"] = params[named]
    fields.update(headers)
    return request("POST", {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}, **fields)


def call(name, id_=1, **more):
    return modern("tools/call", id_, dict({"name": name}, **more))


INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
              "params": {"protocolVersion": "2025-11-25", "capabilities": {"elicitation": {}}, "clientInfo": {"name": "t", "version": "1"}}}
PING = {"jsonrpc": "2.0", "id": 2, "method": "ping"}


def expect(got, want, what=""):
    return [] if got == want else ["%s: %r instead of %r" % (what, got, want)]


def statuses(server, table):
    """(name, bytes, status[, header that must be there]) -> cases."""
    for name, data, status, *header in table:
        try:
            got = server.ask(data)
            found = expect(got.status, status, name)
            found += ["no %s: %r" % (h, got) for h in header if h not in got.headers]
        except (OSError, EOFError) as e:
            found = ["%s: %r" % (name, e)]
        yield name, found
