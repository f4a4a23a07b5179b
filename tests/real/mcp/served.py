"""A server under test as a child of a script: an HTTP server that writes its port, stopped by its id."""
import re
import select
import signal
import subprocess
import tempfile
import time


class Served:
    """`argv` serves over HTTP and says where: its port as the first line of standard output, or "http://...:PORT/" on standard
    error."""

    def __init__(self, argv, seconds=20, **more):
        self.errors = tempfile.TemporaryFile()
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, **more)
        self.port, until = None, time.monotonic() + seconds
        while not self.port and time.monotonic() < until and self.child.poll() is None:
            ready, _, _ = select.select([self.child.stdout], [], [], 0.02)
            line = self.child.stdout.readline() if ready else b""
            found = re.search(r"http://[^/ ]*:(\d+)/", self.said())
            self.port = int(line) if line.strip().isdigit() else int(found.group(1)) if found else None
        if not self.port:
            self.stop()
            raise RuntimeError("the server did not say where it listens: " + self.said())
        self.url = "http://127.0.0.1:%d/mcp" % self.port

    def said(self):
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    def stop(self, seconds=5):
        """Exit status after SIGTERM; None when it had to be killed."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            return None
        finally:
            self.child.stdout.close()

    def stop_problems(self):
        """What is wrong with how it ended."""
        status = self.stop()
        said = self.said()
        if status is None:
            yield "it did not end within five seconds of SIGTERM"
        elif status != 0:
            yield "it ended with status %d" % status
        if "ERROR: " in said or "runtime error" in said:
            yield said[-2000:]
