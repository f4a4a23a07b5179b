"""--json: one valid document, the operation's own, whole however many pages it has."""
import json
import subprocess
import sys

from tool import Cases, Tool, clean_environment, command


def main():
    tool, cases = Tool(), Cases()
    count = 250
    for i in range(count):
        tool.run("client", "add", "Client %d" % i, "--quiet")
    done = tool.run("client", "list", "--json")
    doc = json.loads(done.stdout)
    ids = [c["id"] for c in doc["clients"]]
    cases.check("a list has all pages", [] if len(set(ids)) == count and doc["count"] == count else ["%d ids" % len(ids)])
    cases.check("a whole list has no next page", [] if doc["next_cursor"] is None else [str(doc["next_cursor"])])
    cases.check("into a pipe it is one line", [] if done.stdout.count("\n") == 1 else ["%d lines" % done.stdout.count("\n")])
    part = json.loads(tool.run("client", "list", "--json", "--limit", "7").stdout)
    cases.check("a limit is kept", [] if len(part["clients"]) == 7 and part["count"] == 7 else [str(len(part["clients"]))])
    rows = tool.run("client", "list").stdout.splitlines()
    cases.check("a table has all pages too", [] if len(rows) == count + 1 else ["%d lines" % len(rows)])
    screen = tool.terminal("client", "list", "--json", "--limit", "3")
    code = screen.end()
    cases.check("on a terminal it is pretty",
                [] if code == 0 and '\n  "clients": [\n    {\n      "schema"' in screen.text() and json.loads(screen.text())
                else [screen.text()])
    done = tool.run("client", "show", "nobody", "--json")
    error = json.loads(done.stdout)["error"]
    cases.check("an error is an object on standard output and a sentence on standard error",
                [] if done.returncode == 3 and error["code"] == "CLIENT_NOT_FOUND" and error["details"]["suggestion"] and
                "client list" in done.stderr else [str(done)])
    plan = json.loads(tool.run("client", "add", "New One", "--plan", "--json").stdout)
    cases.check("a plan as JSON", [] if plan["changes"] and plan["plan_token"] else [str(plan)])
    for row in tool.operations():
        required = [p for p in row["params"] if p["required"]]
        if row["effect"] != "read" or required or row["name"] in ("doctor",):
            continue
        done = tool.run(*command(row), "--json")
        try:
            doc = json.loads(done.stdout)
        except ValueError as error:
            doc = {"not JSON": str(error)}
        schema = row["result"]["schema"]
        cases.check("%s --json is valid" % row["cli"],
                    [] if done.returncode in (0, 1) and doc.get("schema") == schema else [str(done), str(doc)[:200], schema])
    both = [subprocess.Popen([tool.program, "client", "add", "Both %d" % i, "--json"], cwd=tool.place,
                             env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            for i in range(6)]
    made = [(json.loads(p.communicate(timeout=60)[0]).get("id"), p.returncode) for p in both]
    cases.check("several at once", [] if {i for i, _ in made} == {"both-%d" % i for i in range(6)} and
                not any(code for _, code in made) else [str(made)])
    tool.close()
    cases.end()


if __name__ == "__main__":
    sys.exit(main())
