"""asyncio: ask about all clients at the same time, and never for longer than a minute."""
import asyncio

from msptk import MSPToolkit

DEMO = {"adapters": [{"name": "rmm", "type": "fake", "url": "fake://default?devices=3&problems=0.1&latency_ms=20"}]}


async def check(ops, client_id):
    await ops.device_scan(client_id=client_id)
    run = await ops.health_check(client_id=client_id)
    return client_id, run.verdict, run.summary


async def main():
    with MSPToolkit(settings=DEMO) as toolkit:
        ops = toolkit.aio.ops
        for name in ("Acme Corp", "Möbel Müller", "株式会社テスト"):
            await ops.client_create(name, tier="gold")
        clients = [client.id async for client in await ops.client_list()]
        # When the minute is over the tasks are cancelled, and with them what the library does.
        for line in await asyncio.wait_for(asyncio.gather(*(check(ops, c) for c in clients)), 60):
            print("%-24s %-8s %s" % line)


if __name__ == "__main__":
    asyncio.run(main())
