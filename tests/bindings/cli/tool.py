"""What the scripts of this directory share: the program, a workspace of its own for each, a terminal to run it on."""
import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools"))
from cases import Cases  # noqa: E402,F401

NAMES = ["Acme Corp", "Möbel Müller GmbH", "株式会社テスト商事", "شركة الاختبار", "Zoe\u0301 et Associe\u0301s", "👩\u200d👩\u200d👧 Family Care",
         "🇩🇪 Deutschland AG", "Αθήνα ΑΕ", "Ромашка ООО", "한국 주식회사", "A very long name of a company that no narrow terminal can hold"]
CONFIG = "general:\n  company_name: \"Test MSP\"\ndatabase:\n  type: sqlite\n  path: data/test.db\n"


def clean_environment(**more):
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("MSPTK_", "MSP_", "CLICOLOR", "NO_COLOR"))}
    keep.update(LC_ALL="C.UTF-8", TERM="xterm-256color", TZ="UTC")
    keep.pop("COLUMNS", None)
    keep.update(more)
    return keep


class Tool:
    def __init__(self, config=CONFIG):
        self.program, self.operations_program = (os.path.abspath(p) for p in sys.argv[1:3])
        self.place = tempfile.mkdtemp(prefix="msptk-cli-")
        with open(os.path.join(self.place, "msp-toolkit.yaml"), "w", encoding="utf-8") as f:
            f.write(config)

    def close(self):
        shutil.rmtree(self.place, ignore_errors=True)

    def run(self, *args, stdin=None, env=None, **more):
        """CompletedProcess with text; standard input is empty unless given."""
        return subprocess.run([self.program, *args], input=stdin if stdin is not None else "", cwd=self.place,
                              env=clean_environment(**(env or {})), capture_output=True, text=True, check=False, timeout=60,
                              **more)

    def fill(self):
        for name in NAMES:
            done = self.run("client", "add", name, "--tier", "gold", "--quiet")
            assert done.returncode == 0, done.stderr

    def operations(self):
        made = subprocess.run([self.operations_program], capture_output=True, check=True).stdout
        return [row for row in json.loads(made)["operations"] if row.get("cli") and "cli" in row["doors"]]

    def terminal(self, *args, columns=80, answer=None, env=None):
        return Terminal(self, args, columns, answer, env or {})


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, tool, args, columns, answer, env):
        self.shown, self.status = b"", None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(tool.place)
            os.execve(tool.program, [tool.program, *args], clean_environment(**env))
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        if answer is not None:
            self.wait_for(answer[0])
            self.send(answer[1])

    def send(self, text):
        os.write(self.fd, text.encode())

    def interrupt(self):
        os.kill(self.pid, signal.SIGINT)

    def read_some(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            got = os.read(self.fd, 65536)
        except OSError:
            got = b""
        self.shown += got
        return bool(got)

    def wait_for(self, text, seconds=20):
        end = time.monotonic() + seconds
        while text not in self.text() and time.monotonic() < end:
            if not self.read_some(0.5) and self.ended():
                break
        return text in self.text()

    def echo_is_on(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status is not None

    def end(self, seconds=30):
        """Waits for the end; the exit status, negative for a signal, None when it had to be killed."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.read_some(0.2) or not self.ended():
            if time.monotonic() >= end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                return None
        while self.read_some(0.05):
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(self.status)

    def text(self):
        return self.shown.decode("utf-8", "replace").replace("\r\n", "\n")


def width(text):
    """Columns of a line, told by this script's own reading of Unicode."""
    total, last, joined = 0, 0, False
    flags = 0
    for char in text:
        code = ord(char)
        if char == "\u200d":
            joined = last == 2
            continue
        if char == "\ufe0f":
            total += 2 - last if last == 1 else 0
            last = 2
            continue
        if unicodedata.category(char) in ("Mn", "Me", "Cf"):
            continue
        if 0x1F1E6 <= code <= 0x1F1FF:
            flags += 1
            total += 2 if flags % 2 else 0
            last = 2
            continue
        if 0x1F3FB <= code <= 0x1F3FF and last == 2:
            continue
        here = 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if joined:
            joined = False
            continue
        total += here
        last = here
    return total


def column_of(line, text):
    """The column at which `text` begins in a line."""
    return width(line[:line.index(text)])


ESCAPES = re.compile("\x1b\\[[0-9;]*[A-Za-z]")


def plain(text):
    return ESCAPES.sub("", text)


def command(row):
    return row["cli"].split()


def expect(done, code, *words, where="stderr"):
    """Problems of a finished run."""
    shown = getattr(done, where)
    if done.returncode != code:
        yield "exit %s instead of %d: %s" % (done.returncode, code, (done.stderr + done.stdout)[-300:])
    for word in words:
        if word not in shown:
            yield "%r is not in %s: %s" % (word, where, shown[-400:])
