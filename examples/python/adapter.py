"""An adapter of one's own: devices and their disks come from an inventory, a JSON file that another program exports.
usage: adapter.py [INVENTORY.json]"""
import json
import os
import sys
import tempfile

from msptk import Device, Metric, MSPError, MSPToolkit, RMMAdapter

EXAMPLE = {"devices": [{"id": "s-1", "client": "acme", "name": "files", "disk_percent": 41.5},
                       {"id": "s-2", "client": "acme", "name": "mail", "disk_percent": 98.0},
                       {"id": "s-9", "client": "other", "name": "not ours", "disk_percent": 1.0}]}


class Inventory(RMMAdapter):
    type = "inventory"
    title = "Inventory file"
    description = "Devices from a JSON file"
    settings_schema = {"path": {"type": "string", "description": "the file"}}
    checks = ("disk",)

    def read(self, client_id=None):
        try:
            with open(self.settings["path"], encoding="utf-8") as f:
                devices = json.load(f)["devices"]
        except OSError as problem:
            raise MSPError(f"the inventory cannot be read: {problem}", status="E_UNAVAILABLE") from problem
        return [d for d in devices if client_id in (None, d["client"])]

    def probe(self):
        self.read()

    def get_devices(self, client_id=None):
        for d in self.read(client_id):
            yield Device(vendor_id=d["id"], name=d["name"], status="up")

    def get_metrics(self, client_id, devices, checks):
        for d in self.read(client_id):
            # Without a value the library says unknown; never zero for what is missing.
            yield Metric(d["id"], "disk", "disk_percent", d.get("disk_percent"), "%")


def show(path):
    settings = {"adapters": [{"name": "rmm", "type": "inventory", "path": path}]}
    with MSPToolkit(settings=settings) as toolkit:
        toolkit.register_adapter(Inventory)
        toolkit.get_client_manager().create("Acme Corp", rmm_id="acme")
        for device in toolkit.get_rmm_adapter().get_devices("acme-corp"):
            print(f"device   {device.name}")
        for result in toolkit.get_health_monitor().run_checks("acme-corp", check_types=["disk"]):
            print(f"{result.status:8} {result.device}: {result.message}")


def main():
    if len(sys.argv) > 1:
        return show(sys.argv[1])
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "inventory.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(EXAMPLE, f)
        return show(path)


if __name__ == "__main__":
    try:
        main()
    except MSPError as problem:
        sys.exit(f"adapter.py: {problem}\ntry this: {problem.suggestion}")
