/** The beacon of a sampling audit: committed before, revealed after a later block, and none kept in the dark. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { Fact } from '@sealedger/sdk/audit/requests.ts';
import { type BeaconParts, drawBeacon, unrevealedBeacons } from '@sealedger/sdk/consent-beacon.ts';
import { testClock } from '../node/support/organisations.ts';
import { countedBytes } from './support/paper-audit.ts';

/** A chain that makes a block for each transaction, and `blocksPerPoll` more whenever somebody looks. */
function chain(blocksPerPoll: number) {
  let head = 10;
  const commitments: { readonly hash: string; readonly block: number; isRevealed: boolean }[] = [];
  const ledger = {
    commitBeacon: async (hash: string) => {
      head += 1;
      commitments.push({ hash, block: head, isRevealed: false });
      return { id: commitments.length, blockNumber: head };
    },
    revealBeacon: async (id: number, secret: string) => {
      const commitment = commitments[id - 1]!;
      head += 1;
      assert.ok(head > commitment.block + 1, 'too early');
      assert.equal(createHash('sha256').update(Buffer.from(secret, 'hex')).digest('hex'), commitment.hash);
      commitment.isRevealed = true;
      return { value: `value ${id}` };
    },
    blockNumber: async () => {
      head += blocksPerPoll;
      return head;
    },
  } as unknown as BeaconParts['ledger'] & Pick<LedgerClient, 'commitBeacon'>;
  return { commitments, parts: { ledger, clock: testClock(), randomBytes: countedBytes('beacon') } };
}

describe('a beacon', () => {
  it('is revealed after the block that follows its commitment', async () => {
    const { parts, commitments } = chain(1);
    const beacon = await drawBeacon(parts);
    assert.deepEqual(beacon, { id: 1, value: 'value 1', commitBlock: 11 });
    assert.equal(commitments.length, 1);
  });

  it('comes on a chain that makes no empty blocks too, and every commitment of it is revealed', async () => {
    const { parts, commitments } = chain(0);
    const beacon = await drawBeacon(parts);
    assert.equal(beacon.id, 1);
    assert.ok(commitments.length > 1);
    assert.ok(commitments.every(({ isRevealed }) => isRevealed));
  });

  it('that was kept in the dark is counted, for the regulator that did', () => {
    const fact = (name: string, args: object): Fact => ({ event: { name, args }, timeMs: 0 }) as unknown as Fact;
    const facts = [
      fact('BeaconCommitted', { id: 1, regulator: 'watch' }),
      fact('BeaconCommitted', { id: 2, regulator: 'other' }),
      fact('BeaconCommitted', { id: 3, regulator: 'watch' }),
      fact('BeaconRevealed', { id: 3 }),
    ];
    assert.deepEqual(
      ['watch', 'other', 'none'].map((org) => unrevealedBeacons(facts, org)),
      [1, 1, 0],
    );
  });
});
