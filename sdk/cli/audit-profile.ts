/** A regulator's profile: who it is, what it trusts, which chain node it asks, where it keeps its state. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalText } from '@sealedger/protocol/canonical.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { parseTrust, type Trust } from '@sealedger/protocol/evidence/trust.ts';
import { type Deployment, parseDeployment } from '@sealedger/protocol/ledger/deployment.ts';
import { createJsonRpc } from '@sealedger/protocol/ledger/json-rpc.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { createPinnedTransport } from '@sealedger/transport/pinned-fetch.ts';
import type { PassphraseValues } from '@sealedger/transport/secret-input.ts';
import { z } from 'zod';
import { Archive } from '../audit/archive.ts';
import type { AuditContext } from '../audit/look.ts';
import { type AuditBounds, DEFAULT_BOUNDS } from '../audit/ports.ts';
import { certifySettingsSchema } from './certify-profile.ts';
import { type FileStore, fileStore, memoryStore, nativeEd25519, nativeSha256 } from './native.ts';
import { type MemberKeys, openMemberKeys, passphrasePlace } from './passphrase.ts';
import { profileShape } from './profile-shape.ts';

const minutes = z.number().positive().max(525_600);
export const auditProfileSchema = z.strictObject({
  ...profileShape,
  trust: z.string().min(1),
  /** Held against the trust file where it is given. */
  deployment: z.string().min(1).optional(),
  state: z.string().min(1).optional(),
  confirmations: z.int().min(0).max(10_000).optional(),
  /** For the commands that certify models; an audit needs none of it. */
  certificates: certifySettingsSchema.optional(),
  bounds: z
    .strictObject({
      anchorMinutes: minutes.optional(),
      unlocksMinutes: minutes.optional(),
      decisionHours: z.number().positive().max(8760).optional(),
      stopSeconds: z.number().positive().max(3600).optional(),
    })
    .optional(),
});
export type AuditProfile = z.output<typeof auditProfileSchema>;

/**
 * Opens an audit.
 * @param options - `state` in place of the profile's; `isFresh` to begin at the first block and keep nothing.
 * @throws {ProtocolError} AUDIT_FILE_UNREADABLE, SCHEMA_MISMATCH, AUDIT_PINS_DIFFER, AUDIT_STATE_*, and as openMemberKeys
 */
export async function openAudit(path: string, options: OpenOptions): Promise<AuditContext> {
  return (await openRegulator(path, options)).context;
}

type OpenOptions = PassphraseValues & { readonly state?: string | undefined; readonly isFresh: boolean };

/** An audit with all that its regulator signs and opens with. */
export type OpenRegulator = {
  readonly context: AuditContext;
  readonly keys: MemberKeys;
  /** Null where the profile names none. */
  readonly deployment: Deployment | null;
};

/** As {@link openAudit}, with the keys. */
export async function openRegulator(path: string, options: OpenOptions): Promise<OpenRegulator> {
  const profile = parseJson(auditProfileSchema, await readText(path), path);
  const resolve = (file: string): string => (isAbsolute(file) ? file : join(dirname(path), file));
  const trust = parseTrust(parseJson(z.unknown(), await readText(resolve(profile.trust)), profile.trust));
  const deployment = profile.deployment === undefined ? null : await readDeployment(trust, resolve(profile.deployment));
  const { passphraseFile } = profile;
  const place = passphrasePlace(options, passphraseFile === undefined ? undefined : resolve(passphraseFile));
  const keys = await openMemberKeys(resolve(profile.keystore), profile.org, place);
  const state = options.state ?? (profile.state === undefined ? undefined : resolve(profile.state));
  const store: FileStore = options.isFresh || state === undefined ? memoryStore() : fileStore(state);
  const context = {
    org: profile.org,
    signing: keys.signing,
    trust,
    rpc: createJsonRpc(profile.rpc, fetch),
    archive: await Archive.open(store, trust),
    bounds: boundsOf(profile),
    confirmations: profile.confirmations ?? 0,
    ports: {
      fetch,
      pinnedFetch: createPinnedTransport().fetch,
      clock: { now: () => Date.now(), sleep: async (ms: number) => void (await sleep(ms)) },
      randomBytes: (length: number) => new Uint8Array(randomBytes(length)),
      store,
      ed25519: nativeEd25519,
      sha256: nativeSha256,
    },
  };
  return { context, keys, deployment };
}

function boundsOf({ bounds = {} }: AuditProfile): AuditBounds {
  const { anchorMinutes, unlocksMinutes, decisionHours, stopSeconds } = bounds;
  return {
    anchorMs: anchorMinutes === undefined ? DEFAULT_BOUNDS.anchorMs : 60_000 * anchorMinutes,
    unlocksMs: unlocksMinutes === undefined ? DEFAULT_BOUNDS.unlocksMs : 60_000 * unlocksMinutes,
    decisionMs: decisionHours === undefined ? DEFAULT_BOUNDS.decisionMs : 3_600_000 * decisionHours,
    stopMs: stopSeconds === undefined ? DEFAULT_BOUNDS.stopMs : 1000 * stopSeconds,
  };
}

/** The deployment file is somebody's paper; the trust file is the regulator's own. They must not differ. */
async function readDeployment(trust: Trust, path: string): Promise<Deployment> {
  const deployment = parseDeployment(parseJson(z.unknown(), await readText(path), 'deployment'));
  for (const what of ['chainId', 'genesisHash', 'contracts'] as const) {
    if (canonicalText(deployment[what]) !== canonicalText(trust[what]))
      throw new ProtocolError('AUDIT_PINS_DIFFER', { what });
  }
  return deployment;
}

export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new ProtocolError('AUDIT_FILE_UNREADABLE', { file: path }, { cause });
  }
}
