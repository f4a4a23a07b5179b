"""Floors, islands and thin consumers (docs: rooms.txt beside this file). usage: check_includes.py SOURCE_ROOT"""
import fnmatch
import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "tools"))
from cases import Cases, blank, files_below, line_of, read  # noqa: E402

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.M)


class Rooms:
    def __init__(self, path):
        self.floor, self.pairs, self.islands = {}, set(), []
        self.foreign, self.plain, self.door_pairs, self.excepted = {}, [], set(), set()
        for line in read(path).splitlines():
            words = line.split("#")[0].split()
            if words:
                getattr(self, "take_" + words[0].replace("-", "_"))(*words[1:])

    def take_floor(self, number, *rooms):
        self.floor.update((room, int(number)) for room in rooms)

    def take_pair(self, one, other):
        self.pairs.add((one, other))

    def take_island(self, folder):
        self.islands.append(folder)

    def take_foreign(self, pattern, *places):
        self.foreign.setdefault(pattern, []).extend(places)

    def take_plain(self, *headers):
        self.plain.extend(headers)

    def take_door_pair(self, one, other):
        self.door_pairs.add((one, other))

    def take_except(self, path, header):
        self.excepted.add((path, header))

    def island_of(self, path):
        folder = os.path.dirname(path)
        while folder:
            if any(fnmatch.fnmatch(folder, i) for i in self.islands):
                return folder
            folder = os.path.dirname(folder)
        return None

    def pair_problems(self):
        """Pairs join rooms of one floor, and never in a circle."""
        for one, other in sorted(self.pairs):
            if one not in self.floor or self.floor.get(one) != self.floor.get(other):
                yield "pair %s %s: not two rooms of one floor" % (one, other)
        for room in sorted(self.floor):
            seen, todo = set(), [room]
            while todo:
                here = todo.pop()
                for one, other in self.pairs:
                    if one == here and other not in seen:
                        seen.add(other)
                        todo.append(other)
            if room in seen:
                yield "the pairs of '%s' lead back to it" % room


def inside(path, place):
    return fnmatch.fnmatch(path, place) or fnmatch.fnmatch(path, place + "/*")


def foreign_problem(rooms, path, header):
    places = [p for pattern, list_ in rooms.foreign.items() if fnmatch.fnmatch(header, pattern) for p in list_]
    if places:
        return None if any(inside(path, p) for p in places) else "<%s> is for %s only" % (header, ", ".join(places))
    if any(fnmatch.fnmatch(header, p) for p in rooms.plain):
        return None
    return "<%s> is in no list of rooms.txt" % header


def own(path, header, folder, root):
    """The path from the source root when the quoted header lies in `folder`, else None."""
    for base in (os.path.dirname(path), "lib", "bindings", folder):
        full = os.path.normpath(os.path.join(base, header))
        if os.path.exists(os.path.join(root, full)):
            return full if full.startswith(folder + "/") else None
    return None


def lib_problem(rooms, root, path, header):
    room = path.split("/")[1]
    if own(path, header, "lib/" + room, root) or os.path.normpath(header).startswith(room + "/"):
        return None
    target = header.split("/")[0]
    if room not in rooms.floor:
        return "the room '%s' has no floor in rooms.txt" % room
    if target not in rooms.floor:
        return '"%s" is neither its own nor a room\'s header' % header
    if header != "%s/%s.h" % (target, target):
        return '"%s": of another room only "%s/%s.h"' % (header, target, target)
    if rooms.floor[target] < rooms.floor[room] or (room, target) in rooms.pairs:
        return None
    return '"%s": %s (floor %d) does not look at %s (floor %d)' % (
        header, room, rooms.floor[room], target, rooms.floor[target])


def consumer_problem(rooms, root, path, header):
    parts = path.split("/")
    folder = "/".join(parts[:2]) if parts[0] == "bindings" else "examples"
    if own(path, header, folder, root):
        return None
    if parts[0] == "bindings":
        for one, other in rooms.door_pairs:
            if one == parts[1] and own(path, header, "bindings/" + other, root):
                return None
    return '"%s": of our headers a consumer includes only <msptk/...> and its own door\'s' % header


def include_problem(rooms, root, path, kind, header):
    if (path, header) in rooms.excepted:
        return None
    island = rooms.island_of(path)
    if kind == "<" and header.startswith("msptk"):
        if island and not header.startswith("msptk/sdk/"):
            return "<%s>: an adapter includes only <msptk/sdk/...>" % header
        if header.startswith("msptk/") or header == "msptk.h" or path.startswith("include/"):
            return None
    if kind == "<":
        return foreign_problem(rooms, path, header)
    if island:
        return None if own(path, header, island, root) else '"%s" is outside this adapter' % header
    if path.startswith("lib/"):
        return lib_problem(rooms, root, path, header)
    if path.startswith("include/"):
        return '"%s": public headers include <msptk/...> only' % header
    return consumer_problem(rooms, root, path, header)


def problems_of(rooms, root, folders):
    for path in files_below(root, folders, (".c", ".h", ".cc", ".cpp")):
        text = read(os.path.join(root, path))
        clean = blank(text, keep_strings=True)
        for match in INCLUDE.finditer(clean):
            problem = include_problem(rooms, root, path, match.group(1), match.group(2))
            if problem:
                yield "%s:%d: %s" % (path, line_of(clean, match.start()), problem)


def unused_exceptions(rooms, root):
    for path, header in sorted(rooms.excepted):
        full = os.path.join(root, path)
        if not os.path.exists(full) or header not in [m.group(2) for m in INCLUDE.finditer(read(full))]:
            yield "except %s %s: no longer needed, remove the line" % (path, header)


BAD = {
    "lib/base/up.c": '#include "store/store.h"',
    "lib/work/inner.c": '#include "base/mem.h"',
    "lib/work/sql.c": "#include <sqlite3.h>",
    "lib/config/poll.c": "#include <poll.h>",
    "lib/alerts/same.c": '#include "clients/clients.h"\n#include "alerts/../health/health.h"',
    "lib/clients/same.c": '#include "alerts/alerts.h"',
    "lib/adapters/local/json.c": "#include <msptk/json.h>",
    "lib/adapters/fake/reach.c": '#include "../local/local.h"',
    "lib/attic/a.c": '#include "base/base.h"',
    "bindings/cli/deep.c": '#include "base/base.h"',
    "bindings/mcp/back.c": '#include "cli/cli.h"',
    "examples/curl.c": "#include <curl/curl.h>",
    "include/msptk/x.h": '#include "core.h"',
    "lib/store/odd.c": "#include <boost.h>",
}
GOOD = {
    "lib/base/base.h": "", "lib/base/mem.h": "", "lib/store/store.h": "", "lib/clients/clients.h": "",
    "lib/alerts/alerts.h": "", "lib/health/health.h": "", "lib/adapters/local/local.h": "", "bindings/cli/cli.h": "",
    "bindings/mcp/mcp.h": "",
    "lib/base/os_x.c": "#include <sys/stat.h>\n#include <sodium.h>",
    "lib/base/a.c": '#include "base/mem.h"\n#include "mem.h"\n// #include <sqlite3.h>\n/* #include <yaml.h> */',
    "lib/store/a.c": '#include "base/base.h"\n#include <sqlite3.h>\n#include <string.h>\n#include <msptk/core.h>',
    "lib/alerts/a.c": '#include "clients/clients.h"',
    "lib/adapters/local/a.c": '#include <msptk/sdk/adapter.h>\n#include "local.h"\n#include <sys/vfs.h>',
    "bindings/cli/a.c": '#include <msptk/msptk.h>\n#include "cli.h"\n#include "mcp/mcp.h"\n#include <sys/ioctl.h>',
    "examples/a.c": "#include <msptk/msptk.h>\n#include <stdio.h>",
}


def self_test(rooms):
    """The check must find each planted sin and nothing else."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in list(BAD.items()) + list(GOOD.items()):
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as f:
                f.write(text + "\n")
        found = {p.split(":")[0] for p in problems_of(rooms, root, ["include", "lib", "bindings", "examples"])}
        for path in sorted(set(BAD) - found):
            yield "%s: not noticed: %s" % (path, BAD[path])
        for path in sorted(found - set(BAD)):
            yield "%s: wrongly refused" % path


def main():
    root = sys.argv[1]
    rooms = Rooms(os.path.join(HERE, "rooms.txt"))
    cases = Cases()
    cases.check("planted sins are found", self_test(rooms))
    cases.check("pairs of rooms stay on one floor without circles", rooms.pair_problems())
    cases.check("lib includes downwards only, adapters are islands", problems_of(rooms, root, ["lib"]))
    cases.check("public headers include public headers", problems_of(rooms, root, ["include"]))
    cases.check("doors are thin", problems_of(rooms, root, ["bindings"]))
    cases.check("examples are thin", problems_of(rooms, root, ["examples"]))
    cases.check("exceptions are still needed", unused_exceptions(rooms, root))
    cases.end()


if __name__ == "__main__":
    main()
