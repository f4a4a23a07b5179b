"""One process, many requests of every kind in both eras, good and bad: every one is answered, memory is the same in the second half
as in the first, no descriptor is left behind, and the audit trail holds afterwards. 4,000 requests; MSPTK_FULL=1: 20,000, or as many
as MSPTK_SOAK says. usage: check_soak.py MSP_TOOLKIT"""
import json
import os
import random
import sys
import time

from server import CONFIG, INITIALIZED, Cases, Stdio, Workspace, initialize, legacy, modern

WORLD = CONFIG + "adapters:\n  - {name: world, type: fake, devices: 6, problems: 0.3, clients: [acme-corp]}\n"
BATCH = 50
# What the second half may take more: the pages of the growing store fill the caches of its connections, up to a bound; of 20,000
# requests a leak of 160 bytes in each shows all the same.
GROWTH_KIB = 1536


def status(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as f:
        return {k: int(v.split()[0]) for k, _, v in (line.partition(":") for line in f) if k in ("VmRSS", "VmHWM", "RssAnon")}


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def kinds(alert, device, dice):
    """(method, params) of every kind that there is."""
    word = "".join(dice.choice("abcdefgh_-.é") for _ in range(dice.randrange(1, 30)))
    wide = dice.choice([{}, {"response_format": "detailed"}, {"limit": dice.randrange(1, 9)}, {"max_tokens": 500}])

    def tool(tool_name, **arguments):
        return "tools/call", {"name": tool_name, "arguments": arguments}
    return [
        tool("client_list", **wide), tool("client_list", search=word), tool("client_get", client_id="acme-corp"),
        tool("client_get", client_id=word), tool("device_list", **wide), tool("device_get", device_id=device),
        tool("health_status", **wide), tool("health_history", client_id="acme-corp", **wide), tool("alert_list", **wide),
        tool("alert_list", status="all", **wide), tool("alert_explain", alert_id=alert), tool("alert_explain", alert_id=word),
        tool("alert_ack", alert_id=alert), tool("alert_ack", alert_id=alert, confirmation_token=word),
        tool("alert_snooze", alert_id=alert, **{"for": "8h"}), tool(word), tool("client_list", **{word: word}),
        tool("client_list", limit=word), ("resources/read", {"uri": "msp://client/acme-corp/alerts"}),
        ("resources/read", {"uri": "msp://" + word}), ("resources/list", {}), ("tools/list", {}), ("prompts/list", {}),
        ("prompts/get", {"name": "morning_triage", "arguments": {}}), ("prompts/get", {"name": word}),
        ("completion/complete", {"ref": {"type": "ref/prompt", "name": "morning_triage"}, "argument": {"name": "client_id", "value": word}}),
        (word, {}), ("server/discover", {})]


def request(number, alert, device, dice):
    method, params = dice.choice(kinds(alert, device, dice))
    if dice.randrange(100) == 0:  # it goes to the vendor, and writes what it observed
        method, params = "tools/call", {"name": "health_check", "arguments": {"client_id": "acme-corp", "check_types": ["cpu"]}}
    return modern(method, number, **params) if dice.randrange(2) or method == "server/discover" else legacy(method, number, **params)


def watching(number, server):
    """A subscription that comes and goes; its acknowledgement has no id of an answer."""
    server.send(modern("subscriptions/listen", "w%d" % number, notifications={"resourceSubscriptions": ["msp://alerts"]}))
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "w%d" % number}})


def soak(server, count, alert, device, dice):
    """Unanswered ids, and what the process took after each tenth."""
    missing, taken = set(), []
    for start in range(0, count, BATCH):
        wanted = set(range(start, start + BATCH))
        server.write("".join(json.dumps(request(n, alert, device, dice)) + "\n" for n in sorted(wanted)))
        watching(start, server)
        until = time.monotonic() + 60
        while wanted and time.monotonic() < until:
            line = server.line(30)
            if line is None:
                break
            wanted.discard(json.loads(line).get("id"))
        missing |= wanted
        if (start + BATCH) % (count // 10) < BATCH:
            taken.append(status(server.process.pid)["RssAnon"])
    return missing, taken


def main():
    full = os.environ.get("MSPTK_FULL") == "1"
    count = int(os.environ.get("MSPTK_SOAK", "20000" if full else "4000"))
    seed = int(os.environ.get("MSPTK_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
    print("MSPTK_SEED=%d" % seed)
    cases = Cases()
    with Workspace(sys.argv[1], WORLD) as space:
        space.tool("health", "check", "acme-corp")
        alert = json.loads(space.tool("alert", "list", "--json"))["alerts"][0]["id"]
        device = json.loads(space.tool("device", "list", "--json"))["devices"][0]["id"]
        with Stdio(space, "--enable-writes", "--reads-per-minute", "0", "--writes-per-minute", "0") as server:
            server.ask(initialize())
            server.send(INITIALIZED)
            dice = random.Random(seed)
            soak(server, 500, alert, device, dice)  # what is made once: pages of the store, lists
            before, began = descriptors(server.process.pid), time.monotonic()
            missing, taken = soak(server, count, alert, device, dice)
            took = time.monotonic() - began
            print("  %d requests in %.1f s; anonymous KiB: %s; peak %d KiB" % (
                count, took, " ".join(map(str, taken)), status(server.process.pid)["VmHWM"]))
            cases.check("every request is answered", ["%d are not: %s" % (len(missing), sorted(missing)[:5])] if missing else [])
            half = len(taken) // 2
            grown = max(taken[half:]) - max(taken[:half])
            cases.check("memory is the same in the second half", [] if grown <= GROWTH_KIB else ["%d KiB more" % grown])
            after = descriptors(server.process.pid)
            cases.check("no descriptor is left behind", [] if after <= before + 2 else ["%d, before %d" % (after, before)])
        entries = json.loads(space.tool("audit", "list", "--limit", "1", "--json"))["entries"]
        print("  %d entries in the audit trail" % entries[0]["seq"])
        cases.check("what was done is in the audit trail", [] if entries[0]["seq"] > count // 2 else [str(entries[0]["seq"])])
        cases.check("which holds", [] if "holds" in space.tool("audit", "verify") else ["it does not"])
    cases.end()


main()
