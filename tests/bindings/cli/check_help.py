"""Help of every command of the table."""
from tool import Cases, Tool, command, width


def flag_of(param):
    cli = param.get("cli") or "--" + param["name"].replace("_", "-")
    return cli.split("|")


def help_problems(tool, row):
    done = tool.run(*command(row), "--help")
    if done.returncode or done.stderr:
        yield "exit %d: %s" % (done.returncode, done.stderr)
    for param in row["params"]:
        if "cli" in param.get("hidden", []) or param["type"] == "secret" and param["required"]:
            continue
        for word in flag_of(param):
            if word not in done.stdout:
                yield "%s is not in the help" % word
        for value in param.get("values", []):
            if value not in done.stdout:
                yield "value %s of %s is not in the help" % (value, param["name"])
        if param["description"].split()[0] not in done.stdout:
            yield "what %s is for is not in the help" % param["name"]
    for example in row.get("examples", []):
        if example["cli"] not in done.stdout:
            yield "the example '%s' is not in the help" % example["cli"]
    if row["description"].split()[0] not in done.stdout:
        yield "the description is not in the help"


def prose_too_wide(text, limit):
    """Examples are one line each, because they are to be copied."""
    return [line for line in text.splitlines() if width(line) > limit and not line.startswith("  msp-toolkit ")
            and not line.startswith("usage: ")]


def main():
    tool, cases = Tool(), Cases()
    rows = tool.operations()
    general = tool.run("--help")
    cases.check("general help ends well", [] if general.returncode == 0 and not general.stderr else [general.stderr])
    cases.check("general help names every command",
                [r["cli"] for r in rows if "  %s  " % r["cli"] not in general.stdout])
    cases.check("general help names every summary's first word",
                [r["cli"] for r in rows if r["summary"].split()[0] not in general.stdout])
    for row in rows:
        cases.check("help of " + row["cli"], help_problems(tool, row))
    for noun in sorted({r["cli"].split()[0] for r in rows if " " in r["cli"]}):
        done = tool.run(noun, "--help")
        mine = [r["cli"] for r in rows if r["cli"].split()[0] == noun and r["cli"] not in done.stdout]
        cases.check("help of " + noun, mine + (["exit %d" % done.returncode] if done.returncode else []))
    for columns in (60, 80, 100):
        texts = [tool.run("--help", "--width", str(columns)).stdout]
        texts += [tool.run(*command(r), "--help", "--width", str(columns)).stdout for r in rows[:8]]
        cases.check("help fits %d columns" % columns, [line for t in texts for line in prose_too_wide(t, columns)])
    done = tool.run("help", "client", "add")
    cases.check("help as a word", [] if done.returncode == 0 and "usage: msp-toolkit client add" in done.stdout
                else [done.stdout])
    bare = tool.run()
    cases.check("without a command: help on standard error, exit 2",
                [] if bare.returncode == 2 and "usage:" in bare.stderr and not bare.stdout else [str(bare)])
    noun = tool.run("client")
    cases.check("a noun alone: its commands, exit 2",
                [] if noun.returncode == 2 and "client add" in noun.stderr and not noun.stdout else [str(noun)])
    version = tool.run("--version")
    cases.check("version of program and library",
                [] if version.returncode == 0 and "msp-toolkit " in version.stdout and "libmsptk " in version.stdout
                else [version.stdout])
    tool.close()
    cases.end()


if __name__ == "__main__":
    main()
