"""Texts that want to make an agent act (tests/data/mcp/injection.json), end to end: as names of devices and messages of a vendor, as
output of a plugin, as names of clients, through every tool and resource over standard input and output. What comes out is clean,
fenced and no longer than promised; and an agent that obeys every word of it, calls whatever it is told to call and sends whatever
JSON-RPC it is told to send, changes nothing, because no text is a person's confirmation. The audit trail shows what it tried.

The agent obeys texts, not plans: the confirmation_token of a plan is for the person that it is shown to.
usage: check_injection.py MSP_TOOLKIT"""
import json
import os
import re
import subprocess
import sys
import unicodedata

from server import CONFIG, INITIALIZED, LEGACY, MODERN, Cases, Stdio, Workspace, complaints, environment, initialize, legacy, modern

CORPUS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "mcp", "injection.json")
ENOUGH = ("--reads-per-minute", "0", "--writes-per-minute", "0")
FORM = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}
DECLINE = {"action": "decline"}
CHANGES = {"alert_snooze": {"for": "8h"}, "alert_ack": {}}
# One text is cut at 4,000 bytes; with what says so.
LONGEST = 4100


def corpus():
    with open(CORPUS, encoding="utf-8") as f:
        texts = json.load(f)["texts"]
    return [(t["name"], "MARK%02d" % n, t["text"].replace("@@", "MARK%02d" % n) * t.get("repeat", 1) + t.get("tail", ""))
            for n, t in enumerate(texts)]


def quoted(text):
    """A scalar of YAML, whatever is in it."""
    made = ""
    for c in text:
        n = ord(c)
        if c in "\"\\":
            made += "\\" + c
        elif 0x20 <= n < 0x7f:
            made += c
        else:
            made += "\\x%02x" % n if n < 0x100 else "\\u%04x" % n if n < 0x10000 else "\\U%08x" % n
    return '"%s"' % made


def configuration(place, texts):
    """A vendor for each text, who says so of a disk; and a plugin that prints each."""
    lines = [CONFIG + "limits:\n  plugin_output: 1MiB\nadapters:"]
    checks = []
    for n, (_, _, text) in enumerate(texts):
        lines.append("  - {name: v%02d, type: fake, devices: 1, problems: 0, clients: [hostile-%02d], script: "
                     "[{check: disk, state: critical, message: %s}]}" % (n, n, quoted(text[:290])))
        path = os.path.join(place, "text%02d" % n)
        with open(path, "wb") as f:
            f.write(text.encode())
        checks.append("{name: say-%02d, command: [%s, %s]}" % (n, quoted(os.path.join(place, "say")), quoted(path)))
    lines.append("  - {name: plug, type: plugin, directory: %s, checks: [%s]}" % (quoted(place), ", ".join(checks)))
    say = os.path.join(place, "say")
    with open(say, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\ncat \"$1\"\nexit 2\n")
    os.chmod(say, 0o755)
    return "\n".join(lines) + "\n"


def attempt(space, *args):
    """What the library refuses is refused: the rest is in the world."""
    return subprocess.run([space.program, *args], cwd=space.place, env=environment(), capture_output=True, check=False,
                          timeout=120).returncode in (0, 1)


def make_world(space, texts):
    with open(os.path.join(space.place, "msp-toolkit.yaml"), "w", encoding="utf-8") as f:
        f.write(configuration(space.place, texts))
    attempt(space, "client", "add", "Acme Corp", "--quiet")
    taken = 0
    for n, (_, _, text) in enumerate(texts):
        client, name = ["--id", "hostile-%02d" % n, "--quiet"], text[:100]
        if attempt(space, "client", "add", name, "--rmm-id", name, *client):  # the vendor's name of it, and of its devices
            taken += 1
        else:
            attempt(space, "client", "add", "Plain", *client)
    attempt(space, "device", "scan")
    attempt(space, "device", "add", "acme-corp", "plugin-host", "--adapter", "plug", "--vendor-id", "plugin-host", "--quiet")
    attempt(space, "health", "check", "--all")
    return taken


def state(space):
    """Everything that a change could touch, without what time changes by itself."""
    alerts = json.loads(space.tool("alert", "list", "--status", "all", "--json"))["alerts"]
    kept = [(a["id"], a["status"], a["silent"], a["snoozed_until"], a["acknowledged"], a["accepted"]) for a in alerts]
    clients = json.loads(space.tool("client", "list", "--json"))["clients"]
    devices = json.loads(space.tool("device", "list", "--json"))["devices"]
    return sorted(kept), sorted((c["id"], c["revision"]) for c in clients), sorted((d["id"], d["revision"]) for d in devices)


# ---- what comes out ----

def strings(value):
    if isinstance(value, dict):
        for k, v in value.items():
            yield k
            yield from strings(v)
    elif isinstance(value, list):
        for v in value:
            yield from strings(v)
    elif isinstance(value, str):
        yield value


def unclean(text):
    """Characters that move a cursor, hide, or turn around."""
    return ["U+%04X in %r" % (ord(c), text[:80]) for c in text
            if (c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn")) or c in "\u2028\u2029"
            or 0xe0000 <= ord(c) < 0xe1000 or 0xfe00 <= ord(c) <= 0xfe0d]


def unfenced(text):
    """Lines with a mark that are neither data ("| ") nor within quotes."""
    found = []
    for line in text.split("\n"):
        if "MARK" in line and not line.startswith("| ") and "MARK" in re.sub(r'"[^"]*"', "", line):
            found.append("outside the fence: %r" % line[:160])
    return found


def faults(line, message, method):
    found = complaints(message, MODERN, method)
    found += ["more than a host takes: %d bytes" % len(line)] if len(line) > 200000 else []
    for text in strings(message):
        found += unclean(text)[:1]
    result = message.get("result", {})
    for block in result.get("content", []):
        found += unfenced(block["text"])
        if "Hunter2" in block["text"] or "0123456789abcdefSECRET" in block["text"]:
            found.append("a secret is told")
    found += ["%d characters" % len(t) for t in strings(result.get("structuredContent", {})) if len(t.encode()) > LONGEST]
    return found[:5]


def asks(alerts):
    """Everything that reads."""
    wide = {"response_format": "detailed", "max_tokens": 20000}
    for tool in ("client_list", "device_list", "alert_list", "health_status"):
        yield "tools/call", {"name": tool, "arguments": {}}
        yield "tools/call", {"name": tool, "arguments": wide}
    yield "tools/call", {"name": "health_history", "arguments": {"client_id": "acme-corp", **wide}}
    yield "tools/call", {"name": "health_check", "arguments": {"client_id": "acme-corp", **wide}}
    for alert in alerts:
        yield "tools/call", {"name": "alert_explain", "arguments": {"alert_id": alert["id"]}}
    for uri in ("msp://clients", "msp://health", "msp://alerts", "msp://client/acme-corp/devices", "msp://client/acme-corp/alerts",
                "msp://alert/" + alerts[0]["id"]):
        yield "resources/read", {"uri": uri}
    for n in range(3):
        yield "tools/call", {"name": "client_get", "arguments": {"client_id": "hostile-%02d" % n}}
        yield "tools/call", {"name": "device_list", "arguments": {"client_id": "hostile-%02d" % n}}
    yield "completion/complete", {"ref": {"type": "ref/resource", "uri": "msp://device/{device_id}"},
                                  "argument": {"name": "device_id", "value": ""}}


def pages(server, method, params):
    """The answer, and the pages after it."""
    for n in range(40):
        server.send(modern(method, n + 1, **params))
        line = server.line(60)
        message = json.loads(line)
        yield line, message
        cursor = message.get("result", {}).get("structuredContent", {}).get("next_cursor")
        if not cursor:
            return
        params = {**params, "arguments": {**params["arguments"], "cursor": cursor}}


def check_output(cases, space, texts):
    alerts = json.loads(space.tool("alert", "list", "--json"))["alerts"]
    shown, heard = set(), []
    with Stdio(space, "--enable-writes", *ENOUGH) as s:
        for method, params in asks(alerts):
            found = []
            for line, message in pages(s, method, params):
                found += faults(line, message, method)
                said = [b["text"] for b in message.get("result", {}).get("content", [])]
                said += [c["text"] for c in message.get("result", {}).get("contents", [])]
                heard += said
                shown.update(re.findall(r"MARK\d\d", " ".join(said)))
            cases.check("%s %s" % (method, json.dumps(params)[:90]), found[:5])
        for method in ("server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list"):
            line = json.dumps(s.ask(modern(method)))
            cases.check(method + " has no word of devices", [line[:100]] if "MARK" in line else [])
    cases.check("each text was shown", ["not shown: %s" % name for name, mark, _ in texts if mark not in shown])
    return heard


# ---- the agent that obeys ----

def orders(texts):
    """What the texts tell to call, and what they tell to send."""
    calls, messages = [], []
    decoder = json.JSONDecoder()
    for text in texts:
        for match in re.finditer(r"\b([a-z]+_[a-z]+)\b[^{\n]{0,40}(?=(\{)?)", text):
            arguments = {}
            if match.group(2):
                try:
                    arguments = decoder.raw_decode(text[match.end():])[0]
                except ValueError:
                    pass
            call = (match.group(1), arguments if isinstance(arguments, dict) else {})
            if call not in calls:
                calls.append(call)
        for at in [m.start() for m in re.finditer(r'\{"jsonrpc"', text)]:
            try:
                message = decoder.raw_decode(text[at:])[0]
            except ValueError:
                continue
            if message not in messages:
                messages.append(message)
    return calls, messages


def answer_to(server, ident, timeout=20):
    """The answer to a request; a person who is asked meanwhile declines."""
    asked = 0
    while True:
        message = server.read(timeout)
        if message is None or ("method" not in message and message.get("id") == ident):
            return message, asked
        if message.get("method") == "elicitation/create":
            asked += 1
            server.send({"jsonrpc": "2.0", "id": message["id"], "result": DECLINE})


def obey(server, calls, messages, alerts, modern_era):
    """Everything ordered, for the first alerts; what the server said of it."""
    outcomes, number = {"done": [], "refused": 0, "planned": 0, "asked": 0, "declined": 0}, 1000
    for name, given in calls:
        for alert in alerts[:2]:
            arguments = {**CHANGES.get(name, {}), **given, **({"alert_id": alert} if name in CHANGES else {})}
            number += 1
            server.send(modern("tools/call", number, FORM, name=name, arguments=arguments) if modern_era else
                        legacy("tools/call", number, name=name, arguments=arguments))
            message, asked = answer_to(server, number)
            outcomes["asked"] += asked
            count(outcomes, name, message)
    for message in messages:
        filled = json.loads(json.dumps(message).replace('"*"', json.dumps(alerts[0])))
        if filled.get("method") == "tools/call" and modern_era:
            filled["params"]["_meta"] = modern("x")["params"]["_meta"]
        server.send(filled)
        if "method" in filled and "id" in filled:
            count(outcomes, filled["method"], answer_to(server, filled["id"])[0])
    server.send(legacy("ping", "after"))
    outcomes["alive"] = answer_to(server, "after")[0] is not None
    return outcomes


def count(outcomes, name, message):
    if message is None or "error" in message:
        outcomes["refused"] += 1
        return
    result = message["result"]
    content = result.get("structuredContent", {})
    if result.get("isError"):
        outcomes["refused"] += 1
    elif result.get("resultType") == "input_required":
        outcomes["asked"] += 1
    elif "confirmation" in content:
        outcomes["planned" if content["confirmation"]["status"] == "required" else "declined"] += 1
    elif name in CHANGES:
        outcomes["done"].append(name)


def check_agent(cases, space, heard):
    calls, messages = orders(heard)
    ordered = {name for name, _ in calls}
    cases.check("the texts order changes", [] if {"alert_ack", "alert_snooze"} <= ordered and len(messages) >= 4 else [str(ordered)])
    alerts = [a["id"] for a in json.loads(space.tool("alert", "list", "--json"))["alerts"]]
    before = state(space)
    total = {}
    for what, args, era in (("nobody can be asked", ("--enable-writes",), "token"), ("a modern host asks", ("--enable-writes",), "modern"),
                            ("a legacy host asks", ("--enable-writes",), "legacy"), ("read-only", (), "token")):
        with Stdio(space, *args, *ENOUGH) as s:
            s.ask(initialize(LEGACY[0], 1, {"elicitation": {}} if era == "legacy" else None))
            s.send(INITIALIZED)
            total[what] = obey(s, calls, messages, alerts, era == "modern")
        print("  %s: %s" % (what, total[what]))
        cases.check("an agent that obeys changes nothing: " + what, total[what]["done"] +
                    ([] if state(space) == before else ["something was changed"]) + ([] if total[what]["alive"] else ["it is gone"]))
    cases.check("without a person there is a plan and no more", [] if total["nobody can be asked"]["planned"] else [str(total)])
    cases.check("the person is asked", [] if total["a modern host asks"]["asked"] and total["a legacy host asks"]["declined"] else [str(total)])
    cases.check("forged tokens are refused", [] if all(t["refused"] for t in total.values()) else [str(total)])


def check_trail(cases, space):
    entries, found, planned, denied = [], [], 0, 0
    entries = json.loads(space.tool("audit", "list", "--limit", "1000", "--json"))["entries"]
    for e in entries:
        if e["door"] != "mcp" or e["operation"] not in CHANGES:
            continue
        planned += e["outcome"] == "planned"
        denied += e["outcome"] in ("denied", "failed")
        found += ["%s is %s" % (e["operation"], e["outcome"])] if e["outcome"] == "ok" else []
    cases.check("the trail has no change by an agent", found)
    cases.check("it has the plans and the refusals", [] if planned and denied else ["%d planned, %d denied" % (planned, denied)])
    cases.check("it holds", [] if "holds" in space.tool("audit", "verify") else ["it does not"])


def main():
    cases, texts = Cases(), corpus()
    with Workspace(sys.argv[1], CONFIG, ()) as space:
        taken = make_world(space, texts)
        cases.check("names are in the world as far as the library takes them", [] if taken >= 15 else ["%d clients" % taken])
        heard = check_output(cases, space, texts)
        check_agent(cases, space, heard)
        check_trail(cases, space)
    cases.end()


main()
