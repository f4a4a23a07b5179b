"""On a terminal: questions, secrets without echo, Ctrl-C."""
from tool import Cases, Tool


def main():
    tool, cases = Tool(), Cases()
    tool.fill()
    screen = tool.terminal("client", "remove", "acme-corp", answer=("[y/N]", "n\n"))
    code = screen.end()
    cases.check("no: nothing is taken away",
                [] if code == 3 and "delete client acme-corp" in screen.text() and "nothing was changed" in screen.text() and
                tool.run("client", "show", "acme-corp").returncode == 0 else ["exit %s" % code, screen.text()])
    screen = tool.terminal("client", "remove", "acme-corp")
    screen.wait_for("[y/N]")
    screen.interrupt()
    code = screen.end()
    cases.check("Ctrl-C at the question takes nothing away",
                [] if code == -2 and tool.run("client", "show", "acme-corp").returncode == 0 else ["exit %s" % code, screen.text()])
    screen = tool.terminal("client", "remove", "acme-corp", answer=("[y/N]", "y\n"))
    code = screen.end()
    cases.check("yes: it is gone", [] if code == 0 and tool.run("client", "show", "acme-corp").returncode == 3
                else ["exit %s" % code, screen.text()])
    screen = tool.terminal("secret", "set", "api")
    asked = screen.wait_for("value of api:")
    while screen.echo_is_on() and not screen.ended():
        screen.read_some(0.05)
    silent = not screen.echo_is_on()
    screen.send("hunter2-canary\n")
    code = screen.end()
    cases.check("a secret is asked for without echo",
                [] if asked and silent and code == 0 and "hunter2" not in screen.text() else ["exit %s" % code, screen.text()])
    screen = tool.terminal("secret", "set", "api2")
    screen.wait_for("value of api2:")
    screen.interrupt()
    while screen.read_some(0.2):
        pass
    echo = screen.echo_is_on() if not screen.ended() else None
    code = screen.end()
    cases.check("Ctrl-C at a secret gives the echo back", [] if code == -2 and echo is not False and "api2" not in
                tool.run("secret", "list").stdout else ["exit %s" % code, screen.text()])
    for columns in (40, 60, 100):
        screen = tool.terminal("client", "list", columns=columns)
        code = screen.end()
        cases.check("a table on %d columns" % columns, [] if code == 0 and "CLIENT" in screen.text() else [screen.text()])
    tool.close()
    cases.end()


if __name__ == "__main__":
    main()
