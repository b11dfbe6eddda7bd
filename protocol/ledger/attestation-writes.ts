/** Writes to the Attestations contract: certificates of models, states of consent logs, beacons. */
import type { EventOf } from './events.ts';
import { assertInteger, orgToBytes32, toWord } from './ids.ts';
import { eventOfWrite, type Write, type WriteContext } from './write.ts';

/** What a regulator attests of a bank's sealed model. */
export type ModelCertification = {
  readonly modelDigest: string;
  /** Bank whose model it is. */
  readonly requester: string;
  /** Digest of the signed certificate. */
  readonly certificateHash: string;
};

/** A state of the own log of consents. */
export type ConsentCommitment = {
  /** Number of entries, larger than before. */
  readonly size: number;
  readonly root: string;
};

/** @param ownOrg - organisation of the client's account. */
export function attestationWrites(write: Write, context: WriteContext, ownOrg: () => Promise<string>) {
  return {
    ...beaconWrites(write, context, ownOrg),
    async certifyModel({ modelDigest, requester, certificateHash }: ModelCertification) {
      const topics = [toWord(modelDigest), orgToBytes32(await ownOrg())];
      const args = [topics[0], orgToBytes32(requester), toWord(certificateHash)];
      const matches = (found: EventOf<'ModelCertified'>['args']) =>
        found.requester === requester && found.certificateHash === certificateHash;
      return write('attestations', 'certifyModel', args, { event: 'ModelCertified', topics, matches });
    },
    async withdrawCertificate(modelDigest: string) {
      const topics = [toWord(modelDigest), orgToBytes32(await ownOrg())];
      return write('attestations', 'withdrawCertificate', [topics[0]], { event: 'CertificateWithdrawn', topics });
    },
    async commitConsent({ size, root }: ConsentCommitment) {
      assertInteger('number of entries', size, 1, Number.MAX_SAFE_INTEGER);
      const topics = [orgToBytes32(await ownOrg())];
      const matches = (found: EventOf<'ConsentCommitted'>['args']) => found.size === size && found.root === root;
      return write('attestations', 'commitConsent', [size, toWord(root)], {
        event: 'ConsentCommitted',
        topics,
        matches,
      });
    },
  };
}

function beaconWrites(write: Write, context: WriteContext, ownOrg: () => Promise<string>) {
  return {
    async commitBeacon(commitment: string) {
      const topics = [null, orgToBytes32(await ownOrg())];
      const matches = (found: EventOf<'BeaconCommitted'>['args']) => found.commitment === commitment;
      const trace = { event: 'BeaconCommitted', topics, matches } as const;
      const outcome = await write('attestations', 'commitBeacon', [toWord(commitment)], trace);
      const { args } = await eventOfWrite(context, 'attestations', trace, outcome);
      return { ...outcome, id: args.id };
    },
    async revealBeacon(id: number, secret: string) {
      assertInteger('beacon', id, 1, Number.MAX_SAFE_INTEGER);
      const topics = [`0x${id.toString(16).padStart(64, '0')}`];
      const trace = { event: 'BeaconRevealed', topics } as const;
      const outcome = await write('attestations', 'revealBeacon', [id, toWord(secret)], trace);
      const { args } = await eventOfWrite(context, 'attestations', trace, outcome);
      return { ...outcome, value: args.beacon };
    },
  };
}
