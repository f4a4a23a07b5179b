#!/usr/bin/env python3
"""An MCP host in forty lines: starts the server, lists its tools, asks which clients there are.

usage: ask.py [MSP-TOOLKIT [CONFIG]]      Nothing but the standard library is needed.
"""
import json
import os
import subprocess
import sys

META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}


class Server:
    def __init__(self, program, config=None):
        env = dict(os.environ, **({"MSP_CONFIG": config} if config else {}))
        self.process = subprocess.Popen([program, "mcp"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        encoding="utf-8")
        self.last = 0

    def ask(self, method, **params):
        self.last += 1
        message = {"jsonrpc": "2.0", "id": self.last, "method": method, "params": {**params, "_meta": META}}
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def main():
    server = Server(*(sys.argv[1:3] or ["msp-toolkit"]))
    for tool in server.ask("tools/list")["tools"]:
        print("%-18s %s" % (tool["name"], tool["title"]))
    result = server.ask("tools/call", name="client_list", arguments={"status": "active"})
    print(result["content"][0]["text"])
    return server.close() or int(bool(result.get("isError")))


if __name__ == "__main__":
    sys.exit(main())
