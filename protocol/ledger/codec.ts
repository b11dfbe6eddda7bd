/** From what ethers decodes to plain values: text ids, hex without prefix, numbers, literal states. */
import { bytes32ToLabel, bytes32ToOrg, fromAccount, fromWord } from './ids.ts';

/** Role bits of Consortium.sol, in the order of the bits. */
export const roleBits = { bank: 1, department: 2, registrar: 4, gate: 8, regulator: 16 } as const;
export type Role = keyof typeof roleBits;

const requestStates = [
  'none',
  'submitted',
  'active',
  'rejected',
  'revoked',
  'withdrawn',
  'completed',
  'expired',
  'suspended',
  'superseded',
] as const;
export type RequestState = Exclude<(typeof requestStates)[number], 'none'>;

const proposalKinds = ['admit', 'suspend', 'reinstate', 'set-roles', 'set-keys'] as const;
export type ProposalKind = (typeof proposalKinds)[number];

/** Role mask of a set of roles. */
export function rolesToMask(roles: readonly Role[]): number {
  return roles.reduce((mask, role) => mask | roleBits[role], 0);
}

/** Roles in a mask, in the order of the bits. */
export function asRoles(value: unknown): readonly Role[] {
  const mask = asNumber(value);
  return (Object.keys(roleBits) as Role[]).filter((role) => (mask & roleBits[role]) !== 0);
}

export function asOrg(value: unknown): string {
  return bytes32ToOrg(String(value));
}

export function asOrgs(value: unknown): readonly string[] {
  return asList(value).map(asOrg);
}

export function asHex(value: unknown): string {
  return fromWord(String(value));
}

export function asHexes(value: unknown): readonly string[] {
  return asList(value).map(asHex);
}

/** As {@link asHex}; null for the zero word. */
export function asHexOrNull(value: unknown): string | null {
  const hex = asHex(value);
  return /^0+$/.test(hex) ? null : hex;
}

export function asLabel(value: unknown): string {
  return bytes32ToLabel(String(value));
}

export function asAccount(value: unknown): string {
  return fromAccount(String(value));
}

export function asText(value: unknown): string {
  return String(value);
}

/** Bytes of any length as hex without prefix. */
export function asBytes(value: unknown): string {
  return String(value).slice(2);
}

export function asBoolean(value: unknown): boolean {
  return value === true;
}

/** An integer of the contracts; their bounds keep all of them below 2^53. */
export function asNumber(value: unknown): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError('an integer of the ledger is out of range');
  return number;
}

/** As {@link asNumber}; null for zero (a time that has not come). */
export function asTimeOrNull(value: unknown): number | null {
  return asNumber(value) || null;
}

export function asRequestState(value: unknown): RequestState | null {
  const state = requestStates[asNumber(value)];
  return state === undefined || state === 'none' ? null : state;
}

export function asProposalKind(value: unknown): ProposalKind {
  const kind = proposalKinds[asNumber(value)];
  if (kind === undefined) throw new RangeError('unknown kind of proposal');
  return kind;
}

function asList(value: unknown): readonly unknown[] {
  return Array.from(value as Iterable<unknown>);
}
