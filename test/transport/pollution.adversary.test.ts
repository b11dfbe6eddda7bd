/** JSON that would pollute a prototype, at each route of a node that reads JSON: refused, and nothing is changed. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Route } from '@sealedger/node/server/app.ts';
import { nodeRoutes, type RouteParts } from '@sealedger/node/server/routes.ts';
import { isErrorCode } from '@sealedger/protocol/messages/catalogue.ts';
import { organisation } from '../node/support/organisations.ts';
import { type NodeApp, startNodeApp } from './support/node-app.ts';

const bank = organisation('bank', ['bank', 'department', 'gate', 'registrar', 'regulator']);
const own = organisation('tax', ['department']);
const id = 'ab'.repeat(32);

/** Services that fail loudly: a body that is refused reaches none of them. */
const services = new Proxy({} as RouteParts, {
  get: (_target, name) => {
    if (name === 'relay') return { maxBodyBytes: 1 << 20 };
    return (...args: readonly unknown[]) => {
      for (const argument of args) {
        if (typeof argument === 'object' && argument !== null) {
          assert.equal((argument as { isAdmin?: unknown }).isAdmin, undefined);
        }
      }
      return Promise.resolve({});
    };
  },
});

const POLLUTED = [
  '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"isAdmin":true}}}',
  '{"\\u005f_proto__":{"isAdmin":true}}',
  '{"requestId":"x","attempt":1,"__proto__":{"isAdmin":true}}',
  '{"announcements":[{"__proto__":{"isAdmin":true}}],"__proto__":null}',
  '[{"__proto__":[]}]',
];

describe('polluting JSON', () => {
  const routes: readonly Route[] = nodeRoutes(services).filter(({ method }) => method === 'post');
  let node: NodeApp;
  before(async () => {
    node = await startNodeApp(own, [bank], routes);
  });
  after(() => node.close());

  for (const { path } of routes) {
    it(`changes nothing at ${path}`, async () => {
      for (const text of POLLUTED) {
        const body = Buffer.from(text);
        const target = path.replace(':id', id).replace(':org', 'hidden').replace('*rest', 'v1/x');
        const reply = await node.send({ as: bank, method: 'POST', path: target, body });
        if (reply.status !== 200) assert.ok(reply.code !== undefined && isErrorCode(reply.code), reply.text);
        assert.equal(({} as { isAdmin?: unknown }).isAdmin, undefined);
      }
    });
  }
});
