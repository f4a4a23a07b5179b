"""The shared cases through `msp-toolkit mcp` over standard input and output: reads of tools, in full.

run_cases.py CLOCKED_PROGRAM OPERATIONS RUN_C FILE...
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "cases"), os.path.join(HERE, "..", "..", "tools")]
from cases import Cases  # noqa: E402
from shared import Case, Number, canonical, parse  # noqa: E402

# What this door adds to a result; everything else is the library's.
OWN = ("client", "truncated", "total", "hint", "partial")


class Server:
    def __init__(self, program, case):
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("MSPTK_", "MSP_"))}
        keep.update(LC_ALL="C.UTF-8", TZ="UTC", MSPTK_CASE_CLOCK=case.clock_file)
        self.process = subprocess.Popen([program, "mcp"], cwd=case.place, env=keep, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.number = 0
        self.ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                "clientInfo": {"name": "cases", "version": "1"}})
        self.tools = {t["name"]: t for t in self.ask("tools/list", {})["result"]["tools"]}

    def ask(self, method, params):
        self.number += 1
        message = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        self.process.stdin.write(canonical(message).encode() + b"\n")
        self.process.stdin.flush()
        answer = parse(self.process.stdout.readline().decode())
        assert answer["id"] == self.number, answer
        return answer

    def close(self):
        self.process.stdin.close()
        return self.process.wait(timeout=20)


def in_order(row, result):
    """What is said of a page stands before its rows here, for an agent that reads no further; elsewhere it need not."""
    if not row["result"].get("rows"):
        return result
    order = list(row["result"]["json_schema"]["properties"])
    return dict(sorted(result.items(), key=lambda member: order.index(member[0]) if member[0] in order else len(order)))


def main():
    program, operations_program, run_c = map(os.path.abspath, sys.argv[1:4])
    operations = json.loads(subprocess.run([operations_program], capture_output=True, check=True).stdout)
    cases = Cases()
    for path in sys.argv[4:]:
        with Case(path, operations, run_c).workspace() as case:
            server = Server(program, case)

            def perform(step, args, opts, server=server):
                own = {"response_format": "detailed", "max_tokens": 20000}
                has = server.tools[step["do"]]["inputSchema"]["properties"]
                done = server.ask("tools/call", {"name": step["do"],
                                                 "arguments": dict(args, **{k: v for k, v in own.items() if k in has})})
                content = done["result"]["structuredContent"]
                if done["result"].get("isError"):
                    return {"error": content["error"]}
                return {"result": in_order(case.rows[step["do"]], {k: v for k, v in content.items() if k not in OWN})}

            def lacks(row, server=server):
                if row["name"] in server.tools:
                    return None
                return "changes are confirmed by a person" if row["tool"] else "no tool of agents"

            def lacks_step(step, server=server):
                hidden = set(step.get("args", {})) - set(server.tools[step["do"]]["inputSchema"]["properties"])
                if hidden:
                    return "agents do not see the parameter %s" % ", ".join(sorted(hidden))
                if "\u200d" in canonical(step["expect"]):
                    return "agents get texts without characters that nobody sees"
                return "options are the server's, not its guests'" if step.get("opts") else None

            for name, problems, why in case.steps(perform, "mcp", lacks, lacks_step, status=False):
                cases.check(name, problems)
                if why:
                    cases.skip(name + " by MCP", why)
            cases.check("%s: the server ends well" % case.name, [] if server.close() == 0 else ["it does not"])
    cases.end()


if __name__ == "__main__":
    sys.exit(main())
