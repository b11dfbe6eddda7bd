/** What a node still gives to the bank of a request that ended: nothing, although the finished chunks are on its disk. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeServices } from '@sealedger/node/services/compute.ts';
import type { NodeParts } from '@sealedger/node/services/parts.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { refusal } from './support/refusals.ts';

const CHUNK = new Uint8Array([1, 2, 3]);

function servicesOf(state: string) {
  const read: number[] = [];
  const parts = {
    computations: {
      owned: async (caller: string) => {
        if (caller !== 'bank') throw new ProtocolError('COMPUTATION_UNKNOWN', { computationId: 'c' });
        return { requestId: 'r', computationId: 'c' };
      },
    },
    ledger: { recentRequest: async () => ({ state }) },
    runner: {
      chunk: async (_record: unknown, chunk: number) => {
        read.push(chunk);
        return CHUNK;
      },
    },
    unlocking: {},
  } as unknown as NodeParts;
  return { services: computeServices(parts), read };
}

describe('finished chunks', () => {
  for (const state of ['revoked', 'withdrawn']) {
    it(`do not leave once the request was ${state}`, async () => {
      const { services, read } = servicesOf(state);
      await assert.rejects(services.chunk('bank', 'c', 0), refusal('REQUEST_NOT_ACTIVE', { state }));
      assert.deepEqual(read, [], 'not even read');
    });
  }

  for (const state of ['active', 'completed']) {
    it(`leave while the request is ${state}`, async () => {
      const { services, read } = servicesOf(state);
      assert.deepEqual(await services.chunk('bank', 'c', 7), CHUNK);
      assert.deepEqual(read, [7]);
    });
  }

  it('leave to nobody else', async () => {
    const { services, read } = servicesOf('active');
    await assert.rejects(services.chunk('rival', 'c', 0), refusal('COMPUTATION_UNKNOWN'));
    assert.deepEqual(read, []);
  });
});
