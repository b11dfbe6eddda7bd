/** What a node still gives to the bank of a request that ended: nothing, although the finished chunks are on its disk. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGuard } from '@sealedger/node/approval/guard.ts';
import type { Ledger } from '@sealedger/node/ports.ts';
import { computeServices } from '@sealedger/node/services/compute.ts';
import type { NodeParts } from '@sealedger/node/services/parts.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { refusal } from './support/refusals.ts';
import { requestDocument } from './support/request-fixture.ts';

const CHUNK = new Uint8Array([1, 2, 3]);

function servicesOf(state: string, isSuspended = false) {
  const read: number[] = [];
  const parts = {
    computations: {
      owned: async (caller: string) => {
        if (caller !== 'bank') throw new ProtocolError('COMPUTATION_UNKNOWN', { computationId: 'c' });
        return { requestId: 'r', computationId: 'c' };
      },
    },
    guard: createGuard(
      {
        ledger: { recentRequest: async () => ({ state }) } as unknown as Ledger,
        document: async () => requestDocument(),
        grant: async () => undefined,
        isSuspended: () => isSuspended,
      },
      [],
    ),
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
  it('do not leave while the request is suspended, on chain or by this node itself', async () => {
    for (const { services, read } of [servicesOf('suspended'), servicesOf('active', true)]) {
      await assert.rejects(services.chunk('bank', 'c', 0), refusal('GRANT_SUSPENDED'));
      assert.deepEqual(read, []);
    }
  });

  for (const state of ['revoked', 'withdrawn', 'superseded']) {
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
