/** What a node remembers of a request on chain: never older than what it was told itself. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLedger } from '@sealedger/node/chain/ledger.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { RequestRecord } from '@sealedger/protocol/ledger/records.ts';

type State = RequestRecord['state'];
const ID = 'ab'.repeat(32);

/** A chain whose answers are given one by one, in the order in which they were asked for. */
function chain() {
  const waiting: ((state: State) => void)[] = [];
  const request = (): Promise<unknown> =>
    new Promise((resolve) => {
      waiting.push((state) =>
        resolve({
          id: ID,
          requester: 'bank',
          state,
          attempt: 1,
          suspenders: [],
          deciders: [],
          gates: [],
          terms: { datasetVersions: [], gates: [], previous: null },
        }),
      );
    });
  const deployment = { chainId: 1, firstBlock: 0, contracts: { requests: '00'.repeat(20) } };
  const clock = { now: () => time.ms, sleep: async () => undefined };
  const time = { ms: 1_000_000 };
  const ledger = createLedger({ request, deployment } as unknown as LedgerClient, 'tax', clock);
  return {
    ledger,
    time,
    answer: (state: State) => waiting.shift()!(state),
    answerLast: (state: State) => waiting.pop()!(state),
    asked: () => waiting.length,
  };
}

describe('the memory of a request', () => {
  it('holds what a look at the chain brought, so that work that began on it goes on', async () => {
    const { ledger, time, answer } = chain();
    const before = ledger.recentRequest(ID);
    answer('submitted');
    assert.equal((await before).state, 'submitted');
    time.ms += 50;
    const look = ledger.request(ID);
    answer('active');
    assert.equal((await look).state, 'active');
    assert.equal((await ledger.recentRequest(ID)).state, 'active');
  });

  it('is not set back by an answer that was asked for earlier and came later', async () => {
    const { ledger, time, answer, answerLast } = chain();
    const early = ledger.recentRequest(ID);
    time.ms += 10;
    const late = ledger.request(ID);
    answerLast('active');
    await late;
    answer('submitted');
    await early;
    assert.equal((await ledger.recentRequest(ID)).state, 'active');
  });

  it('does not outlive a change that the watcher saw, nor does an answer that was under way', async () => {
    const { ledger, answer, asked } = chain();
    const under = ledger.request(ID);
    ledger.forget(ID);
    answer('active');
    assert.equal((await under).state, 'active');
    const next = ledger.recentRequest(ID);
    assert.equal(asked(), 1, 'the chain is asked anew');
    answer('revoked');
    assert.equal((await next).state, 'revoked');
  });
});
