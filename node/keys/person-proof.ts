/**
 * A person's signature over one command: which, with which input, at which node, when, and never twice.
 *
 * Trust: who has the person's key is the person. Learns: the node learns nothing with which it could act as the person.
 * Source: RFC 8032 (Ed25519).
 */
import { fromHex, toHex } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes, digestHex } from '@sealedger/protocol/canonical.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { hex32 } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';
import { nativeEd25519 } from '../crypto.ts';

/** What goes with a command of a person who signs. */
export const personProofSchema = z.strictObject({
  nonce: hex32,
  /** Milliseconds since the epoch. */
  at: z.int().min(0),
  signature: z.string().regex(/^[0-9a-f]{128}$/, '64 bytes as 128 lower-case hex digits'),
});
export type PersonProof = z.output<typeof personProofSchema>;

/** What a signature speaks of. */
export interface PersonCall {
  /** Organisation whose node is called. */
  readonly org: string;
  readonly person: string;
  readonly command: string;
  /** As it goes over the channel. */
  readonly input: unknown;
}

/** Signs a call. @param secret - Ed25519 seed of 32 bytes. @param fresh - 32 random bytes and the time. */
export function signPersonCall(
  call: PersonCall,
  secret: Uint8Array,
  fresh: { readonly nonce: Uint8Array; readonly at: number },
): PersonProof {
  const proof = { nonce: toHex(fresh.nonce), at: fresh.at };
  return { ...proof, signature: toHex(nativeEd25519.sign(signedBytes(call, proof), secret)) };
}

/** Whether a proof is the key's over this call; its time and its nonce are the node's to look at. */
export function verifyPersonCall(call: PersonCall, { signature, ...proof }: PersonProof, key: Uint8Array): boolean {
  return nativeEd25519.verify(fromHex(signature, 64), signedBytes(call, proof), key);
}

function signedBytes({ input, ...call }: PersonCall, proof: Omit<PersonProof, 'signature'>): Uint8Array {
  return canonicalBytes({ domain: domains.personCall, ...call, input: digestHex(domains.personCall, input), ...proof });
}
