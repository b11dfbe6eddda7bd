/** A bank at its command line: a member's profile with a store, its keystore, and the SDK opened over both. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { createPinnedTransport } from '@sealedger/transport/pinned-fetch.ts';
import type { PassphraseValues } from '@sealedger/transport/secret-input.ts';
import { z } from 'zod';
import { type Bank, openBank } from '../bank.ts';
import { sealedFileStore } from './file-store.ts';
import { nativeEd25519 } from './native.ts';
import { openMemberKeys, passphrasePlace } from './passphrase.ts';
import { memberProfileShape } from './profile-shape.ts';

/** A member's profile with `store`; what other commands read of it is left alone. */
const bankProfileSchema = z.object({
  ...memberProfileShape,
  /** Where requests, sealed models and tables are kept. */
  store: z.string().min(1),
});

/** An open bank; `close` it. */
export interface OpenBank {
  readonly org: string;
  readonly bank: Bank;
  readonly storeDirectory: string;
  close(): Promise<void>;
}

/**
 * Opens the bank of a profile.
 * @param values - what the command's PASSPHRASE_OPTIONS gave.
 * @throws {ProtocolError} PROFILE_UNREADABLE, SCHEMA_MISMATCH, MEMBER_UNKNOWN, MEMBER_SUSPENDED, CHAIN_*, and as openMemberKeys
 */
export async function openBankAt(path: string, values: PassphraseValues): Promise<OpenBank> {
  const profile = parseJson(bankProfileSchema, await readText(path), 'profile');
  const at = (file: string): string => (isAbsolute(file) ? file : join(dirname(path), file));
  const deployment = parseDeployment(parseJson(z.unknown(), await readText(at(profile.deployment)), 'deployment'));
  const { org, passphraseFile } = profile;
  const place = passphrasePlace(values, passphraseFile === undefined ? undefined : at(passphraseFile));
  const keys = await openMemberKeys(at(profile.keystore), org, place);
  const seed = fromHex(keys.stored.seed, 32);
  const storeDirectory = at(profile.store);
  const store = sealedFileStore(storeDirectory, seed);
  const transport = createPinnedTransport();
  try {
    const bank = await openBank({
      org,
      deployment,
      rpcUrl: profile.rpc,
      keys: { ...keys, seed },
      ports: {
        fetch,
        pinnedFetch: transport.fetch,
        clock: { now: () => Date.now(), sleep: async (ms) => void (await sleep(ms)) },
        randomBytes: (length) => new Uint8Array(randomBytes(length)),
        store,
        ed25519: nativeEd25519,
      },
    });
    return { org, bank, storeDirectory, close: transport.close };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ProtocolError('PROFILE_UNREADABLE', { file: path }, { cause });
  }
}
