/** A request at the node's door: what is over, what comes in parallel, and what was taken before. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { nodeConfigSchema } from '@sealedger/node/config.ts';
import { createMutex } from '@sealedger/node/mutex.ts';
import type { NodeParts } from '@sealedger/node/services/parts.ts';
import { requestServices } from '@sealedger/node/services/request.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { type RequestDocument, requestId } from '@sealedger/protocol/request.ts';
import { bounds, owner } from '../approval/support/owner.ts';
import { refusal } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument, sheets } from '../node/support/request-fixture.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

const sheet = sheets.find(({ party }) => party === 'tax')!;

/** The intake of the department `tax`, whose policy approves. */
async function intake(t: TestContext, limits: Record<string, number> = {}) {
  const o = await owner(t, [bounds()]);
  await o.state.write([{ type: 'del', key: `document/${o.id}` }]);
  const dataDir = await temporaryDirectory(t);
  const place = { rpcUrl: 'http://127.0.0.1:1', deployment: 'none', endpoint: 'http://127.0.0.1:1', port: 0 };
  const config = nodeConfigSchema.parse({ org: 'tax', dataDir, ...place, policies: [bounds()], requests: limits });
  const datasets = o.parts.datasets().map((own) => ({
    ...own,
    config: {
      ...own.config,
      fields: sheet.definitions.map(({ field, transform }) =>
        transform === 'linear' ? { name: field, kind: 'number', missing: 250 } : { name: field, kind: 'text' },
      ),
    },
  }));
  const parts = {
    ...o.parts,
    config,
    mutex: createMutex(),
    log: { info: () => undefined, error: () => undefined },
    own: { datasets },
    epochKeys: { publish: async () => undefined },
  };
  const services = requestServices(parts as unknown as NodeParts);
  const deliver = (document: RequestDocument) => services.request('bank', { document, sheet });
  const submit = (byte: number): RequestDocument => {
    const document = requestDocument({ nonce: hexOf(byte) });
    const { decisions } = o.ledger.requests.get(o.id)!;
    o.ledger.requests.set(requestId(document), onChainView(document, { state: 'submitted', decisions }));
    return document;
  };
  return { ...o, deliver, submit };
}

describe('a request that is delivered', () => {
  it('is decided once, and may be delivered again, also when it is active', async (t) => {
    const o = await intake(t);
    const first = await o.deliver(o.document);
    assert.deepEqual(first, { requestId: o.id, decision: 'approved' });
    o.ledger.change(o.id, { state: 'active' });
    assert.deepEqual(await o.deliver(o.document), first);
    assert.deepEqual([o.log.size, o.ledger.writes.length], [2, 1]);
  });

  for (const state of ['withdrawn', 'rejected', 'revoked', 'expired', 'superseded', 'active'] as const) {
    it(`leaves no trace and no signature where it is ${state} and was not decided here`, async (t) => {
      const o = await intake(t);
      o.ledger.change(o.id, { state });
      await assert.rejects(o.deliver(o.document), refusal('REQUEST_NOT_ACTIVE', { state }));
      assert.deepEqual([o.log.size, o.ledger.writes, await o.state.get(`document/${o.id}`)], [0, [], undefined]);
    });
  }

  it('does not pass a bound by coming in parallel with others', async (t) => {
    const o = await intake(t, { maxPerDay: 3 });
    const documents = Array.from({ length: 12 }, (_, i) => o.submit(0x40 + i));
    const outcomes = await Promise.allSettled(documents.map((document) => o.deliver(document)));
    const refused = outcomes.filter((one) => one.status === 'rejected');
    assert.ok(refused.every(({ reason }) => isProtocolError(reason, 'REQUEST_LIMIT_DAY')));
    assert.equal(refused.length, 9);
    assert.equal((await o.state.list('document/')).length, 3);
  });
});
