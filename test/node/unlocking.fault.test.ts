/** A store that fails at the n-th write, before or after the write reached the disk: no answer without its event. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { BatchOp } from '@sealedger/node/evidence/level-store.ts';
import type { EvidenceStore } from '@sealedger/node/evidence/ports.ts';
import { createUnlockCounts } from '@sealedger/node/release/unlock-counts.ts';
import { finalise, type Gate, openGate, orderFor, readAnswer } from './support/gate-fixture.ts';
import { refusal } from './support/refusals.ts';
import { subjectOf, subjectsOf } from './support/subjects.ts';
import { temporaryDirectory } from './support/temporary.ts';

const ORDERS = 5;

/** Fails commit `n` (from 1); where `written`, only after it was made, as a machine does that dies before it answers. */
function failingAt(n: number, written: boolean) {
  let commits = 0;
  return (store: EvidenceStore<BatchOp>): EvidenceStore<BatchOp> => ({
    ...store,
    commit: async (puts, others) => {
      commits += 1;
      if (commits !== n) return store.commit(puts, others);
      if (written) await store.commit(puts, others);
      throw new Error('the disk is full');
    },
  });
}

/** Sends orders 1 to 5 of lane 0, each naming the receipt before it, from where the gate has the lane. */
async function drive(
  gate: Gate,
  made: Map<number, ReturnType<typeof orderFor>>,
  answers: Map<number, Uint8Array>,
): Promise<void> {
  for (let counter = 1; counter <= ORDERS; counter++) {
    const before = answers.get(counter - 1);
    const previousReceipt = before === undefined ? null : readAnswer(before).receiptDigest;
    const order = made.get(counter) ?? orderFor(gate, subjectsOf(2, 10 * counter), { counter, previousReceipt });
    made.set(counter, order);
    if (answers.has(counter)) continue;
    answers.set(counter, await gate.unlocking.unlock('bank', order.frame));
  }
}

describe('a gate whose store fails', () => {
  for (const written of [false, true]) {
    it(`at any one of its writes, ${written ? 'after' : 'before'} the disk has it, loses nothing and answers nothing unmetered`, async (t) => {
      for (let n = 1; n <= ORDERS; n++) {
        const directory = join(await temporaryDirectory(t), 'state');
        const faulty = await openGate(directory, {}, failingAt(n, written));
        const made = new Map<number, ReturnType<typeof orderFor>>();
        const answers = new Map<number, Uint8Array>();
        await assert.rejects(drive(faulty, made, answers));
        assert.equal(answers.size, n - 1);
        const other = orderFor(faulty, [subjectOf(999)], { lane: 9 });
        await assert.rejects(faulty.unlocking.unlock('bank', other.frame), refusal('EVIDENCE_LOG_FAILED'));
        await faulty.node.database.close();

        const gate = await openGate(directory);
        const metered = n - 1 + (written ? 1 : 0);
        assert.deepEqual([await gate.used(), gate.node.log.size], [2 * metered, metered]);
        await drive(gate, made, answers);
        assert.deepEqual([await gate.used(), gate.node.log.size], [2 * ORDERS, ORDERS]);
        for (const [counter, answer] of answers) assert.equal(finalise(made.get(counter)!, answer).length, 2);
        assert.deepEqual(await gate.unlocking.unlock('bank', made.get(ORDERS)!.frame), answers.get(ORDERS));
        await gate.node.close();
      }
    });
  }
});

describe('the count of unlockings on chain', () => {
  const log = { info: () => undefined, error: () => undefined };

  it('is sent again after a chain that was away, as one total, and not twice', async (t) => {
    const gate = await openGate(join(await temporaryDirectory(t), 'state'));
    t.after(gate.node.close);
    const counts = createUnlockCounts(gate.node.state, gate.ledger, log, gate.unlocking.used);
    await gate.unlocking.unlock('bank', orderFor(gate, subjectsOf(3)).frame);
    counts.metered(gate.requestId);
    gate.ledger.away = true;
    assert.equal(await counts.flush(), false);
    gate.ledger.away = false;
    await gate.unlocking.unlock('bank', orderFor(gate, subjectsOf(1), { lane: 1 }).frame);
    counts.metered(gate.requestId);
    assert.equal(await counts.flush(), true);
    assert.equal(await counts.flush(), true);
    assert.deepEqual(
      gate.ledger.writes.map(({ args }) => args[1]),
      [3, 4],
    );
  });

  it('is found and sent after a restart that came before it was sent', async (t) => {
    const directory = join(await temporaryDirectory(t), 'state');
    const first = await openGate(directory);
    await first.unlocking.unlock('bank', orderFor(first, subjectsOf(2)).frame);
    await first.node.close();
    const gate = await openGate(directory);
    t.after(gate.node.close);
    const counts = createUnlockCounts(gate.node.state, gate.ledger, log, gate.unlocking.used);
    assert.equal(await counts.flush(), true);
    assert.deepEqual(gate.ledger.writes, [{ call: 'recordUnlocks', args: [gate.requestId, 2] }]);
    const again = createUnlockCounts(gate.node.state, gate.ledger, log, gate.unlocking.used);
    await again.flush();
    assert.equal(gate.ledger.writes.length, 1);
  });
});
