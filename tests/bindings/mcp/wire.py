"""The shapes of messages that a server may send, derived from the specification of each version of the protocol: what must be
there, of which type, and what must not. complaints(message, version, method) gives what is wrong, as a list."""

MODERN = "2026-07-28"
LEGACY = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
CACHED = {"server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read"}
CODES = {-32700, -32600, -32601, -32602, -32603}
SERVER_INFO = "io.modelcontextprotocol/serverInfo"
SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"

# Members of results that must be there, with their types.
RESULTS = {
    "initialize": {"protocolVersion": str, "capabilities": dict, "serverInfo": dict},
    "server/discover": {"supportedVersions": list, "capabilities": dict},
    "ping": {},
    "tools/list": {"tools": list},
    "tools/call": {"content": list},
    "resources/list": {"resources": list},
    "resources/templates/list": {"resourceTemplates": list},
    "resources/read": {"contents": list},
    "prompts/list": {"prompts": list},
    "prompts/get": {"messages": list},
    "completion/complete": {"completion": dict},
}
ITEMS = {
    "tools": {"name": str, "inputSchema": dict},
    "resources": {"name": str, "uri": str},
    "resourceTemplates": {"name": str, "uriTemplate": str},
    "prompts": {"name": str},
    "contents": {"uri": str},
    "messages": {"role": str, "content": dict},
    "content": {"type": str},
}
BLOCKS = {"text": {"text": str}, "image": {"data": str, "mimeType": str}, "audio": {"data": str, "mimeType": str},
          "resource": {"resource": dict}, "resource_link": {"uri": str, "name": str}}
NOTES = {
    "notifications/progress": {"progressToken": (str, int), "progress": (int, float)},
    "notifications/message": {"level": str},
    "notifications/resources/updated": {"uri": str},
    "notifications/cancelled": {"requestId": (str, int)},
    "notifications/subscriptions/acknowledged": {},
    "notifications/tools/list_changed": {},
    "notifications/prompts/list_changed": {},
    "notifications/resources/list_changed": {},
}


def _members(where, value, wanted):
    if not isinstance(value, dict):
        return ["%s is no object" % where]
    found = ["%s lacks %s" % (where, key) for key in wanted if key not in value]
    return found + ["%s.%s is a %s" % (where, key, type(value[key]).__name__) for key, kind in wanted.items()
                    if key in value and (not isinstance(value[key], kind) or (kind is int and isinstance(value[key], bool)))]


def _block(where, block):
    found = _members(where, block, {"type": str})
    return found or _members(where, block, BLOCKS.get(block["type"], {"no such kind of content": str}))


def _items(result, key):
    found = []
    for n, item in enumerate(result[key]):
        where = "%s[%d]" % (key, n)
        found += _members(where, item, ITEMS[key])
        if key == "content":
            found += _block(where, item)
        if key == "messages" and not found:
            found += _block(where + ".content", item["content"])
        if key == "contents" and "text" not in item and "blob" not in item:
            found.append(where + " has neither text nor blob")
        if key == "tools":
            found += [where + "." + name + " has no root of type object" for name in ("inputSchema", "outputSchema")
                      if isinstance(item.get(name), dict) and item[name].get("type") != "object"]
    return found


def _modern(result, method):
    found = []
    if result.get("resultType") not in ("complete", "input_required"):
        found.append("resultType is %r" % result.get("resultType"))
    if result.get("resultType") == "input_required":
        if "inputRequests" not in result and "requestState" not in result:
            found.append("input_required without inputRequests and requestState")
        return found + [key + " on input_required" for key in ("ttlMs", "cacheScope") if key in result]
    if method in CACHED:
        ttl = result.get("ttlMs")
        if not isinstance(ttl, int) or isinstance(ttl, bool) or ttl < 0:
            found.append("ttlMs is %r" % ttl)
        if result.get("cacheScope") not in ("public", "private"):
            found.append("cacheScope is %r" % result.get("cacheScope"))
    info = result.get("_meta", {}).get(SERVER_INFO)
    return found + ([] if isinstance(info, dict) and info.get("name") else ["no serverInfo in _meta"])


def _result(result, version, method):
    if not isinstance(result, dict):
        return ["result is no object"]
    found = _modern(result, method) if version == MODERN else [
        key + " in a legacy result" for key in ("resultType", "ttlMs", "cacheScope") if key in result]
    if result.get("resultType") == "input_required":
        return found
    found += _members("result", result, RESULTS.get(method, {}))
    for key in RESULTS.get(method, {}):
        if key in ITEMS and isinstance(result.get(key), list):
            found += _items(result, key)
    if method == "completion/complete" and len(result.get("completion", {}).get("values", [])) > 100:
        found.append("more than 100 values")
    if "structuredContent" in result and version != MODERN and not isinstance(result["structuredContent"], dict):
        found.append("structuredContent is no object")
    return found


def _error(error, version):
    found = _members("error", error, {"code": int, "message": str})
    code = error.get("code")
    if isinstance(code, int) and -32768 <= code <= -32000 and code not in CODES:
        allowed = {-32020, -32021, -32022} if version == MODERN else {-32002}
        # Before any version is known both may be.
        if code not in (allowed if version else {-32002, -32020, -32021, -32022}):
            found.append("code %d is not one of this version" % code)
    if code == -32022:
        found += _members("error.data", error.get("data"), {"supported": list, "requested": str})
    if code == -32021:
        found += _members("error.data", error.get("data"), {"requiredCapabilities": dict})
    return found


def complaints(message, version=None, method=None):
    """version: that of the request, None when it had none; method: of the request that is answered."""
    if not isinstance(message, dict):
        return ["no object"]
    found = [] if message.get("jsonrpc") == "2.0" else ["jsonrpc is %r" % message.get("jsonrpc")]
    if "method" in message:
        if "id" in message and version == MODERN:
            found.append("a request from the server")
        if "id" not in message:
            found += _members("params", message.get("params", {}), NOTES.get(message["method"], {"no such notification": str}))
        return found
    if ("result" in message) == ("error" in message):
        return found + ["neither result nor error, or both"]
    if "result" in message:
        return found + ([] if "id" in message else ["a result without id"]) + _result(message["result"], version, method)
    if message.get("id", "") is None and version in (MODERN, "2025-11-25"):
        found.append("id is null")
    return found + _error(message["error"], version)
