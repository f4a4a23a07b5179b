// The official client of the handshake era.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { answer, check, everything, wanted } from './interop.mjs';

const client = new Client({ name: 'interop', version: '1' }, { capabilities: wanted.forms ? { elicitation: { form: {} } } : {} });
if (wanted.forms) client.setRequestHandler(ElicitRequestSchema, async (request) => answer(request));
const transport = wanted.url
  ? new StreamableHTTPClientTransport(new URL(wanted.url), { requestInit: { headers: wanted.token ? { Authorization: `Bearer ${wanted.token}` } : {} } })
  : new StdioClientTransport({ command: wanted.command[0], args: wanted.command.slice(1), cwd: wanted.place, stderr: 'inherit' });
await check('connects', async () => {
  await client.connect(transport);
  const me = client.getServerVersion();
  return [me?.name && me.version ? null : JSON.stringify(me), client.getInstructions() ? null : 'no instructions'];
});
await everything(client, false, async (uri, told) => {
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, (n) => told(n.params.uri));
  await client.subscribeResource({ uri });
  return () => client.unsubscribeResource({ uri });
});
await check('closes', async () => {
  if (wanted.url) await transport.terminateSession();
  await client.close();
});
process.exit(0);
