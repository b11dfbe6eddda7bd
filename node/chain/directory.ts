/** Members as the Consortium contract has them, remembered for a moment so that not every call asks the chain. */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import type { Clock, Directory, Member } from '../ports.ts';

/** A suspension or rotation takes effect here within this time. */
const MEMORY_MS = 1000;
/** At most so often is the chain asked for an epoch that nobody heard of. */
const NEW_EPOCH_MS = 100;
/** With the chain away a remembered member still gets status answers; what needs a grant asks the chain itself. */
const MEMORY_WITHOUT_CHAIN_MS = 60_000;
const MAX_STRANGERS = 1000;

export interface ChainDirectory extends Directory {
  /** Has the next call for this organisation, or for all, ask the chain; without the chain what was known still serves. */
  invalidate(org?: string): void;
}

export function createDirectory(client: Pick<LedgerClient, 'organisation'>, clock: Clock): ChainDirectory {
  const known = new Map<string, { readonly at: number; readonly record: OrganisationRecord }>();
  /** Organisations of which the chain said something new since they were looked up. */
  const changed = new Set<string>();
  /** Names that the chain does not know, so that a stranger's calls cost it nothing; forgotten all at once. */
  const strangers = new Set<string>();
  let strangersSince = clock.now();
  const isStranger = (org: string): boolean => {
    if (clock.now() - strangersSince >= MEMORY_MS || strangers.size >= MAX_STRANGERS) {
      strangers.clear();
      strangersSince = clock.now();
    }
    return strangers.has(org);
  };
  const lookUp = async (org: string): Promise<OrganisationRecord> => {
    if (isStranger(org)) throw new ProtocolError('MEMBER_UNKNOWN', { org });
    const remembered = known.get(org);
    const age = remembered === undefined ? Number.POSITIVE_INFINITY : clock.now() - remembered.at;
    if (remembered !== undefined && age < MEMORY_MS && !changed.has(org)) return remembered.record;
    try {
      changed.delete(org);
      const record = await client.organisation(org);
      if (record === null) {
        strangers.add(org);
        throw new ProtocolError('MEMBER_UNKNOWN', { org });
      }
      known.set(org, { at: clock.now(), record });
      return record;
    } catch (error) {
      if (remembered !== undefined) changed.add(org);
      const away = error instanceof ProtocolError && error.code === 'CHAIN_UNREACHABLE';
      if (away && remembered !== undefined && age < MEMORY_WITHOUT_CHAIN_MS) return remembered.record;
      throw error;
    }
  };
  const activeRecord = async (org: string): Promise<OrganisationRecord> => {
    const record = await lookUp(org);
    if (record.status !== 'active') throw new ProtocolError('MEMBER_SUSPENDED', { org });
    return record;
  };
  return {
    activeMember: async (org) => memberOf(await activeRecord(org)),
    invalidate: (org) => {
      for (const name of org === undefined ? known.keys() : [org]) changed.add(name);
      strangers.clear();
    },
    signingKey: async (org, keyEpoch) => {
      let record = await activeRecord(org);
      // a rotation of which the chain's events did not tell yet; a caller who makes epochs up costs a look now and then
      if (keyEpoch === record.keyEpoch + 1 && clock.now() - (known.get(org)?.at ?? 0) > NEW_EPOCH_MS) {
        changed.add(org);
        record = await activeRecord(org);
      }
      const key = signingKeyOf(record, keyEpoch, clock.now());
      if (key === null) throw new ProtocolError('MEMBER_KEY_EPOCH', { org, keyEpoch });
      return fromHex(key, 32);
    },
  };
}

/** The key of an epoch that counts now: the current one's, or the one's before while its overlap runs. */
function signingKeyOf(record: OrganisationRecord, keyEpoch: number, nowMs: number): string | null {
  if (keyEpoch === record.keyEpoch) return record.ed25519Key;
  const { previous } = record;
  const counts = previous !== null && keyEpoch === record.keyEpoch - 1 && nowMs < previous.untilSeconds * 1000;
  return counts ? previous.ed25519Key : null;
}

function memberOf(record: OrganisationRecord): Member {
  return {
    org: record.id,
    roles: record.roles,
    endpoint: record.endpoint,
    keyEpoch: record.keyEpoch,
    ed25519: fromHex(record.ed25519Key, 32),
    x25519: fromHex(record.x25519Key, 32),
  };
}
