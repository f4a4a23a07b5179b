"""The first minute: a fake vendor, one client, its devices and their health. Needs nothing but the package.
usage: quickstart.py [CONFIG.yaml]"""
import sys

from msptk import ClientNotFound, MSPToolkit

DEMO = {"adapters": [{"name": "rmm", "type": "fake", "url": "fake://default?devices=2&problems=0.2"}]}


def main():
    with MSPToolkit.from_config(sys.argv[1]) if len(sys.argv) > 1 else MSPToolkit(settings=DEMO) as toolkit:
        clients = toolkit.get_client_manager()
        try:
            client = clients.get_client("acme-corp")
        except ClientNotFound:
            client = clients.create("Acme Corp", tier="premium")
        print(f"Client: {client.name}, Tier: {client.tier}")

        rmm = toolkit.get_rmm_adapter()
        for device in rmm.get_devices(client_id=client.rmm_id):
            print(f"Device: {device.name}, Status: {device.status}")

        results = toolkit.get_health_monitor().run_checks(client.id)
        for check in results:
            print(f"{check.name}: {check.status} - {check.message}")
        print(results.summary)


if __name__ == "__main__":
    main()
