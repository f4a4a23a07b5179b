"""What is typed wrongly is refused with exit 2, a reason, and where to look."""
import json
import os
import shlex

from tool import Cases, Tool, command, expect


def main():
    tool, cases = Tool(), Cases()
    tool.run("client", "add", "Acme Corp")

    def wrong(name, args, *words):
        done = tool.run(*args)
        problems = list(expect(done, 2, "msp-toolkit: ", *words))
        cases.check(name, problems + (["something on standard output"] if done.stdout else []))

    wrong("unknown command", ["cliet", "list"], "did you mean 'client'", "msp-toolkit --help")
    wrong("unknown verb", ["client", "lst"], "did you mean 'client list'", "client --help")
    wrong("nothing near", ["qqqqqqqq"], "unknown command 'qqqqqqqq'")
    wrong("unknown flag", ["client", "list", "--teir", "gold"], "did you mean '--tier'", "client list --help")
    wrong("unknown flag with value", ["client", "list", "--teir=gold"], "did you mean '--tier'")
    wrong("flag without its value", ["client", "add", "X", "--tier"], "--tier needs a value")
    wrong("a flag is no value", ["client", "add", "X", "--tier", "--yes"], "--tier needs a value")
    wrong("switch with a value", ["client", "list", "--json=yes"], "takes no value")
    wrong("given twice", ["client", "add", "X", "--tier", "gold", "--tier", "bronze"], "given twice")
    wrong("one argument too many", ["client", "show", "acme-corp", "other"], "unexpected argument 'other'")
    wrong("missing argument", ["client", "show"], "needs CLIENT")
    wrong("missing flag or argument", ["client", "add"], "needs NAME")
    wrong("value outside the enum", ["client", "add", "X", "--tier", "glod"], "--tier", "did you mean 'gold'")
    wrong("value outside the bounds", ["client", "list", "--limit", "0"], "--limit")
    wrong("not a number", ["client", "list", "--limit", "many"], "--limit")
    wrong("hidden parameters are no flags", ["client", "list", "--cursor", "x"], "unknown flag '--cursor'")
    wrong("bad --fail-on", ["client", "list", "--fail-on", "sometimes"], "--fail-on")
    wrong("bad --timeout", ["client", "list", "--timeout", "soon"], "--timeout")
    wrong("bad --width", ["client", "list", "--width", "3"], "--width")
    wrong("a plan of what only reads", ["client", "list", "--plan"], "nothing that could be planned")
    wrong("a secret on the command line", ["secret", "set", "api", "--value=hunter2"], "never given on the command line")
    wrong("nobody to ask", ["client", "remove", "acme-corp"], "--yes")
    wrong("unknown shell", ["completion", "tcsh"], "bash, zsh and fish")
    done = tool.run("client", "lst", "--json")
    cases.check("a usage error as JSON",
                [] if done.returncode == 2 and json.loads(done.stdout)["error"]["code"] == "INVALID_PARAMETERS" and
                "did you mean" in done.stderr else [str(done)])
    done = tool.run("--json", "client", "list", "--limit", "0")
    cases.check("a refused value as JSON",
                [] if json.loads(done.stdout)["error"]["code"] == "INVALID_PARAMETERS" else [done.stdout])
    cases.check("global flags before the command", expect(tool.run("-q", "--json", "client", "list"), 0))
    cases.check("flags with =", expect(tool.run("client", "list", "--tier=bronze"), 0, "acme-corp", where="stdout"))
    cases.check("-- ends the flags", expect(tool.run("client", "add", "--", "--strange name"), 0, "strange-name",
                                            where="stdout"))
    cases.check("lists repeat", expect(tool.run("client", "add", "L", "--contacts", "a@b", "--contacts", "c@d,e@f"), 0,
                                       "a@b, c@d, e@f", where="stdout"))
    cases.check("maps repeat", expect(tool.run("client", "add", "M", "--fields", "a=1", "--fields", "b=two"), 0, "a 1, b two",
                                      where="stdout"))
    cases.check("lists as JSON", expect(tool.run("client", "add", "J", "--contacts", '["Doe, John"]'), 0, "Doe, John",
                                        where="stdout"))
    cases.check("text that is no UTF-8", expect(tool.run("client", "add", os.fsdecode(b"\xff\xfe")), 2, "UTF-8"))
    cases.check("--client for client_id", expect(tool.run("client", "show", "--client", "acme-corp"), 0))
    cases.check("the lines of the original design",
                expect(tool.run("client", "add", "--name", "Acme Two", "--contact", "john@acmecorp.com", "--tier", "premium"),
                       0, "acme-two", where="stdout"))
    cases.check("what a file lacks is told of its path",
                expect(tool.run("client", "import", "not-here.csv"), 3, "not-here.csv", "try: check the path"))
    cases.check("a configuration that is not there", expect(tool.run("--config", "no.yaml", "client", "list"), 3, "check the path"))
    cases.check("advice in a result names commands",
                expect(tool.run("client", "show", "acme-two"), 0, "'msp-toolkit device scan'", where="stdout"))
    cases.check("as JSON it names operations",
                expect(tool.run("client", "show", "acme-two", "--json"), 0, "device_scan", where="stdout"))
    tool.run("client", "remove", "acme-two", "--yes")
    cases.check("the id of a removed client", expect(tool.run("client", "add", "Acme Two"), 3, "another id with --id"))
    for row in tool.operations():
        for example in row.get("examples", []):
            done = tool.run("--yes", *shlex.split(example["cli"]), stdin="a-value\n")
            cases.check("the example '%s' is taken" % example["cli"], [done.stderr] if done.returncode == 2 else [])
        cases.check("%s refuses an unknown flag" % row["cli"],
                    expect(tool.run(*command(row), "--zzzzzzzzzz"), 2, "unknown flag '--zzzzzzzzzz'"))
    tool.close()
    cases.end()


if __name__ == "__main__":
    main()
