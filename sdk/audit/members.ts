/** Organisations, their keys and their standing, told from what the Consortium contract said: no view of an RPC is asked. */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import type { Role } from '@sealedger/protocol/ledger/codec.ts';
import type { EventOf, EventPlace, LedgerEvent } from '@sealedger/protocol/ledger/events.ts';
import type { Peer } from '@sealedger/protocol/peer-client.ts';

export type AuditedMember = {
  readonly org: string;
  readonly roles: readonly Role[];
  readonly endpoint: string;
  readonly isActive: boolean;
  /** Registrations of keys, oldest first; the last one is in force. */
  readonly keys: readonly EventOf<'KeysChanged'>[];
  /** Overlaps of keys that the organisation ended before their time. */
  readonly overlapsEnded: readonly EventOf<'PreviousKeysRevoked'>[];
  /** Times without standing: from a suspension to its end, null while it lasts. */
  readonly suspensions: readonly { readonly from: EventPlace; readonly to: EventPlace | null }[];
};

export type Members = ReadonlyMap<string, AuditedMember>;

/** Roles whose organisations run a node with a log. */
const NODE_ROLES: readonly Role[] = ['department', 'registrar', 'gate'];

/** @param events - of the contracts, in order of the chain. */
export function membersOf(events: readonly LedgerEvent[]): Members {
  const members = new Map<string, AuditedMember>();
  for (const event of events) {
    if (event.contract !== 'consortium' || !('org' in event.args)) continue;
    const before = members.get(event.args.org);
    const after = memberAfter(before, event);
    if (after !== undefined) members.set(event.args.org, after);
  }
  return members;
}

function memberAfter(before: AuditedMember | undefined, event: LedgerEvent): AuditedMember | undefined {
  const known = before ?? newcomer(event);
  if (known === undefined) return undefined;
  switch (event.name) {
    case 'OrganisationAdmitted':
      return { ...known, roles: event.args.roles, endpoint: event.args.endpoint, isActive: true };
    case 'OrganisationSuspended':
      return { ...known, isActive: false, suspensions: [...known.suspensions, { from: event, to: null }] };
    case 'OrganisationReinstated':
      return { ...known, isActive: true, suspensions: closed(known.suspensions, event) };
    case 'RolesChanged':
      return { ...known, roles: event.args.roles };
    case 'EndpointChanged':
      return { ...known, endpoint: event.args.endpoint };
    case 'KeysChanged':
      return { ...known, keys: [...known.keys, event] };
    case 'PreviousKeysRevoked':
      return { ...known, overlapsEnded: [...known.overlapsEnded, event] };
    default:
      return before;
  }
}

function newcomer(event: LedgerEvent): AuditedMember | undefined {
  if (event.name !== 'OrganisationAdmitted' && event.name !== 'KeysChanged') return undefined;
  return { org: event.args.org, roles: [], endpoint: '', isActive: true, keys: [], overlapsEnded: [], suspensions: [] };
}

function closed(suspensions: AuditedMember['suspensions'], to: EventPlace): AuditedMember['suspensions'] {
  return suspensions.map((suspension) => (suspension.to === null ? { ...suspension, to } : suspension));
}

/** Whether an organisation must keep a log that can be read. */
export function runsNode({ roles, isActive }: AuditedMember): boolean {
  return isActive && roles.some((role) => NODE_ROLES.includes(role));
}

/** The key of an epoch, 32 bytes in hex. */
export function keyOf(member: AuditedMember | undefined, keyEpoch: number): string | undefined {
  return member?.keys.find(({ args }) => args.keyEpoch === keyEpoch)?.args.ed25519Key;
}

/**
 * The registration by which the key of an epoch counted no more when something was anchored; null where it counted.
 * @param anchor - the anchor that covers it; undefined where there is none yet.
 * @param atMs - time of the anchor's block, or now; undefined where it is not known, and then no overlap counts.
 */
export function replacedBy(
  member: Pick<AuditedMember, 'keys' | 'overlapsEnded'>,
  keyEpoch: number,
  anchor: EventPlace | undefined,
  atMs: number | undefined,
): EventOf<'KeysChanged'> | null {
  const isEarlier = (place: EventPlace): boolean => anchor === undefined || isBefore(place, anchor);
  const last = member.keys.findLast(isEarlier);
  if (last === undefined || last.args.keyEpoch <= keyEpoch) return null;
  const { keyEpoch: epoch, previousUntil } = last.args;
  const isEnded = member.overlapsEnded.some((end) => end.args.keyEpoch === epoch && isEarlier(end));
  if (epoch === keyEpoch + 1 && !isEnded && atMs !== undefined && atMs < 1000 * previousUntil) return null;
  return member.keys.find(({ args }) => args.keyEpoch > keyEpoch) ?? null;
}

/** Its node as the peer client calls it; undefined without a key. */
export function peerOf({ org, endpoint, keys }: AuditedMember): Peer | undefined {
  const key = keys.at(-1);
  if (key === undefined) return undefined;
  return { org, endpoint, keyEpoch: key.args.keyEpoch, ed25519: fromHex(key.args.ed25519Key, 32) };
}

/** Whether `a` came before `b` on chain. */
export function isBefore(a: EventPlace, b: EventPlace): boolean {
  return a.blockNumber < b.blockNumber || (a.blockNumber === b.blockNumber && a.logIndex < b.logIndex);
}
