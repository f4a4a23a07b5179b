// The official client of both eras: automatic, pinned to 2026-07-28, or as the handshake era had it.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { fixtureCases, roots, sample } from './fixture_cases.mjs';
import { answer, check, everything, wanted } from './interop.mjs';

const modern = wanted.mode !== 'legacy';
const mode = wanted.mode === 'pin' ? { pin: '2026-07-28' } : wanted.mode;
const capabilities = { ...(wanted.forms && { elicitation: { form: {} } }), ...(wanted.fixture && { sampling: {}, roots: { listChanged: true } }) };
const client = new Client(
  { name: 'interop', version: '2' },
  { capabilities, versionNegotiation: { mode } }
);
if (wanted.forms) client.setRequestHandler('elicitation/create', async (request) => answer(request));
if (wanted.fixture) {
  client.setRequestHandler('sampling/createMessage', async (request) => sample(request));
  client.setRequestHandler('roots/list', async () => roots);
}
const transport = wanted.url
  ? new StreamableHTTPClientTransport(new URL(wanted.url), { requestInit: { headers: wanted.token ? { Authorization: `Bearer ${wanted.token}` } : {} } })
  : new StdioClientTransport({ command: wanted.command[0], args: wanted.command.slice(1), cwd: wanted.place, stderr: 'inherit' });
await check('connects in the era it wants', async () => {
  await client.connect(transport);
  const era = client.getProtocolEra();
  return [
    era === (modern ? 'modern' : 'legacy') ? null : `era ${era}`,
    client.getNegotiatedProtocolVersion() === (modern ? '2026-07-28' : '2025-11-25') ? null : client.getNegotiatedProtocolVersion(),
    client.getServerVersion()?.name ? null : 'no name of the server',
  ];
});
const fixture = {
  call: (params, options) => client.callTool(params, options),
  hears: (what) => {
    const heard = { count: 0 };
    client.setNotificationHandler(what, () => void heard.count++);
    return heard;
  },
  subscribe: async () => {
    if (!modern) return () => {};
    const subscription = await client.listen({ toolsListChanged: true });
    return () => subscription.close();
  },
};
if (wanted.fixture) await fixtureCases(client, modern, fixture);
else await everything(client, modern, async (uri, told) => {
  client.setNotificationHandler('notifications/resources/updated', (n) => told(n.params.uri));
  if (!modern) {
    await client.subscribeResource({ uri });
    return () => client.unsubscribeResource({ uri });
  }
  const subscription = await client.listen({ resourceSubscriptions: [uri] });
  return () => subscription.close();
});
await check('closes', async () => {
  await client.close();
});
process.exit(0);
