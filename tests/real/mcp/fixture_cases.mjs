// What only the fixture offers: questions of every kind, progress, logs, lists that change, every kind of content.
import { check, person, text, unless, wanted } from './interop.mjs';

// The model and the folders behind the client.
export const model = { asked: 0 };
export function sample(request) {
  model.asked++;
  return { role: 'assistant', model: 'none', content: { type: 'text', text: `you said ${request.params.messages[0].content.text}` } };
}
export const roots = { roots: [{ uri: 'file:///srv/msp', name: 'msp' }] };

const said = async (call, part) => {
  const result = await call;
  return [unless(!result.isError && text(result).includes(part), result)];
};

// `call` is callTool(params, options) of whichever client; `hears` registers for a notification and counts it; `subscribe` asks
// for changes of the tool list, where that has to be asked for.
export async function fixtureCases(client, modern, { call, hears, subscribe }) {
  for (const [name, kind] of [['image_content', 'image'], ['audio_content', 'audio'], ['embedded_resource', 'resource']]) {
    await check(`content: ${kind}`, async () => {
      const { content } = await call({ name: `test_${name}`, arguments: {} });
      return [unless(content.length === 1 && content[0].type === kind, content)];
    });
  }
  await check('a resource of a template', async () => {
    const { contents } = await client.readResource({ uri: 'test://template/7/data' });
    return [unless(JSON.parse(contents[0].text).id === '7', contents)];
  });
  await check('progress grows to its end', async () => {
    const seen = [];
    await call({ name: 'test_tool_with_progress', arguments: {} }, { onprogress: (p) => seen.push(p.progress) });
    return [unless(JSON.stringify(seen) === '[0,50,100]', seen)];
  });
  await check('logs are heard by who asks for them', async () => {
    const logs = hears('notifications/message');
    if (!modern) await client.setLoggingLevel('info');
    const meta = modern ? { _meta: { 'io.modelcontextprotocol/logLevel': 'info' } } : {};
    await call({ name: 'test_tool_with_logging', arguments: {}, ...meta });
    return [unless(logs.count === 3, `${logs.count} logs`)];
  });
  await check('the model is asked', () => said(call({ name: 'test_sampling', arguments: { prompt: 'aloud' } }), 'you said aloud'));
  await check('the person is asked', () => said(call({ name: 'test_elicitation', arguments: { message: 'who?' } }), 'accept'));
  await check('the folders are asked for', () => said(call({ name: 'test_input_required_result_list_roots', arguments: {} }), 'file:///srv/msp'));
  await check('three questions at once', async () => {
    const [people, models] = [person.asked.length, model.asked];
    const result = await said(call({ name: 'test_input_required_result_multiple_inputs', arguments: {} }), 'state-ok');
    return [...result, unless(person.asked.length === people + 1 && model.asked === models + 1, 'not everybody was asked once')];
  });
  await check('one question after the other', async () => {
    const people = person.asked.length;
    const result = await said(call({ name: 'test_input_required_result_multi_round', arguments: {} }), 'Both rounds');
    return [...result, unless(person.asked.length === people + 2, person.asked)];
  });
  await check('a prompt that asks', async () => {
    const { messages } = await client.getPrompt({ name: 'test_input_required_result_prompt' });
    return [unless(messages[0].content.text.includes('accept'), messages)];
  });
  await check('a call is given up, and the server goes on', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort('enough'), 100);
    const ended = await call({ name: 'test_tool_with_progress', arguments: {} }, { signal: abort.signal }).then(() => 'answered', () => 'given up');
    const after = await said(call({ name: 'test_simple_text', arguments: {} }), 'simple text');
    return [unless(ended === 'given up', ended), ...after];
  });
  await check('a change of the tool list is told', async () => {
    const changes = hears('notifications/tools/list_changed');
    const stop = await subscribe();
    const list = async () => (await client.listTools(undefined, { cacheMode: 'refresh' })).tools.some((t) => t.name === 'test_dynamic_tool');
    const before = await list();
    await call({ name: 'test_trigger_tool_change', arguments: {} });
    for (let i = 0; i < 100 && !changes.count; i++) await new Promise((resolve) => setTimeout(resolve, 20));
    const after = await list();
    await stop();
    return [unless(changes.count === 1, `${changes.count} notifications`), unless(before !== after, 'the list is as it was')];
  });
}
