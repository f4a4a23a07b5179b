"""Banned functions, sizes, complexity and slot names. usage: check_source.py SOURCE_ROOT LIBMSPTK_SO"""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
from cases import Cases, blank, files_below, line_of, read  # noqa: E402

UNSAFE = "strcpy strcat sprintf vsprintf gets strtok atoi system popen".split()
RUDE = "setlocale exit abort signal".split()
MEMORY = "malloc calloc realloc free strdup strndup".split()
MAX_FILE, MAX_FUNCTION, MAX_COMPLEXITY = 1000, 150, 25


def calls(clean, names):
    """(line, name) of each call; members of structs and our own longer names do not count."""
    for match in re.finditer(r"(?<![\w.>])(%s)[ \t]*\(" % "|".join(names), clean):
        yield line_of(clean, match.start()), match.group(1)


def banned_in(path, clean):
    module = path.startswith(("bindings/", "examples/", "lib/adapters/modules/"))
    names = list(UNSAFE)
    if not module:
        names += RUDE
        if not path.startswith("lib/base/"):
            names += MEMORY
    for line, name in calls(clean, names):
        yield "%s:%d: %s() is banned here" % (path, line, name)
    if not module:
        for match in re.finditer(r"\bfprintf[ \t]*\([ \t]*stderr\b", clean):
            yield "%s:%d: a library does not write to stderr" % (path, line_of(clean, match.start()))


def functions(clean):
    """(name, first line, last line, body) of each function; preprocessor lines are left out."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), clean, flags=re.M)
    depth, start, name = 0, 0, None
    last_end = 0
    for match in re.finditer(r"[{}]", code):
        if match.group(0) == "{":
            if depth == 0:
                head = code[last_end:match.start()]
                found = re.search(r"(\w+)\s*\((?:[^;{}]*)\)\s*$", head.rsplit(";", 1)[-1])
                name = found.group(1) if found and "=" not in head.rsplit(";", 1)[-1] else None
                start = match.start()
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                last_end = match.end()
                if name:
                    yield name, line_of(code, start), line_of(code, match.end()), code[start:match.end()]


def complexity(body):
    """McCabe's number, modified: a switch counts once, not once per case."""
    return 1 + len(re.findall(r"\b(?:if|for|while|switch)\b|&&|\|\||\?", body))


def too_big(path, clean):
    lines = clean.count("\n")
    if lines > MAX_FILE:
        yield "%s: %d lines, more than %d" % (path, lines, MAX_FILE)
    for name, first, last, body in functions(clean):
        if last - first + 1 > MAX_FUNCTION:
            yield "%s:%d: %s() has %d lines, more than %d" % (path, first, name, last - first + 1, MAX_FUNCTION)
        if complexity(body) > MAX_COMPLEXITY:
            yield "%s:%d: %s() has complexity %d, more than %d" % (path, first, name, complexity(body), MAX_COMPLEXITY)


GROUPS = {"device": "devices", "metric": "metrics", "alert": "alerts", "command": "commands", "script": "scripts",
          "deploy": "deploy", "patch": "patches", "backup": "backups", "ticket": "tickets", "adapter": None}
NOT_SLOTS = {"struct_size", "sdk_version", "info", "flags"}


def slot_problems(path, clean):
    """In a table of adapter `acme`, slot `list` of group `devices` is acme_devices_list."""
    parts = path.split("/")
    vendor = parts[3] if parts[2] == "modules" else parts[2]
    for table in re.finditer(r"\bmsptk_(\w+)_ops\s+\w+\s*=\s*\{(.*?)\}\s*;", clean, re.S):
        if table.group(1) not in GROUPS:
            continue
        group = GROUPS[table.group(1)]
        for slot, value in re.findall(r"\.(\w+)\s*=\s*([^,}]+)", table.group(2)):
            value = value.strip()
            if slot in NOT_SLOTS or value.startswith("&") or value in ("NULL", "0") or slot in GROUPS.values():
                continue
            want = "_".join([vendor] + ([group] if group else []) + [slot])
            if value != want:
                yield "%s:%d: slot '%s' is '%s', should be '%s'" % (path, line_of(clean, table.start()), slot, value, want)


def each(root, folders, endings, check):
    for path in files_below(root, folders, endings):
        yield from check(path, blank(read(os.path.join(root, path))))


def undefined_banned(library):
    out = subprocess.run(["nm", "-D", "--undefined-only", library], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        name = line.split()[-1].split("@")[0]
        plain = re.sub(r"^__(\w+)_chk$", r"\1", name)
        if plain in UNSAFE + RUDE:
            yield "%s uses %s" % (os.path.basename(library), name)


def planted(check, path, text, expected):
    """The check must find as many problems as were planted."""
    found = list(check(path, blank(text)))
    if len(found) != expected:
        yield "planted %d in %s, found %d: %s" % (expected, path, len(found), "; ".join(found))


def self_test():
    sins = 'int f(void)\n{\n strcpy(a, b); exit(1); free (p); x.free(p); y->exit(1); my_strcpy(a);\n' \
           ' /* system("x") */ g("abort()"); fprintf(stderr, "x");\n}\n'
    yield from planted(banned_in, "lib/work/a.c", sins, 4)
    yield from planted(banned_in, "lib/base/a.c", sins, 3)
    yield from planted(banned_in, "bindings/cli/a.c", sins, 1)
    branches = " if (a && b) c();\n" * 13
    yield from planted(too_big, "lib/a/a.c", "int f(int x,\n int y)\n{\n%s}\nstruct s { int a; };\n" % branches, 1)
    yield from planted(too_big, "lib/a/a.c", "int f(void)\n{\n%s}\n" % (" a();\n" * 149), 1)
    yield from planted(too_big, "lib/a/a.c", "int f(void)\n{\n%s}\n" % (" a();\n" * 148), 0)
    yield from planted(too_big, "lib/a/a.c", "int a;\n" * 1001, 1)
    table = "static const msptk_device_ops d = {\n .struct_size = sizeof(d), .list = %s,\n};\n" \
            "static const msptk_adapter_ops o = { .open = acme_open, .probe = %s, .devices = &d };\n"
    yield from planted(slot_problems, "lib/adapters/acme/a.c", table % ("acme_devices_list", "acme_probe"), 0)
    yield from planted(slot_problems, "lib/adapters/acme/a.c", table % ("list_devices", "probe"), 2)


def nm_self_test():
    with tempfile.TemporaryDirectory() as tmp:
        source, library = os.path.join(tmp, "a.c"), os.path.join(tmp, "a.so")
        with open(source, "w", encoding="utf-8") as f:
            f.write("extern void abort(void); void f(void) { abort(); }\n")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
        if not list(undefined_banned(library)):
            yield "an abort() in a shared object was not noticed"


def main():
    root, library = sys.argv[1:3]
    cases = Cases()
    code = (".c", ".h")
    cases.check("planted sins are found", self_test())
    cases.check("planted undefined symbols are found", nm_self_test())
    cases.check("no banned function in lib", each(root, ["lib"], code, banned_in))
    cases.check("no banned function in bindings and examples", each(root, ["bindings", "examples"], code, banned_in))
    cases.check("no banned function behind the shared object", undefined_banned(library))
    cases.check("files, functions and complexity within bounds",
                each(root, ["include", "lib", "bindings", "examples", "tests"], code, too_big))
    islands = [f for f in files_below(root, ["lib/adapters"], (".c",)) if f.count("/") > 2]
    cases.check("slots are named after vendor and group",
                [p for f in islands for p in slot_problems(f, blank(read(os.path.join(root, f))))])
    cases.end()


if __name__ == "__main__":
    main()
