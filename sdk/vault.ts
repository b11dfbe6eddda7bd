/**
 * What an organisation keeps of others' identifiers, sealed at rest under a secret that stays over key rotations.
 *
 * Trust: who has store and secret is the organisation; who has the store alone learns names and lengths of values. Each
 * value is bound to its name, so that none passes as another.
 */
import { utf8, utf8Decode } from '@sealedger/protocol/bytes.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { hkdfSha256 } from '@sealedger/protocol/hkdf.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { openSealedBox, sealBox } from '@sealedger/protocol/sealed-box.ts';
import { x25519PublicKey } from '@sealedger/protocol/signature.ts';
import type { z } from 'zod';
import type { BankStore } from './ports.ts';

export interface Vault {
  /** Durable when it resolves. */
  put(name: string, value: unknown): Promise<void>;
  /** @returns undefined where nothing is kept under the name. @throws {ProtocolError} SEALED_BOX_OPEN_FAILED, SCHEMA_MISMATCH */
  get<S extends z.ZodType>(name: string, schema: S): Promise<z.output<S> | undefined>;
  /** Writes over what is kept under the name. */
  erase(name: string): Promise<void>;
}

/** @param seed - 32 secret bytes of the organisation; the same for as long as the store lives. */
export function createVault(options: {
  readonly org: string;
  readonly seed: Uint8Array;
  readonly store: BankStore;
  readonly randomBytes: (length: number) => Uint8Array;
}): Vault {
  const { org, seed, store, randomBytes } = options;
  const info = utf8(domains.consentStore);
  const secretKey = hkdfSha256({ ikm: seed, salt: new Uint8Array(0), info, length: 32 });
  const receiverPublicKey = x25519PublicKey(secretKey);
  const contextOf = (purpose: string) => ({ domain: domains.consentStore, sender: org, receiver: org, purpose });
  return {
    put: async (name, value) => {
      const message = utf8(JSON.stringify(value));
      const context = contextOf(name);
      await store.put(name, await sealBox({ message, receiverPublicKey, context, ephemeralSecret: randomBytes(32) }));
    },
    get: async (name, schema) => {
      const box = await store.get(name);
      if (box === undefined || box.length === 0) return undefined;
      const message = await openSealedBox({ box, secretKey, context: contextOf(name) });
      return parseJson(schema, utf8Decode(message), 'sealed value');
    },
    erase: async (name) => {
      if ((await store.get(name)) !== undefined) await store.put(name, new Uint8Array(0));
    },
  };
}
