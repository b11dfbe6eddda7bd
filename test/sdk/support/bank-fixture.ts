/** A bank's ports in memory: a store that can fail at the n-th write, and peers that are functions. */
import { randomBytes } from 'node:crypto';
import type { Peer, PeerCall, PeerClient } from '@sealedger/protocol/peer-client.ts';
import type { BankPorts } from '@sealedger/sdk/ports.ts';
import { testClock } from '../../node/support/organisations.ts';

export interface MemoryStore {
  readonly entries: Map<string, Uint8Array>;
  /** Number of the next writes that fail, 1 the very next; 0 for none. */
  failAt: number;
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array): Promise<void>;
}

export function memoryStore(): MemoryStore {
  const entries = new Map<string, Uint8Array>();
  const store: MemoryStore = {
    entries,
    failAt: 0,
    get: async (key) => entries.get(key)?.slice(),
    put: async (key, value) => {
      if (store.failAt > 0) {
        store.failAt -= 1;
        if (store.failAt === 0) throw new Error('the bank was killed');
      }
      entries.set(key, value.slice());
    },
  };
  return store;
}

export function bankPorts(store: MemoryStore): BankPorts {
  return {
    fetch: () => Promise.reject(new Error('a unit test has no network')),
    clock: testClock(),
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    store,
  };
}

/** Peers whose nodes are a function; answers count as verified, because the peer client has tests of its own. */
export function fakePeers(answer: (peer: Peer, call: PeerCall) => Promise<Uint8Array>): PeerClient {
  return {
    bytes: answer,
    json: async (peer, call) => JSON.parse(new TextDecoder().decode(await answer(peer, call))),
    traffic: new Map(),
  };
}
