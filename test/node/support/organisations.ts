/** Organisations with keys that follow from their names, and a directory of them that tests can change. */
import { createHash } from 'node:crypto';
import type { Directory, Member, Role } from '@sealedger/node/ports.ts';
import type { Domain } from '@sealedger/protocol/domains.ts';
import { type SignedEnvelope, signEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { nobleEd25519, x25519PublicKey } from '@sealedger/protocol/signature.ts';

/** 32 bytes that depend on a label only. */
export function keyOf(label: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(label).digest());
}

export interface Organisation extends Member {
  readonly signing: Uint8Array;
  readonly sealing: Uint8Array;
  readonly seed: Uint8Array;
  readonly sign: (message: Uint8Array) => Uint8Array;
  envelope<Body>(domain: Domain, body: Body, issuedAtMs?: number): SignedEnvelope<Body>;
}

export const START_MS = Date.UTC(2026, 10, 21, 8);

export function organisation(org: string, roles: readonly Role[], endpoint = `http://${org}.test`): Organisation {
  const [signing, sealing, seed] = [keyOf(`${org}/signing`), keyOf(`${org}/sealing`), keyOf(`${org}/seed`)];
  return {
    org,
    roles,
    endpoint,
    keyEpoch: 1,
    ed25519: nobleEd25519.publicKey(signing),
    x25519: x25519PublicKey(sealing),
    signing,
    sealing,
    seed,
    sign: (message) => nobleEd25519.sign(message, signing),
    envelope: (domain, body, issuedAtMs = START_MS) =>
      signEnvelope({ domain, signer: org, keyEpoch: 1, issuedAt: new Date(issuedAtMs).toISOString(), body }, signing),
  };
}

export interface FakeDirectory extends Directory {
  readonly suspended: Set<string>;
}

/** The Consortium contract's answers for these members. */
export function fakeDirectory(members: readonly Member[]): FakeDirectory {
  const suspended = new Set<string>();
  const activeMember = async (org: string): Promise<Member> => {
    const member = members.find((candidate) => candidate.org === org);
    if (member === undefined) throw new ProtocolError('MEMBER_UNKNOWN', { org });
    if (suspended.has(org)) throw new ProtocolError('MEMBER_SUSPENDED', { org });
    return member;
  };
  return {
    suspended,
    activeMember,
    signingKey: async (org, keyEpoch) => {
      const member = await activeMember(org);
      if (member.keyEpoch !== keyEpoch) throw new ProtocolError('MEMBER_KEY_EPOCH', { org, keyEpoch });
      return member.ed25519;
    },
  };
}

/** A clock that moves when told to. */
export function testClock(startMs = START_MS) {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
    move: (ms: number) => {
      nowMs += ms;
    },
  };
}
