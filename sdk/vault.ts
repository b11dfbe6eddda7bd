/**
 * What an organisation keeps of others, identifiers of persons or models of banks, sealed at rest under a secret that stays
 * over key rotations.
 *
 * Trust: who has store and secret is the organisation; who has the store alone learns names and lengths of values. Each
 * value is bound to its name, so that none passes as another; an older state of the same value opens.
 */
import { utf8, utf8Decode } from '@sealedger/protocol/bytes.ts';
import type { domains } from '@sealedger/protocol/domains.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { openRecord, RECORD_NONCE_BYTES, sealRecord } from '@sealedger/protocol/sealed-record.ts';
import type { z } from 'zod';
import type { BankStore } from './ports.ts';

export interface Vault {
  /** Durable when it resolves. */
  put(name: string, value: unknown): Promise<void>;
  /** @returns undefined where nothing is kept under the name. @throws {ProtocolError} SEALED_RECORD, SCHEMA_MISMATCH */
  get<S extends z.ZodType>(name: string, schema: S): Promise<z.output<S> | undefined>;
  /** Writes over what is kept under the name. */
  erase(name: string): Promise<void>;
}

/**
 * @param options.domain - what is kept: no value of one vault opens in another.
 * @param options.seed - 32 secret bytes of the organisation; the same for as long as the store lives.
 */
export function createVault(options: {
  readonly domain: typeof domains.consentStore | typeof domains.certifiedModels;
  readonly org: string;
  readonly seed: Uint8Array;
  readonly store: BankStore;
  readonly randomBytes: (length: number) => Uint8Array;
}): Vault {
  const { domain, org, seed, store, randomBytes } = options;
  const bound = (name: string) => ({ seed, name: { domain, org, name } });
  return {
    put: async (name, value) => {
      const message = utf8(JSON.stringify(value));
      const record = await sealRecord({ ...bound(name), message, nonce: randomBytes(RECORD_NONCE_BYTES) });
      message.fill(0);
      await store.put(name, record);
    },
    get: async (name, schema) => {
      const record = await store.get(name);
      if (record === undefined || record.length === 0) return undefined;
      return parseJson(schema, utf8Decode(await openRecord({ ...bound(name), record })), 'sealed value');
    },
    erase: async (name) => {
      if ((await store.get(name)) !== undefined) await store.put(name, new Uint8Array(0));
    },
  };
}
