// The official client of the handshake era.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { fixtureCases, roots, sample } from './fixture_cases.mjs';
import { answer, check, everything, wanted } from './interop.mjs';

const capabilities = { ...(wanted.forms && { elicitation: { form: {} } }), ...(wanted.fixture && { sampling: {}, roots: { listChanged: true } }) };
const client = new Client({ name: 'interop', version: '1' }, { capabilities });
if (wanted.fixture) {
  client.setRequestHandler(CreateMessageRequestSchema, async (request) => sample(request));
  client.setRequestHandler(ListRootsRequestSchema, async () => roots);
}
if (wanted.forms) client.setRequestHandler(ElicitRequestSchema, async (request) => answer(request));
const transport = wanted.url
  ? new StreamableHTTPClientTransport(new URL(wanted.url), { requestInit: { headers: wanted.token ? { Authorization: `Bearer ${wanted.token}` } : {} } })
  : new StdioClientTransport({ command: wanted.command[0], args: wanted.command.slice(1), cwd: wanted.place, stderr: 'inherit' });
await check('connects', async () => {
  await client.connect(transport);
  const me = client.getServerVersion();
  return [me?.name && me.version ? null : JSON.stringify(me), client.getInstructions() ? null : 'no instructions'];
});
const notifications = { 'notifications/message': LoggingMessageNotificationSchema, 'notifications/tools/list_changed': ToolListChangedNotificationSchema };
const fixture = {
  call: (params, options) => client.callTool(params, undefined, options),
  hears: (what) => {
    const heard = { count: 0 };
    client.setNotificationHandler(notifications[what], () => void heard.count++);
    return heard;
  },
  subscribe: async () => () => {},
};
if (wanted.fixture) await fixtureCases(client, false, fixture);
else await everything(client, false, async (uri, told) => {
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, (n) => told(n.params.uri));
  await client.subscribeResource({ uri });
  return () => client.unsubscribeResource({ uri });
});
await check('closes', async () => {
  if (wanted.url) await transport.terminateSession();
  await client.close();
});
process.exit(0);
