/** A department that took the checks out of its node: what the others, who did not, let it do. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { computationKeys } from '@sealedger/node/compute/computation.ts';
import { openNodeState } from './support/node-state.ts';
import { announce, assemble, document, ledgerOf, type Node, nodeOf, skipping, view } from './support/participants.ts';
import { refusal } from './support/refusals.ts';
import { temporaryDirectory } from './support/temporary.ts';

describe('a department whose node skips its checks', () => {
  for (const [name, state, code] of [
    ['suspended', 'suspended', 'GRANT_SUSPENDED'],
    ['revoked', 'revoked', 'REQUEST_NOT_ACTIVE'],
    ['expired', 'expired', 'GRANT_EXPIRED'],
  ] as const) {
    it(`is alone with a grant that is ${name}: the others announce nothing, and what it has is not enough`, async (t) => {
      const own = await openNodeState(join(await temporaryDirectory(t), 'state'), 'tax');
      t.after(own.close);
      await own.state.write([{ type: 'put', key: computationKeys.document(view.id), value: document }]);
      const ledger = ledgerOf('tax');
      const careless = assemble('tax', own, ledger, skipping(ledger));
      const honest = await Promise.all([nodeOf(t, 'court'), nodeOf(t, 'bureau')]);
      for (const { requests } of [ledger, ...honest.map((n) => n.ledger)]) requests.set(view.id, { ...view, state });
      const lone = await announce(careless);
      for (const n of honest) await assert.rejects(announce(n), refusal(code));
      const start = (n: Node, envelopes: readonly unknown[]) =>
        n.computations.start('bank', lone.body.computationId, [...envelopes]);
      await assert.rejects(start(careless, [lone]), refusal('ANNOUNCEMENTS_INCOMPLETE'));
      assert.deepEqual([careless.started.length, ...honest.map((n) => n.started.length)], [0, 0, 0]);
    });
  }

  it('that stopped between announcement and start: the others begin nothing', async (t) => {
    const own = await openNodeState(join(await temporaryDirectory(t), 'state'), 'tax');
    t.after(own.close);
    await own.state.write([{ type: 'put', key: computationKeys.document(view.id), value: document }]);
    const ledger = ledgerOf('tax');
    const careless = assemble('tax', own, ledger, skipping(ledger));
    const honest = [await nodeOf(t, 'court'), await nodeOf(t, 'bureau')];
    const envelopes = [await announce(careless), ...(await Promise.all(honest.map((n) => announce(n))))];
    const id = envelopes[0]!.body.computationId;
    for (const { requests } of [ledger, ...honest.map((n) => n.ledger)])
      requests.set(view.id, { ...view, state: 'suspended' });
    for (const n of honest)
      await assert.rejects(n.computations.start('bank', id, envelopes), refusal('GRANT_SUSPENDED'));
    assert.deepEqual(
      honest.map(({ started }) => started.length),
      [0, 0],
    );
  });
});
