/** Which route a call means, and what its path says: nothing but the path as received decides. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Route } from '@sealedger/node/server/app.ts';
import { createRouteTable } from '@sealedger/node/server/route-table.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';

function route(method: Route['method'], path: string): Route {
  return { method, path, roles: [], maxBodyBytes: 0, answer: async () => ({ json: path }) };
}

const find = createRouteTable([
  route('get', '/v1/requests/:id'),
  route('post', '/v1/requests/:id/answers'),
  route('get', '/v1/requests/own'),
  route('get', '/v1/relay/:org/*rest'),
  route('post', '/v1/relay/:org/*rest'),
]);

const meant = (method: string, target: string): unknown => {
  const found = find(method, target);
  return found === undefined ? undefined : [found.route.path, found.params];
};

test('a route is found by method and whole path, and fixed segments win', () => {
  assert.deepEqual(meant('GET', '/v1/requests/ab?x=/v1/status'), ['/v1/requests/:id', { id: 'ab' }]);
  assert.deepEqual(meant('GET', '/v1/requests/own'), ['/v1/requests/own', {}]);
  assert.deepEqual(meant('POST', '/v1/requests/own/answers'), ['/v1/requests/:id/answers', { id: 'own' }]);
  assert.deepEqual(meant('GET', '/v1/relay/tax/v1/status'), [
    '/v1/relay/:org/*rest',
    { org: 'tax', rest: 'v1/status' },
  ]);
});

test('what no route says is none: method, case, end, empty and added segments, other forms of a target', () => {
  const targets = [
    '/v1/requests',
    '/v1/requests/',
    '/v1/requests/a/',
    '/V1/requests/a',
    '//v1/requests/a',
    '/v1//requests/a',
  ];
  for (const target of [
    ...targets,
    '/v1/relay/tax',
    '/v1/relay/tax/',
    '/v1/relay//x',
    '',
    '*',
    'http://a/v1/requests/a',
  ]) {
    assert.equal(find('GET', target), undefined, target);
  }
  for (const method of ['HEAD', 'OPTIONS', 'PUT', 'get', '__proto__'])
    assert.equal(find(method, '/v1/requests/a'), undefined);
});

test('a named segment is decoded after the path was split, and never leaves its place', () => {
  assert.deepEqual(meant('GET', '/v1/requests/a%2Fb%2F..'), ['/v1/requests/:id', { id: 'a/b/..' }]);
  assert.deepEqual(meant('GET', '/v1/requests/..'), ['/v1/requests/:id', { id: '..' }]);
  assert.deepEqual(meant('GET', '/v1/requests/__proto__'), ['/v1/requests/:id', { id: '__proto__' }]);
  for (const bad of ['%', '%zz', '%ff'])
    assert.throws(
      () => find('GET', `/v1/requests/${bad}`),
      (error) => isProtocolError(error, 'HTTP_MALFORMED'),
    );
});
