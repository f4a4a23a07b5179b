"""Tenants over HTTP, as a property: tokens for random clients ask random things with ids of all clients, in both eras. What a
client is known by - every text that is its alone in what an administrator sees - is in no byte that goes to a token without it,
beyond what the request itself said; and what is hidden answers exactly as what does not exist.
MSPTK_SEED repeats a run. usage: check_tenants.py MSP_TOOLKIT [ROUNDS]"""
import http.client
import json
import os
import random
import re
import socket
import sys
import time

from server import CONFIG, Cases, Http, Workspace, initialize, legacy, modern

CLIENTS, TOKENS, LEAST = 6, 7, 6
SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe qui ro su te vi wo xa ye zu".split()


# Times, counts, measured values, systems and kinds: what may be the same of anybody, by chance.
COMMON = re.compile(r"^\d{4}-\d\d-\d\dT|\d of \d|results:|\d\.\d|^(Windows|Ubuntu|Debian) |^[a-z_]+$")


def word(dice):
    return "".join(dice.choice(SYLLABLES) for _ in range(5))


def texts(value):
    if isinstance(value, dict):
        for v in value.values():
            yield from texts(v)
    elif isinstance(value, list):
        for v in value:
            yield from texts(v)
    elif isinstance(value, str):
        yield value


class World:
    """Clients whose every text is their own, and what an administrator sees of each."""

    def __init__(self, space, dice):
        self.space, self.secrets, self.ids, self.hidden_in = space, {}, {}, {}
        self.names = {}
        for client in self.clients:
            name = "%s Company" % word(dice).title()
            self.names[client] = name
            space.tool("client", "add", name, "--id", client, "--contact", "%s@%s.example" % (word(dice), word(dice)), "--quiet")
            space.tool("device", "scan", client, "--adapter", "world")
            space.tool("device", "add", client, "%s printer" % word(dice), "--address", "%s.example" % word(dice), "--quiet")
        space.tool("health", "check", "--all")
        for client in self.clients:
            self.learn(client)
        seen = {}
        for client, found in self.secrets.items():
            for text in found:
                seen.setdefault(text, set()).add(client)
        self.secrets = {client: {t for t in found if len(seen[t]) == 1} for client, found in self.secrets.items()}

    clients = []  # ids

    def ask(self, *args):
        return json.loads(self.space.tool(*args, "--json"))

    def learn(self, client):
        devices = [d["id"] for d in self.ask("device", "list", client)["devices"]]
        alerts = self.ask("alert", "list", client, "--status", "all")["alerts"]
        documents = [self.ask("client", "show", client), self.ask("alert", "list", client, "--status", "all"),
                     self.ask("health", "history", client), self.ask("health", "status", client)]
        documents += [self.ask("device", "show", d) for d in devices]
        found = {t for document in documents for t in texts(document) if len(t) >= LEAST}
        self.secrets[client] = {t for t in found if not COMMON.search(t)}
        self.ids[client] = {"client": client, "name": self.names[client], "devices": devices, "alerts": [a["id"] for a in alerts],
                            "short": [a["short"] for a in alerts]}


def questions(about, dice):
    """(method, params) about one client's ids; most kinds of request that take an id, and some that take none."""
    client, name = about["client"], about["name"]
    device, alert, short = dice.choice(about["devices"]), dice.choice(about["alerts"]), dice.choice(about["short"])
    wide = dice.choice([{}, {"response_format": "detailed", "max_tokens": 20000}, {"limit": 1}])
    part = client.split("-")[0]

    def tool(tool_name, **arguments):
        return "tools/call", {"name": tool_name, "arguments": arguments}

    def complete(ref, argument, value, **others):
        return "completion/complete", {"ref": ref, "argument": {"name": argument, "value": value},
                                       **({"context": {"arguments": others}} if others else {})}
    prompt, device_uri = {"type": "ref/prompt", "name": "morning_triage"}, {"type": "ref/resource", "uri": "msp://device/{device_id}"}
    alert_uri = {"type": "ref/resource", "uri": "msp://alert/{alert_id}"}
    said = [tool("client_get", client_id=dice.choice([client, name])), tool("client_list", search=part, **wide),
            tool("device_list", client_id=client, **wide), tool("device_list", search=part, **wide), tool("device_get", device_id=device),
            tool("health_status", client_id=client, **wide), tool("health_history", client_id=client, **wide),
            tool("health_history", client_id=client, device_id=device, **wide),
            tool("health_check", client_id=client, check_types=["cpu"]), tool("alert_list", client_id=client, status="all", **wide),
            tool("alert_list", device_id=device, **wide), tool("alert_explain", alert_id=dice.choice([alert, short])),
            tool("alert_explain", alert_id=alert, client_id=client), tool("alert_ack", alert_id=dice.choice([alert, short])),
            tool("alert_snooze", alert_id=alert, client_id=client, **{"for": "1h"})]
    said += [("resources/read", {"uri": uri}) for uri in (
        "msp://client/" + client, "msp://client/%s/health" % client, "msp://client/%s/alerts" % client,
        "msp://client/%s/devices" % client, "msp://device/" + device, "msp://alert/" + alert)]
    said += [("prompts/get", {"name": "incident_summary", "arguments": {"client_id": client}}), complete(prompt, "client_id", part),
             complete(device_uri, "device_id", device.split("-")[0]), complete(alert_uri, "alert_id", alert, client_id=client)]
    open_ = [tool("client_list", **wide), tool("device_list", **wide), tool("health_status", **wide), tool("alert_list", status="all", **wide),
             tool("health_check", check_types=["cpu"]), ("resources/read", {"uri": "msp://clients"}), ("resources/read", {"uri": "msp://health"}),
             ("resources/read", {"uri": "msp://alerts"}), ("resources/list", {}), ("resources/templates/list", {}), ("tools/list", {}),
             ("prompts/list", {}), complete(prompt, "client_id", ""), complete(device_uri, "device_id", ""), complete(alert_uri, "alert_id", "")]
    return said, open_


class Guest:
    """A token, its clients, and every byte that came to it."""

    def __init__(self, server, name, bearer, sees, writes):
        self.server, self.name, self.bearer, self.sees, self.writes = server, name, bearer, sees, writes
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.session, self.number, self.asked, self.heard = None, 0, 0, b""

    def post(self, message, session=None):
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
                   "Authorization": "Bearer " + self.bearer}
        params = message.get("params", {})
        if "_meta" in params:
            headers.update({"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": message["method"]})
            name = params.get("name", params.get("uri"))
            if isinstance(name, str) and message["method"] in ("tools/call", "prompts/get", "resources/read"):
                headers["Mcp-Name"] = name
        elif session:
            headers.update({"MCP-Protocol-Version": "2025-11-25", "Mcp-Session-Id": session})
        self.connection.request("POST", "/mcp", json.dumps(message), headers)
        answer = self.connection.getresponse()
        body = answer.read()
        self.asked += 1
        return answer, body, repr(answer.getheaders()).encode() + body

    def ask(self, method, params, era):
        self.number += 1
        if era == "modern":
            return self.post(modern(method, self.number, **params))
        if not self.session:
            self.session = self.post(initialize())[0].getheader("Mcp-Session-Id")
            self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, self.session)
        return self.post(legacy(method, self.number, **params), self.session)

    def listen(self, uris):
        """A stream of its own that stays open; what came on it is read at the end."""
        body = json.dumps(modern("subscriptions/listen", "l", notifications={"resourceSubscriptions": uris, "resourcesListChanged": True}))
        lines = ["POST /mcp HTTP/1.1", "Host: 127.0.0.1:%d" % self.server.port, "Content-Type: application/json",
                 "Accept: application/json, text/event-stream", "Authorization: Bearer " + self.bearer, "MCP-Protocol-Version: 2026-07-28",
                 "Mcp-Method: subscriptions/listen", "Content-Length: %d" % len(body)]
        self.stream = socket.create_connection(("127.0.0.1", self.server.port), 10)
        self.stream.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body.encode())

    def hear(self):
        """Everything that has come on the stream by now."""
        self.stream.settimeout(0.05)
        try:
            while True:
                part = self.stream.recv(1 << 16)
                if not part:
                    break
                self.heard += part
        except (TimeoutError, socket.timeout):
            pass
        return self.heard.partition(b"acknowledged")[2]


def leaks(world, guest, said, came):
    """Texts of clients that are not the guest's, which it did not say itself."""
    came, said = came.decode("utf-8", "replace"), json.dumps(said, ensure_ascii=False)
    return ["%s of %s" % (text, client) for client in world.clients if client not in guest.sees
            for text in world.secrets[client] if text in came and text not in said]


def plain(body, said, dice_id):
    """An answer without what differs from call to call."""
    text = body.decode()
    for s in said:
        text = text.replace(s, dice_id)
    text = re.sub(r'"correlation_id":"[0-9a-f]+"', '"correlation_id":"*"', text)
    # What the token may see and is spelt nearly like the name that was asked for depends on that name, not on what is hidden.
    text = re.sub(r"; did you mean '[^']*'\?(?= Next)", ".", text)
    text = re.sub(r"; did you mean '[^']*'\?", "", text)
    return re.sub(r'"id":\d+', '"id":0', text)


def make_guests(world, server, dice):
    guests = []
    for n in range(TOKENS):
        sees = [c for c in world.clients if dice.random() < 0.4] or [dice.choice(world.clients)]
        if n == 0:
            sees = list(world.clients)
        writes = n % 2 == 1
        args = ["token", "create", "guest-%d" % n, "--scopes", "read,write" if writes else "read"]
        made = world.ask(*args, *(["--clients", ",".join(sees)] if n else []))
        guests.append(Guest(server, "token:guest-%d" % n, made["token"], set(sees), writes))
    return guests


def check_random(cases, world, guests, dice, rounds):
    found, told = [], 0
    for _ in range(rounds):
        guest, about = dice.choice(guests), world.ids[dice.choice(world.clients)]
        said, open_ = questions(about, dice)
        method, params = dice.choice(said + open_)
        came = guest.ask(method, params, dice.choice(["modern", "legacy"]))[2]
        problems = leaks(world, guest, params, came)
        found += ["%s %s %s tells %s" % (guest.name, method, json.dumps(params)[:200], p) for p in problems]
        told += any(t in came.decode() for c in guest.sees for t in world.secrets[c])
    cases.check("%d random requests tell nothing of others' clients" % rounds, found[:10])
    cases.check("and tell of their own", [] if told > rounds // 5 else ["only %d did" % told])


def check_hidden(cases, world, guests, dice):
    """Whether an id exists cannot be told from its answer."""
    found, compared = [], 0
    for guest in guests[1:]:
        hidden = [c for c in world.clients if c not in guest.sees]
        if not hidden:
            continue
        about = world.ids[dice.choice(hidden)]
        nobody = {"client": word(dice), "name": "%s Company" % word(dice).title(), "devices": [word(dice)],
                  "alerts": ["00000000-0000-7000-8000-%012x" % dice.randrange(1 << 48)], "short": ["%08x" % dice.randrange(1 << 32)]}
        state = dice.getstate()
        there = questions(about, dice)[0]
        dice.setstate(state)
        nowhere = questions(nobody, dice)[0]
        for (method, one), (_, other) in zip(there, nowhere):
            pair = []
            for params, ids in ((one, about), (other, nobody)):
                answer, body, _ = guest.ask(method, params, "modern")
                known = [ids["name"], *ids["devices"], *ids["alerts"], *ids["short"], ids["client"]]
                pair.append((answer.status, plain(body, known, "*")))
            compared += 1
            if pair[0] != pair[1]:
                found.append("%s %s: %s, but %s" % (guest.name, json.dumps(one)[:160], pair[0][1][:300], pair[1][1][:300]))
    cases.check("what is hidden answers as what does not exist (%d pairs)" % compared, found[:10])


def check_numbers(cases, world, guests):
    """Totals count what the token sees, no more."""
    found = []
    for guest in guests:
        def data(tool_name, guest=guest, **arguments):
            body = guest.ask("tools/call", {"name": tool_name, "arguments": {"max_tokens": 20000, **arguments}}, "modern")[1]
            return json.loads(body)["result"]["structuredContent"]
        devices = sum(len(world.ids[c]["devices"]) for c in guest.sees)
        checks = [("client_list total", data("client_list")["total"], len(guest.sees)),
                  ("device_list total", data("device_list")["total"], devices),
                  ("health_status clients", len(data("health_status")["clients"]), len(guest.sees)),
                  ("health_check devices", data("health_check", check_types=["cpu"])["coverage"]["devices"], devices)]
        body = guest.ask("completion/complete", {"ref": {"type": "ref/prompt", "name": "morning_triage"},
                                                 "argument": {"name": "client_id", "value": ""}}, "modern")[1]
        checks.append(("completion total", json.loads(body)["result"]["completion"]["total"], len(guest.sees)))
        found += ["%s: %s is %r, not %r" % (guest.name, *c) for c in checks if c[1] != c[2]]
    cases.check("totals count what a token sees", found)


def check_stolen(cases, world, guests):
    """A confirmation or a session of another principal is good for nothing."""
    owner = next(g for g in guests if g.writes)
    alert = world.ids[sorted(owner.sees)[0]]["alerts"][0]
    body = owner.ask("tools/call", {"name": "alert_ack", "arguments": {"alert_id": alert}}, "modern")[1]
    token = json.loads(body)["result"]["structuredContent"]["confirmation"]["confirmation_token"]
    found = []
    for guest in guests:
        if guest is owner:
            continue
        arguments = {"alert_id": alert, "confirmation_token": token}
        came = guest.ask("tools/call", {"name": "alert_ack", "arguments": arguments}, "modern")[2]
        found += leaks(world, guest, arguments, came)
        found += [guest.name + " acknowledged"] if b'"acknowledged_at"' in came or b'"status":"acknowledged"' in came else []
        answer, _, came = guest.post(legacy("tools/call", 1, name="client_list", arguments={}), owner.session)
        found += leaks(world, guest, {}, came) + ([] if answer.status == 404 else ["a session of another: %d" % answer.status])
    cases.check("a confirmation and a session of another token are good for nothing", found)
    state = world.ask("alert", "explain", alert)
    cases.check("and nothing was changed", [] if state["alert"]["status"] == "open" else [state["alert"]["status"]])
    wrong = Guest(owner.server, "nobody", owner.bearer[:-2] + "xx", set(), False)
    answer, _, came = wrong.post(modern("tools/call", 1, name="client_list", arguments={}))
    cases.check("a token that is none", leaks(world, wrong, {}, came) + ([] if answer.status == 401 else [str(answer.status)]))


def check_streams(cases, world, guests, dice):
    """Everybody watches everything; what changes is told to those who may see it."""
    uris = ["msp://clients", "msp://alerts"] + ["msp://client/" + c for c in world.clients]
    for guest in guests:
        guest.listen(uris)
    changed = dice.choice([c for c in world.clients if any(c not in g.sees for g in guests)])
    until = time.monotonic() + 10
    while time.monotonic() < until and not all(g.hear() for g in guests):
        pass  # until every subscription is acknowledged
    world.space.tool("client", "update", changed, "--contact", word(dice) + "@changed.example", "--quiet")
    uri, found = b'"uri":"msp://client/' + changed.encode(), []
    may = [g for g in guests if changed in g.sees]
    until = time.monotonic() + 20
    while time.monotonic() < until and not all(uri in g.hear() for g in may):
        pass
    time.sleep(1)  # the others are looked at in the same turn
    told = sum(uri in g.hear() for g in may)
    for guest in guests:
        notes = guest.hear()
        guest.stream.close()
        if guest not in may and uri in notes:
            found.append("%s is told that %s changed" % (guest.name, changed))
        if guest not in may and b'"uri":"msp://clients"' in notes:
            found.append("%s is told that its clients changed" % guest.name)
        found += leaks(world, guest, uris, guest.heard)
    cases.check("a change is told to no token that may not see it", found)
    cases.check("and to every token that may", [] if told == len(may) else ["told %d of %d" % (told, len(may))])


def main():
    seed = int(os.environ.get("MSPTK_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    print("MSPTK_SEED=%d" % seed)
    dice, cases = random.Random(seed), Cases()
    World.clients = ["%s-%s" % (word(dice), word(dice)) for _ in range(CLIENTS)]
    script = [{"device": "%s-0001" % c, "check": "disk", "state": "critical", "message": "%s is full" % word(dice)} for c in World.clients]
    config = CONFIG + "adapters:\n  - %s\n" % json.dumps({"name": "world", "type": "fake", "devices": 2, "problems": 0, "script": script})
    with Workspace(sys.argv[1], config, ()) as space:
        world = World(space, dice)
        cases.check("each client has texts of its own", ["%s: %d" % (c, len(s)) for c, s in world.secrets.items() if len(s) < 15])
        with Http(space, "--require-token", "--enable-writes", "--reads-per-minute", "0", "--writes-per-minute", "0") as server:
            guests = make_guests(world, server, dice)
            check_random(cases, world, guests, dice, rounds)
            check_hidden(cases, world, guests, dice)
            check_numbers(cases, world, guests)
            check_stolen(cases, world, guests)
            check_streams(cases, world, guests, dice)
        cases.check("the audit trail holds", [] if "holds" in space.tool("audit", "verify") else ["it does not"])
    cases.end()


main()
