// The peer of the benchmark: the official TypeScript SDK v2 over stdio, answering client_list from memory with the bytes
// that our own server answered before. usage: node mcp_peer.mjs ANSWER.JSON
import { readFileSync } from 'node:fs';
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const { content, structuredContent } = JSON.parse(readFileSync(process.argv[2], 'utf8')).result;
serveStdio(() => {
  const server = new McpServer({ name: 'peer', version: '1' });
  server.registerTool('client_list', { description: 'List clients', inputSchema: z.object({ tier: z.string().optional() }) }, async () => ({ content, structuredContent }));
  return server;
});
