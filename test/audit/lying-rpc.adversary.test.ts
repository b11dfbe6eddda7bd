/** An RPC that withholds, invents, forks or rewinds: nothing of it is taken in, and the cursor stays. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { Rpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { type AuditContext, lookOnce } from '@sealedger/sdk/audit/look.ts';
import { memoryStore } from '@sealedger/sdk/cli/native.ts';
import { codesOf, type PaperConsortium, paperConsortium } from './support/paper-consortium.ts';

let world: PaperConsortium;
beforeEach(async () => {
  world = await paperConsortium();
});
afterEach(() => world.close());

type Answer = Record<string, unknown>;

/** The chain's own RPC with some answers changed. */
function lying(change: (method: string, params: readonly unknown[], answer: unknown) => unknown): Rpc {
  const { rpc } = world.story.chain;
  return { request: async (method, params) => change(method, params, await rpc.request(method, params)) };
}

function changeReceipts(change: (receipt: Answer) => Answer): Rpc {
  return lying((method, _, answer) => (method === 'eth_getTransactionReceipt' ? change(answer as Answer) : answer));
}

/** A fresh audit whose chain is the lying one. @returns codes of what was found, or of the error. */
async function auditWith(rpc: Rpc): Promise<{ readonly codes: readonly string[]; readonly context: AuditContext }> {
  const context = await world.reopen(memoryStore(), rpc);
  try {
    return { codes: Object.keys(codesOf(await lookOnce(context))), context };
  } catch (error) {
    if (!isProtocolError(error)) throw error;
    return { codes: [error.code], context };
  }
}

describe('an RPC', () => {
  it('that withholds an event of a receipt is caught, and nothing is taken in', async () => {
    const rpc = changeReceipts((receipt) => ({ ...receipt, logs: [] }));
    const { codes, context } = await auditWith(rpc);
    // Without a chain the regulator is nobody, so no node would answer it either.
    assert.deepEqual(codes, ['MEMBER_UNKNOWN']);
    assert.equal(context.archive.state.head.number, 0);
  });

  it('that withholds one later on is caught there, and what was read before stands', async () => {
    await world.look();
    const { number } = world.context.archive.state.head;
    await world.story.anchor('tax');
    const rpc = changeReceipts((receipt) =>
      Number(receipt['blockNumber']) > number ? { ...receipt, logs: [] } : receipt,
    );
    const view = await lookOnce(await world.reopen(world.store, rpc));
    assert.deepEqual(codesOf(view), { FINDING_CHAIN_UNPROVEN: 1 });
    assert.equal(view.head.number, number);
    assert.deepEqual(codesOf(await world.look()), {}, 'an honest RPC heals it');
  });

  it('that leaves a whole transaction out is caught', async () => {
    const rpc = lying((method, _, answer) =>
      method === 'eth_getBlockByNumber' ? { ...(answer as Answer), transactions: [] } : answer,
    );
    assert.deepEqual((await auditWith(rpc)).codes, ['MEMBER_UNKNOWN']);
  });

  it('that invents an event is caught', async () => {
    const rpc = changeReceipts((receipt) => {
      const logs = receipt['logs'] as unknown[];
      return { ...receipt, logs: [...logs, ...logs] };
    });
    assert.deepEqual((await auditWith(rpc)).codes, ['MEMBER_UNKNOWN']);
  });

  it('that shows a block of its own is caught by the hash that its successor names', async () => {
    await world.look();
    await world.story.anchor('tax');
    const { number } = world.context.archive.state.head;
    const rpc = lying((method, params, answer) => {
      if (method !== 'eth_getBlockByNumber' || Number(params[0]) !== number + 1) return answer;
      return { ...(answer as Answer), timestamp: '0x1' };
    });
    assert.deepEqual(codesOf(await lookOnce(await world.reopen(world.store, rpc))), { FINDING_CHAIN_UNPROVEN: 1 });
  });

  it('that shows another chain of the same length is caught at the cursor', async () => {
    await world.look();
    const other = await paperConsortium({ scoreBasisPoints: 9_000 });
    try {
      const view = await lookOnce(await world.reopen(world.store, other.story.chain.rpc));
      assert.deepEqual(codesOf(view), { FINDING_CHAIN_UNPROVEN: 1 });
    } finally {
      await other.close();
    }
  });

  it('whose blocks no pinned validator sealed is not believed', async () => {
    world.story.chain.sealKey = new Uint8Array(32).fill(9);
    assert.deepEqual((await auditWith(world.story.chain.rpc)).codes, ['MEMBER_UNKNOWN']);
  });

  it('that shows fewer blocks than before is told, and the cursor stays', async () => {
    await world.look();
    const { number } = world.context.archive.state.head;
    const rpc = lying((method, _, answer) => (method === 'eth_blockNumber' ? '0x3' : answer));
    const view = await lookOnce(await world.reopen(world.store, rpc));
    assert.deepEqual(codesOf(view), { FINDING_CHAIN_BEHIND: 1 });
    assert.equal(view.head.number, number);
  });

  it('of another chain id is refused', async () => {
    world.story.chain.chainId = 5;
    assert.deepEqual((await auditWith(world.story.chain.rpc)).codes, ['CHAIN_MISMATCH']);
  });
});

describe('a chain with fewer pins, or more', () => {
  it('is read, and said to be the word of the RPC', async () => {
    const context = await world.reopen(memoryStore());
    const trust = { ...context.trust, validators: [] };
    const view = await lookOnce({ ...context, trust });
    assert.deepEqual(codesOf(view), {});
    assert.equal(view.provenTo, 0);
  });

  it('is proven as far as a pinned block', async () => {
    const context = await world.reopen(memoryStore());
    const answer = (await world.story.chain.rpc.request('eth_getBlockByNumber', ['0x5', false])) as { hash: string };
    const trust = { ...context.trust, validators: [], checkpoint: { number: 5, hash: answer.hash.slice(2) } };
    assert.equal((await lookOnce({ ...context, trust })).provenTo, 5);
    const wrong = { ...trust, checkpoint: { number: 5, hash: 'ab'.repeat(32) } };
    const other = await world.reopen(memoryStore());
    await assert.rejects(lookOnce({ ...other, trust: wrong }), (error) => isProtocolError(error, 'MEMBER_UNKNOWN'));
  });

  it('is read from the block of the contracts on, where the trust file names it', async () => {
    const context = await world.reopen(memoryStore());
    const view = await lookOnce({ ...context, trust: { ...context.trust, firstBlock: 3 } });
    assert.equal(context.archive.facts[0]!.event.blockNumber, 3);
    assert.equal(view.provenTo, view.head.number);
  });
});
