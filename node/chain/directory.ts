/** Members as the Consortium contract has them, remembered for a moment so that not every call asks the chain. */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import type { OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';
import type { Clock, Directory, Member } from '../ports.ts';

/** A suspension or rotation takes effect here within this time. */
const MEMORY_MS = 1000;
/** So long is a member remembered whose changes the chain's events would have told; then the chain is asked all the same. */
const MEMORY_FOLLOWED_MS = 30_000;
/** At most so often is the chain asked for an epoch that nobody heard of. */
const NEW_EPOCH_MS = 100;
/** With the chain away a remembered member still gets status answers; what needs a grant asks the chain itself. */
const MEMORY_WITHOUT_CHAIN_MS = 60_000;
const MAX_STRANGERS = 1000;

export interface ChainDirectory extends Directory {
  /** Has the next call for this organisation, or for all, ask the chain; without the chain what was known still serves. */
  invalidate(org?: string): void;
  /** Tells of a watcher that calls `invalidate` on every change. @param seenFrom - when its last complete look began. */
  follow(seenFrom: () => number | null): void;
}

interface Known {
  readonly at: number;
  /** When the chain was asked; an answer that crossed with any change counts as one that nobody follows. */
  readonly generation: number;
  readonly record: OrganisationRecord;
  readonly member: Member;
}

export function createDirectory(client: Pick<LedgerClient, 'organisation'>, clock: Clock): ChainDirectory {
  const known = new Map<string, Known>();
  let seenFrom: () => number | null = () => null;
  let generation = 0;
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
  /** Since the record is known to hold: it was read, or the watcher has looked since and heard of no change. */
  const ageOf = (remembered: Known): number => {
    const now = clock.now();
    const isFollowed = remembered.generation === generation && now - remembered.at < MEMORY_FOLLOWED_MS;
    return now - Math.max(remembered.at, isFollowed ? (seenFrom() ?? 0) : 0);
  };
  const lookUp = async (org: string): Promise<Known> => {
    if (isStranger(org)) throw new ProtocolError('MEMBER_UNKNOWN', { org });
    const remembered = known.get(org);
    const age = remembered === undefined ? Number.POSITIVE_INFINITY : ageOf(remembered);
    if (remembered !== undefined && age < MEMORY_MS && !changed.has(org)) return remembered;
    try {
      changed.delete(org);
      const asked = { at: clock.now(), generation };
      const record = await client.organisation(org);
      if (record === null) {
        strangers.add(org);
        throw new ProtocolError('MEMBER_UNKNOWN', { org });
      }
      const read = { ...asked, record, member: memberOf(record) };
      known.set(org, read);
      return read;
    } catch (error) {
      if (remembered !== undefined) changed.add(org);
      const away = error instanceof ProtocolError && error.code === 'CHAIN_UNREACHABLE';
      if (away && remembered !== undefined && age < MEMORY_WITHOUT_CHAIN_MS) return remembered;
      throw error;
    }
  };
  const active = async (org: string): Promise<Known> => {
    const found = await lookUp(org);
    if (found.record.status !== 'active') throw new ProtocolError('MEMBER_SUSPENDED', { org });
    return found;
  };
  return {
    activeMember: async (org) => (await active(org)).member,
    follow: (seen) => {
      seenFrom = seen;
    },
    invalidate: (org) => {
      generation += 1;
      for (const name of org === undefined ? known.keys() : [org]) changed.add(name);
      strangers.clear();
    },
    signingKey: async (org, keyEpoch) => {
      let found = await active(org);
      // a rotation of which the chain's events did not tell yet; a caller who makes epochs up costs a look now and then
      if (keyEpoch === found.record.keyEpoch + 1 && clock.now() - (known.get(org)?.at ?? 0) > NEW_EPOCH_MS) {
        changed.add(org);
        found = await active(org);
      }
      const { record } = found;
      if (keyEpoch === record.keyEpoch) return found.member.ed25519;
      const previous = previousKeyOf(record, keyEpoch, clock.now());
      if (previous === null) throw new ProtocolError('MEMBER_KEY_EPOCH', { org, keyEpoch });
      return fromHex(previous, 32);
    },
  };
}

/** The key before the current one, while its overlap runs. */
function previousKeyOf(record: OrganisationRecord, keyEpoch: number, nowMs: number): string | null {
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
