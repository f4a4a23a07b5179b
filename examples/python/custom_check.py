"""A check of one's own: how many files wait in a directory. It runs in every health check of every client from now on.
usage: custom_check.py [DIRECTORY]"""
import os
import sys

from msptk import CheckResult, MSPToolkit, Plugin


class Backlog(Plugin):
    name = "backlog"
    version = "1.0"
    directory = "."

    def execute(self, context):
        # What cannot be read raises, and the result is unknown: never say ok of what was not looked at.
        waiting = [n for n in os.listdir(self.directory) if not n.startswith(".")]
        status = "critical" if len(waiting) > 100 else "warning" if len(waiting) > 10 else "healthy"
        return CheckResult(status, f"{len(waiting)} files wait in {self.directory}", data={"waiting": len(waiting)})


def main():
    check = Backlog()
    check.directory = sys.argv[1] if len(sys.argv) > 1 else "."
    with MSPToolkit() as toolkit:
        toolkit.register_plugin(check)
        toolkit.get_client_manager().create("Acme Corp")
        for result in toolkit.get_health_monitor().run_checks("acme-corp", check_types=["custom"]):
            print(f"{result.status:8} {result.name:12} {result.message}")


if __name__ == "__main__":
    main()
