/** The OpenAPI description holds every route there is, and is one that a tool can read. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { AdminContract } from '@sealedger/node/server/admin.ts';
import type { Route } from '@sealedger/node/server/app.ts';
import { type JsonObject, openApiDocument } from '@sealedger/node/server/openapi.ts';
import { createRelayQueue, relaySchema } from '@sealedger/node/server/relay-queue.ts';
import { routeDocs } from '@sealedger/node/server/route-docs.ts';
import { nodeRoutes, type RouteParts } from '@sealedger/node/server/routes.ts';
import { adminCommands } from '@sealedger/node/services/admin.ts';
import type { NodeParts } from '@sealedger/node/services/parts.ts';
import { messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { refusalOf } from '../node/support/refusals.ts';

/** Routes only call their parts when they are called; of the relay they know the largest body. */
const routes = nodeRoutes({ relay: createRelayQueue(relaySchema.parse(undefined)) } as RouteParts);
/** Stands for every part of a node; commands touch their parts only when they run. */
const anyPart: unknown = new Proxy(() => undefined, {
  get: (_, name) => {
    if (name === 'seed') return new Uint8Array(32);
    if (name === 'dataDir' || name === 'directory') return 'data';
    if (name === Symbol.iterator) return [][Symbol.iterator].bind([]);
    return name === Symbol.toPrimitive ? () => 'part' : anyPart;
  },
  apply: () => anyPart,
});
const commands: readonly AdminContract[] = adminCommands(anyPart as NodeParts);
/** What changes nothing, so that the token alone suffices; and runs of rules, which a schedule makes by itself. */
const WITHOUT_PERSON =
  /^(\w+\.(list|show|search|lineage|history|ranking|points|report|schedule|questions|attachments|proposals)|node\.status|quality\.(run|check))$/;
const parts = {
  org: 'tax',
  version: '1.0.0',
  endpoint: 'https://tax.example',
  adminUrl: 'http://127.0.0.1:1',
  routes,
  commands,
};
const document = openApiDocument(parts);
const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;
const VERBS = ['get', 'post', 'put'];
const operations = Object.entries(paths).flatMap(([path, item]) =>
  VERBS.flatMap((verb) => (item[verb] === undefined ? [] : [{ path, verb, operation: item[verb] }])),
);
const server = new URL('../../node/server/', import.meta.url);

describe('the OpenAPI description', () => {
  it('has every route of every file of routes, and every command', async () => {
    for (const name of (await readdir(server)).filter((file) => /routes\.ts$/.test(file))) {
      const source = await readFile(new URL(name, server), 'utf8');
      for (const [, path] of source.matchAll(/'(\/v1\/[^']*)'/g)) {
        assert.ok(paths[path!.replace(/[:*](\w+)/g, '{$1}')] !== undefined, `${name}: ${path}`);
      }
    }
    for (const { method, path } of routes) {
      assert.ok(paths[path.replace(/[:*](\w+)/g, '{$1}')]?.[method] !== undefined, `${method} ${path}`);
    }
    for (const { name } of commands) assert.ok(paths[`/admin/v1/${name}`]?.['post'] !== undefined, name);
    assert.equal(operations.length, routes.length + commands.length);
  });

  it('has every command that a file of commands names, once, and its summary in both languages', async () => {
    const names = commands.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    const services = new URL('../../node/services/', import.meta.url);
    for (const file of (await readdir(services)).filter((name) => name.startsWith('admin'))) {
      const source = await readFile(new URL(file, services), 'utf8');
      for (const [, name] of source.matchAll(/name: '(\w+\.\w+)'/g))
        assert.ok(names.includes(name!), `${file}: ${name}`);
    }
    for (const { name, summary } of commands) {
      for (const locale of ['en', 'zh-CN'] as const) assert.doesNotMatch(messageFor(summary, {}, locale), /[{}]/, name);
      assert.match(messageFor(summary, {}, 'zh-CN'), /\p{Script=Han}/u, name);
    }
  });

  it('says which roles a command asks for; only what changes nothing asks for none', () => {
    for (const { name, roles } of commands) {
      const { description } = paths[`/admin/v1/${name}`]!['post']!;
      if (roles === undefined) assert.match(name, WITHOUT_PERSON);
      else {
        assert.ok(roles.length > 0, name);
        assert.match(String(description), new RegExp(`Roles of the person: ${roles.join(', ')}`), name);
      }
    }
  });

  it('describes no route that is not there', () => {
    const there = new Set(routes.map(({ method, path }) => `${method} ${path}`));
    for (const key of Object.keys(routeDocs)) assert.ok(there.has(key), key);
  });

  it('refuses a route that nobody described', async () => {
    const stray: Route = {
      method: 'get',
      path: '/v1/stray',
      roles: [],
      maxBodyBytes: 0,
      answer: async () => ({ json: 1 }),
    };
    const made = () => openApiDocument({ ...parts, routes: [...routes, stray] });
    assert.equal((await refusalOf(made)).code, 'ROUTE_UNDESCRIBED');
  });

  it('is OpenAPI 3.1 in its structure', () => {
    assert.match(String(document['openapi']), /^3\.1\.\d$/);
    const { title, version } = document['info'] as JsonObject;
    assert.ok(typeof title === 'string' && typeof version === 'string');
    const ids = operations.map(({ operation }) => String(operation['operationId']));
    assert.equal(new Set(ids).size, ids.length, 'operation ids are unique');
    const schemes = (document['components'] as JsonObject)['securitySchemes'] as JsonObject;
    for (const { path, verb, operation } of operations) {
      const where = `${verb} ${path}`;
      assert.match(String(operation['operationId']), /^[A-Za-z][A-Za-z0-9]*$/, where);
      const parameters = operation['parameters'] as readonly JsonObject[] | undefined;
      const named = (parameters ?? []).filter((parameter) => parameter['in'] === 'path').map(({ name }) => name);
      assert.deepEqual(
        named,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
        where,
      );
      assert.ok(
        (parameters ?? []).every((parameter) => parameter['schema'] !== undefined),
        where,
      );
      if (verb === 'get') assert.equal(operation['requestBody'], undefined, where);
      for (const [status, response] of Object.entries(operation['responses'] as JsonObject)) {
        assert.match(status, /^([1-5]\d\d|default)$/, where);
        assert.equal(typeof (response as JsonObject)['description'], 'string', where);
      }
      for (const scheme of (operation['security'] as readonly JsonObject[]).flatMap(Object.keys)) {
        assert.ok(Object.hasOwn(schemes, scheme), where);
      }
    }
  });

  it('has schemas of JSON Schema 2020-12 whose references lead somewhere', () => {
    const types = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object', 'null']);
    let schemas = 0;
    const walk = (value: unknown, trail: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const node = value as JsonObject;
      if (typeof node['$ref'] === 'string') {
        const target = node['$ref']
          .slice(2)
          .split('/')
          .reduce<unknown>((at, name) => (at as JsonObject)?.[name], document);
        assert.ok(node['$ref'].startsWith('#/') && target !== undefined, `${trail}: ${node['$ref']}`);
      }
      if (
        typeof node['type'] === 'string' &&
        !trail.endsWith('securitySchemes/memberSignature') &&
        !trail.endsWith('securitySchemes/operatorToken')
      ) {
        assert.ok(types.has(node['type']) || trail.endsWith('/properties'), `${trail}: ${node['type']}`);
        schemas += 1;
      }
      if (Array.isArray(node['required']) && typeof node['properties'] === 'object') {
        for (const name of node['required'])
          assert.ok(Object.hasOwn(node['properties'] as object, name as string), `${trail}: ${String(name)}`);
      }
      for (const [name, child] of Object.entries(node)) walk(child, `${trail}/${name}`);
    };
    walk(document, '#');
    assert.ok(schemas > 300, `${schemas}`);
    assert.deepEqual(JSON.parse(JSON.stringify(document)), document, 'it is plain JSON');
  });
});
