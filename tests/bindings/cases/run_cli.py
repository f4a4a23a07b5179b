"""The shared cases through the msp-toolkit command with --json: one process for each step.

run_cli.py PROGRAM OPERATIONS RUN_C FILE...
"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "tools")]
from cases import Cases  # noqa: E402
from shared import Case, Number, load, parse  # noqa: E402


def text_of(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(text_of, value))
    if isinstance(value, dict):
        return ",".join("%s=%s" % (k, text_of(v)) for k, v in value.items())
    return str(value) if isinstance(value, (int, Number)) else value


def command_line(row, args, opts):
    """Words of a step: positions where a parameter has one, flags for the rest."""
    words, positions = row["cli"].split(), []
    for param in row["params"]:
        if param["name"] not in args:
            continue
        value = args[param["name"]]
        said = (param.get("cli") or "--" + param["name"].replace("_", "-")).split("|")
        flag = [s for s in said if s.startswith("--")]
        if flag and param["type"] == "bool":
            words += [flag[0]] if value else []
        elif flag:
            words.append("%s=%s" % (flag[0], text_of(value)))
        else:
            positions.append(text_of(value))
    words.append("--json")
    if opts.get("plan"):
        words.append("--plan")
    elif "plan_token" in opts:
        words.append("--plan-token=" + opts["plan_token"])
    elif row["effect"] == "destructive":
        words.append("--yes")
    return words + (["--"] + positions if positions else [])


def perform_with(program, case):
    def perform(step, args, opts):
        row = case.rows[step["do"]]
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("MSPTK_", "MSP_"))}
        keep.update(LC_ALL="C.UTF-8", TZ="UTC", MSPTK_CASE_CLOCK=case.clock_file)
        done = subprocess.run([program, *command_line(row, args, opts)], cwd=case.place, env=keep, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=60)
        try:
            doc = parse(done.stdout)
        except ValueError as error:
            return {"result": {"not JSON": str(error), "exit": done.returncode, "said": done.stdout + done.stderr}}
        return doc if set(doc) == {"error"} else {"result": doc}
    return perform


def main():
    program, operations_program, run_c = map(os.path.abspath, sys.argv[1:4])
    operations = json.loads(subprocess.run([operations_program], capture_output=True, check=True).stdout)
    cases = Cases()
    done = {step["do"] for path in sys.argv[4:] for step in load(path)["steps"]}
    cases.check("every operation that all doors have is in a case",
                [row["name"] for row in operations["operations"] if not row["doors_absent"] and row["name"] not in done])
    for path in sys.argv[4:]:
        with Case(path, operations, run_c).workspace() as case:
            for name, problems, why in case.steps(perform_with(program, case), "cli",
                                                  lambda row: row["doors_absent"].get("cli")):
                cases.check(name, problems)
                if why:
                    cases.aside(name + " by the command", why)
    cases.end()


if __name__ == "__main__":
    sys.exit(main())
