// What every official client has to be able to do with the server, whichever its protocol.
// Each case is one line on standard output: {"name": ..., "problems": [...]}.
import { execFileSync } from 'node:child_process';

export const wanted = JSON.parse(process.argv[2]);

export async function check(name, body) {
  let problems;
  try {
    problems = ((await body()) ?? []).filter(Boolean);
  } catch (e) {
    problems = [`${e?.name}: ${e?.message} ${JSON.stringify({ code: e?.code, data: e?.data })}`];
  }
  console.log(JSON.stringify({ name: `${wanted.who}: ${name}`, problems: problems.map(String) }));
}

export const unless = (good, words) => (good ? null : typeof words === 'string' ? words : JSON.stringify(words));
export const text = (result) => (result.content ?? []).map((c) => c.text ?? '').join('\n');

async function refused(promise, ...codes) {
  try {
    return [`answered ${JSON.stringify(await promise).slice(0, 300)}`];
  } catch (e) {
    return [unless(codes.includes(e.code), `code ${e.code} instead of ${codes.join(' or ')}: ${e.message}`)];
  }
}

// An answer to a form: yes where a yes is asked for, the first choice, some text.
export function filledIn(schema) {
  const one = (p) => {
    if (p.type === 'boolean') return true;
    if (p.type === 'string') return p.enum?.[0] ?? p.oneOf?.[0]?.const ?? p.const ?? 'yes';
    return p.minimum ?? 1;
  };
  return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([k, p]) => [k, one(p)]));
}

// The person behind the client: says what `person.action` says and remembers what was asked.
export const person = { action: 'accept', asked: [] };
export function answer(request) {
  person.asked.push(request.params);
  return person.action === 'accept' ? { action: 'accept', content: filledIn(request.params.requestedSchema) } : { action: person.action };
}

async function tools(client, modern) {
  await check('tools are listed with schemas and all hints', async () => {
    const { tools: all } = await client.listTools();
    const names = all.map((t) => t.name);
    const hints = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'];
    return [
      ...['client_list', 'health_check', 'device_list', 'alert_list'].map((n) => unless(names.includes(n), `${n} is not listed`)),
      ...all.map((t) => unless(t.inputSchema?.type === 'object' && t.outputSchema?.type === 'object' && t.title && t.description, t)),
      ...all.map((t) => unless(hints.every((h) => typeof t.annotations?.[h] === 'boolean'), t.annotations)),
      ...all.map((t) => unless(wanted.writes || t.annotations.readOnlyHint, `${t.name} writes and is listed`)),
      unless(!wanted.writes || names.includes('alert_ack'), 'alert_ack is not listed'),
    ];
  });
  await check('a tool answers text and structure that fit its schema', async () => {
    const result = await client.callTool({ name: 'client_list', arguments: {} });
    const names = result.structuredContent?.clients?.map((c) => c.name) ?? [];
    return [
      unless(!result.isError, result),
      unless(names.includes('Acme Corp'), result.structuredContent),
      unless(text(result).includes('Acme Corp'), text(result)),
    ];
  });
  await check('arguments arrive', async () => {
    const result = await client.callTool({ name: 'client_list', arguments: { search: 'beta' } });
    return [unless(result.structuredContent?.clients?.length === 1 && result.structuredContent.clients[0].id === 'beta-ltd', result)];
  });
  await check('an unknown client is a result with the code CLIENT_NOT_FOUND', async () => {
    const result = await client.callTool({ name: 'device_list', arguments: { client_id: 'acme-crop' } });
    const error = result.structuredContent?.error;
    return [unless(result.isError && error?.code === 'CLIENT_NOT_FOUND' && error.message && error.details?.suggestion, result)];
  });
  await check('a bad argument is a result with the code INVALID_PARAMETERS', async () => {
    const result = await client.callTool({ name: 'client_list', arguments: { tier: 'lead' } });
    const error = result.structuredContent?.error;
    return [unless(result.isError && error?.code === 'INVALID_PARAMETERS' && error.details?.suggestion, result)];
  });
  await check('an unknown tool is refused', () => refused(client.callTool({ name: 'client_lst', arguments: {} }), -32602));
  await check('calls that overlap are all answered', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => client.callTool({ name: 'client_list', arguments: {} })));
    return all.map((r) => unless(r.structuredContent?.clients?.length === 2, r));
  });
  if (!modern) {
    await check('ping', async () => [unless((await client.ping()) !== undefined, 'no answer')]);
  }
}

async function rest(client, modern) {
  let resources = [];
  await check('resources and templates are listed', async () => {
    resources = (await client.listResources()).resources;
    const { resourceTemplates: templates } = await client.listResourceTemplates();
    return [
      unless(resources.some((r) => r.uri === 'msp://clients'), resources),
      unless(templates.some((t) => t.uriTemplate === 'msp://client/{client_id}'), templates),
    ];
  });
  await check('what is listed can be read', async () => {
    const problems = [];
    for (const { uri } of resources) {
      const { contents } = await client.readResource({ uri });
      problems.push(unless(contents.length === 1 && contents[0].uri === uri && contents[0].text, { uri, contents }));
    }
    const { contents } = await client.readResource({ uri: 'msp://client/acme-corp' });
    problems.push(unless(contents[0].text.includes('Acme Corp'), contents));
    return problems;
  });
  await check('an unknown resource is refused', () => refused(client.readResource({ uri: 'msp://client/nobody' }), -32602, ...(modern ? [] : [-32002])));
  await check('prompts are listed and given', async () => {
    const { prompts } = await client.listPrompts();
    const problems = [unless(prompts.some((p) => p.name === 'morning_triage'), prompts)];
    for (const p of prompts) {
      const args = Object.fromEntries((p.arguments ?? []).filter((a) => a.required).map((a) => [a.name, 'acme-corp']));
      const { messages } = await client.getPrompt({ name: p.name, arguments: args });
      problems.push(unless(messages.length > 0 && messages[0].content.text, { p, messages }));
    }
    return problems;
  });
  await check('an unknown prompt is refused', () => refused(client.getPrompt({ name: 'evening_triage' }), -32602));
  await check('ids of clients are completed', async () => {
    const { completion } = await client.complete({ ref: { type: 'ref/resource', uri: 'msp://client/{client_id}' }, argument: { name: 'client_id', value: 'ac' } });
    return [unless(completion.values.includes('acme-corp') && !completion.values.includes('beta-ltd'), completion)];
  });
}

// `subscribe` starts watching `uri`, calls back with each uri that was updated, and returns how to stop.
async function watching(subscribe) {
  await check('a change is told to who watches it', async () => {
    const uri = 'msp://client/beta-ltd';
    let told;
    const changed = new Promise((resolve) => (told = resolve));
    const stop = await subscribe(uri, (what) => told(what));
    execFileSync(wanted.program, ['client', 'update', 'beta-ltd', '--tier', wanted.tier, '--quiet'], { cwd: wanted.place, stdio: 'ignore' });
    const late = new Promise((resolve) => setTimeout(resolve, 15000, 'nothing within 15 seconds').unref());
    const what = await Promise.race([changed, late]);
    await stop();
    return [unless(what === uri, what)];
  });
}

async function writes(client) {
  const call = { name: 'alert_ack', arguments: { alert_id: wanted.alerts.shift(), note: 'looked at by the test' } };
  await check('what the person declines does not happen', async () => {
    person.action = 'decline';
    const result = await client.callTool(call);
    const after = await client.callTool({ name: 'alert_list', arguments: { status: 'open' } });
    return [
      unless(person.asked.length === 1, person.asked),
      unless(after.structuredContent.alerts.some((a) => a.id.startsWith(call.arguments.alert_id)), { result, after: after.structuredContent }),
    ];
  });
  await check('what the person confirms happens once', async () => {
    person.action = 'accept';
    person.asked.length = 0;
    const result = await client.callTool(call);
    const after = await client.callTool({ name: 'alert_list', arguments: { status: 'acknowledged' } });
    return [
      unless(person.asked.length === 1 && person.asked[0].message, person.asked),
      unless(!result.isError && result.structuredContent, result),
      unless(after.structuredContent.alerts.some((a) => a.id.startsWith(call.arguments.alert_id)), after.structuredContent),
    ];
  });
}

// A client without forms: a plan first, then the same call with its token.
async function writesByToken(client) {
  await check('without forms a token confirms the plan, once', async () => {
    const call = { name: 'alert_ack', arguments: { alert_id: wanted.alerts.shift(), note: 'by token' } };
    const plan = await client.callTool(call);
    const token = plan.structuredContent?.confirmation?.confirmation_token;
    if (!token) return [JSON.stringify(plan)];
    const again = { ...call, arguments: { ...call.arguments, confirmation_token: token } };
    const done = await client.callTool(again);
    const twice = await client.callTool(again).catch((e) => ({ isError: true, e }));
    return [unless(!done.isError, done), unless(twice.isError, twice)];
  });
}

export async function everything(client, modern, subscribe) {
  await tools(client, modern);
  await rest(client, modern);
  if (subscribe) await watching(subscribe);
  if (wanted.writes && wanted.forms) await writes(client);
  if (wanted.writes && !wanted.forms) await writesByToken(client);
}
