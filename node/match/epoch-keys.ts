/**
 * The gate's POPRF keys: one epoch per grant, drawn at random, erased when the grant ends.
 *
 * Learns: the chain, the public key; the secret never leaves this node.
 */
import { randomBytes } from 'node:crypto';
import { fromHex, toHex, utf8 } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Poprf } from '@sealedger/protocol/poprf.ts';
import type { Ledger, StateStore } from '../ports.ts';

export interface EpochKeys {
  /** Makes the key of a grant where there is none, and puts its public part on chain. */
  publish(requestId: string): Promise<void>;
  /** @throws {ProtocolError} REQUEST_NOT_CONCERNED where this gate has no key for the grant, or erased it. */
  secret(requestId: string): Promise<Uint8Array>;
  /** Erases the key; what the grant locked stays locked. */
  erase(requestId: string): Promise<void>;
}

export function createEpochKeys(org: string, state: StateStore, ledger: Ledger, poprf: Poprf): EpochKeys {
  const secret = async (requestId: string): Promise<Uint8Array> => {
    const stored = await state.get<string>(keyOf(requestId));
    if (stored === undefined) throw new ProtocolError('REQUEST_NOT_CONCERNED', {});
    return fromHex(stored, 32);
  };
  return {
    secret,
    publish: async (requestId) => {
      const request = await ledger.request(requestId);
      if (!request.gates.includes(org) || request.state !== 'submitted') return;
      if ((await state.get<string>(keyOf(requestId))) === undefined) {
        const { secretKey } = poprf.deriveKeyPair(new Uint8Array(randomBytes(32)), utf8(domains.epochKey));
        await state.write([{ type: 'put', key: keyOf(requestId), value: toHex(secretKey) }]);
      }
      if (request.gateKeys.some((published) => published.gate === org)) return;
      await ledger.publishGateKey(requestId, toHex(poprf.publicKey(await secret(requestId))));
    },
    erase: (requestId) => state.erase(keyOf(requestId)),
  };
}

const PREFIX = 'epoch/';

/** Requests for which this gate holds a key. */
export async function epochRequests(state: StateStore): Promise<readonly string[]> {
  return (await state.list(PREFIX)).map(([key]) => key.slice(PREFIX.length));
}

function keyOf(requestId: string): string {
  return `${PREFIX}${requestId}`;
}
