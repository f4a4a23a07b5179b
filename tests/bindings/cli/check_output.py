"""Tables and records: aligned in any script, as wide as asked, without a colour where none belongs."""
from tool import NAMES, Cases, Tool, column_of, plain, width


def aligned(text, title, values):
    """Every value begins under its title."""
    lines = text.splitlines()
    if not lines or title not in lines[0]:
        yield "no column %s: %s" % (title, lines[:1])
        return
    want = column_of(lines[0], title)
    for value in values:
        rows = [line for line in lines[1:] if value in line]
        if not rows:
            yield "no row with %s" % value
        for line in rows:
            if column_of(line, value) != want:
                yield "%s begins at column %d instead of %d" % (value, column_of(line, value), want)


def too_wide(text, limit):
    return ["%d columns: %s" % (width(line), line) for line in text.splitlines() if width(line) > limit]


def check_tables(tool, cases):
    whole = tool.run("client", "list")
    cases.check("names of any script are aligned", aligned(whole.stdout, "NAME", NAMES))
    lines = whole.stdout.splitlines()
    tier = column_of(lines[0], "TIER")
    cases.check("the column behind the names is straight",
                ["%d: %s" % (column_of(line, "gold"), line) for line in lines[1:] if column_of(line, "gold") != tier])
    cases.check("into a pipe nothing is cut", [n for n in NAMES if n not in whole.stdout])
    for columns in (40, 80, 200):
        done = tool.run("client", "list", "--width", str(columns))
        cases.check("a table fits %d columns" % columns, too_wide(done.stdout, columns))
        cases.check("the id stays at %d columns" % columns, [] if "acme-corp" in done.stdout else [done.stdout])
    narrow = tool.run("client", "list", "--width", "40").stdout
    cases.check("a cut cell says so", [] if "…" in narrow else [narrow])
    cases.check("without UTF-8 it says so in ASCII",
                [] if "..." in tool.run("client", "list", "--width", "40", env={"LC_ALL": "C"}).stdout else ["no dots"])
    cases.check("unimportant columns leave first", ["CONTACT is there"] if "CONTACT" in narrow else [])
    quiet = tool.run("client", "list", "--quiet").stdout
    cases.check("quiet: rows only", [quiet] if "CLIENT" in quiet or len(quiet.splitlines()) != len(NAMES) else [])
    none = tool.run("client", "list", "--search", "zzzz")
    cases.check("nothing to list is said beside the data",
                [] if none.returncode == 0 and not none.stdout and "no clients" in none.stderr else [str(none)])


def check_colours(tool, cases):
    def escapes(name, *args, want=False, env=None):
        done = tool.run(*args, env=env)
        cases.check(name, [] if ("\x1b" in done.stdout + done.stderr) == want else [done.stdout + done.stderr])

    escapes("no colour into a pipe", "client", "list")
    escapes("no colour in errors into a pipe", "client", "shw")
    escapes("CLICOLOR_FORCE colours", "client", "list", want=True, env={"CLICOLOR_FORCE": "1"})
    escapes("NO_COLOR wins", "client", "list", env={"CLICOLOR_FORCE": "1", "NO_COLOR": "1"})
    escapes("--no-color wins", "client", "list", "--no-color", env={"CLICOLOR_FORCE": "1"})
    escapes("an empty NO_COLOR is none", "client", "list", want=True, env={"CLICOLOR_FORCE": "1", "NO_COLOR": ""})
    for name, env, want in (("a terminal has colours", {}, True), ("NO_COLOR on a terminal", {"NO_COLOR": "1"}, False),
                            ("a dumb terminal has none", {"TERM": "dumb"}, False),
                            ("CLICOLOR=0 on a terminal", {"CLICOLOR": "0"}, False)):
        screen = tool.terminal("client", "list", env=env)
        code = screen.end()
        cases.check(name, [] if code == 0 and ("\x1b[" in screen.text()) == want else [screen.text()])


def check_records(tool, cases):
    record = tool.run("client", "show", "acme-corp").stdout
    cases.check("a record shows its fields",
                [word for word in ("ID", "acme-corp", "Name", "Acme Corp", "Created at", "UTC") if word not in record])
    cases.check("a record hides its schema", ["schema is shown"] if "msptk.client" in record else [])
    for columns in (40, 80, 200):
        done = tool.run("client", "show", "acme-corp", "--width", str(columns))
        cases.check("a record fits %d columns" % columns, too_wide(done.stdout, columns))
    berlin = tool.run("client", "show", "acme-corp", env={"TZ": "Asia/Tokyo"}).stdout
    cases.check("times are those of the reader's zone", [] if "JST" in berlin else [berlin])
    tool.run("client", "add", "Evil \u202egnp.exe", "--id", "evil")
    shown = tool.run("client", "show", "evil").stdout + tool.run("client", "list").stdout
    cases.check("hostile text is written out", [shown] if "\u202e" in shown or "\\u{202e}" not in shown else [])


def check_plans(tool, cases):
    plan = tool.run("client", "update", "acme-corp", "--tier", "silver", "--plan")
    cases.check("a plan is a diff", [] if plan.returncode == 0 and "tier: gold → silver" in plan.stdout else [plan.stdout])
    cases.check("a plan changes nothing", [] if "gold" in tool.run("client", "show", "acme-corp").stdout else ["changed"])
    token = plan.stdout.split("--plan-token ")[1].split()[0]
    done = tool.run("client", "update", "acme-corp", "--tier", "silver", "--plan-token", token)
    cases.check("the plan that was shown runs", [] if done.returncode == 0 and "silver" in done.stdout else [done.stderr])
    again = tool.run("client", "update", "acme-corp", "--tier", "bronze", "--plan-token", token)
    cases.check("a plan fits only what it was made for", [] if again.returncode == 3 else [str(again)])
    gone = tool.run("client", "remove", "evil", "--yes", "--json")
    cases.check("--yes takes away without asking", [] if gone.returncode == 0 and '"deleted":true' in gone.stdout else [str(gone)])


def main():
    tool, cases = Tool(), Cases()
    tool.fill()
    assert "\x1b" not in plain("\x1b[1mx\x1b[0m")
    check_tables(tool, cases)
    check_colours(tool, cases)
    check_records(tool, cases)
    check_plans(tool, cases)
    tool.close()
    cases.end()


if __name__ == "__main__":
    main()
