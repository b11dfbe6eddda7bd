/** Writes to the Requests contract, each of which may be sent again. */
import type { EventName, EventOf } from './events.ts';
import { assertInteger, labelToBytes32, orgToBytes32, toWord } from './ids.ts';
import type { RequestTerms } from './records.ts';
import type { Write, WriteContext } from './write.ts';

export type OwnDecision = {
  readonly approved: boolean;
  readonly reasonHash: string;
  /** Digest of the signed grant; given with an approval, null with a rejection. */
  readonly grantHash: string | null;
};

const NO_WORD = '0'.repeat(64);

/** @param ownOrg - organisation of the client's account. */
export function requestWrites(write: Write, context: WriteContext, ownOrg: () => Promise<string>) {
  const simple = (name: string, event: EventName) => (requestId: string) => {
    const topics = [toWord(requestId)];
    return write('requests', name, topics, { event, topics });
  };
  return {
    ...requestLifeWrites(write, ownOrg),
    ...suspensionWrites(write, context, ownOrg),
    async submitRequest(terms: RequestTerms) {
      const requester = await ownOrg();
      const topics = [toWord(terms.requestDigest), orgToBytes32(requester)];
      const matches = (args: EventOf<'RequestSubmitted'>['args']) => isSameTerms(args, terms);
      return write('requests', 'submit', [termsTuple(terms)], { event: 'RequestSubmitted', topics, matches });
    },
    async openAttempt(requestId: string, attempt?: number) {
      const next = attempt ?? ((await context.reader.request(requestId))?.attempt ?? 0) + 1;
      assertInteger('attempt', next, 1, 0xffffffff);
      const id = toWord(requestId);
      const matches = (args: EventOf<'AttemptOpened'>['args']) => attempt !== undefined && args.attempt === next;
      const outcome = await write('requests', 'openAttempt', [id, next], {
        event: 'AttemptOpened',
        topics: [id],
        matches,
      });
      return { ...outcome, attempt: next };
    },
    completeRequest: simple('complete', 'RequestCompleted'),
    withdrawRequest: simple('withdraw', 'RequestWithdrawn'),
    expireRequest: simple('expire', 'RequestExpired'),
  };
}

/** An own suspension comes and goes, so that only what stands now makes a call a repetition. */
function suspensionWrites(write: Write, { reader }: WriteContext, ownOrg: () => Promise<string>) {
  const stands = async (requestId: string, org: string): Promise<boolean> =>
    (await reader.request(requestId))?.suspenders.includes(org) ?? false;
  return {
    async suspendRequest(requestId: string, reasonHash: string) {
      const org = await ownOrg();
      const suspended = await stands(requestId, org);
      const topics = [toWord(requestId), orgToBytes32(org)];
      const args = [topics[0], toWord(reasonHash)];
      return write('requests', 'suspend', args, { event: 'RequestSuspended', topics, matches: () => suspended });
    },
    async resumeRequest(requestId: string) {
      const org = await ownOrg();
      const suspended = await stands(requestId, org);
      const topics = [toWord(requestId), orgToBytes32(org)];
      return write('requests', 'resume', [topics[0]], { event: 'RequestResumed', topics, matches: () => !suspended });
    },
  };
}

function requestLifeWrites(write: Write, ownOrg: () => Promise<string>) {
  return {
    async decide(requestId: string, decision: OwnDecision) {
      const { approved, reasonHash, grantHash } = decision;
      const grant = grantHash ?? NO_WORD;
      const topics = [toWord(requestId), orgToBytes32(await ownOrg())];
      const args = [topics[0], approved, toWord(reasonHash), toWord(grant)];
      const matches = (found: EventOf<'RequestDecided'>['args']) =>
        found.approved === approved && found.reasonHash === reasonHash && found.grantHash === grant;
      return write('requests', 'decide', args, { event: 'RequestDecided', topics, matches });
    },
    async publishGateKey(requestId: string, poprfPublicKey: string) {
      const topics = [toWord(requestId), orgToBytes32(await ownOrg())];
      const matches = (found: EventOf<'GateKeyPublished'>['args']) => found.poprfPublicKey === poprfPublicKey;
      const args = [topics[0], toWord(poprfPublicKey)];
      return write('requests', 'publishGateKey', args, { event: 'GateKeyPublished', topics, matches });
    },
    async recordUnlocks(requestId: string, total: number) {
      assertInteger('number of unlockings', total, 1, Number.MAX_SAFE_INTEGER);
      const topics = [toWord(requestId), orgToBytes32(await ownOrg())];
      const matches = (found: EventOf<'UnlocksRecorded'>['args']) => found.total >= total;
      return write('requests', 'recordUnlocks', [topics[0], total], { event: 'UnlocksRecorded', topics, matches });
    },
    async revokeRequest(requestId: string, reasonHash: string) {
      const topics = [toWord(requestId), orgToBytes32(await ownOrg())];
      const args = [topics[0], toWord(reasonHash)];
      const matches = (found: EventOf<'RequestRevoked'>['args']) => found.reasonHash === reasonHash;
      return write('requests', 'revoke', args, { event: 'RequestRevoked', topics, matches });
    },
  };
}

function isSameTerms(found: EventOf<'RequestSubmitted'>['args'], terms: RequestTerms): boolean {
  return (
    found.purpose === terms.purpose &&
    found.modelDigest === terms.modelDigest &&
    found.datasetVersions.join() === terms.datasetVersions.join() &&
    found.registerVersion === terms.registerVersion &&
    found.gates.join() === terms.gates.join() &&
    found.quota === terms.quota &&
    found.expiresAt === terms.expiresAtSeconds &&
    found.singleDepartment === terms.singleDepartment &&
    found.qualityFloor === terms.qualityFloor &&
    found.previous === (terms.previous ?? NO_WORD)
  );
}

function termsTuple(terms: RequestTerms): readonly unknown[] {
  assertInteger('quota', terms.quota, 0, Number.MAX_SAFE_INTEGER);
  assertInteger('expiry', terms.expiresAtSeconds, 0, Number.MAX_SAFE_INTEGER);
  assertInteger('quality floor', terms.qualityFloor, 0, 0xffff);
  return [
    toWord(terms.requestDigest),
    labelToBytes32(terms.purpose),
    toWord(terms.modelDigest),
    terms.datasetVersions.map(toWord),
    toWord(terms.registerVersion),
    terms.gates.map(orgToBytes32),
    terms.quota,
    terms.expiresAtSeconds,
    terms.singleDepartment,
    terms.qualityFloor,
    toWord(terms.previous ?? NO_WORD),
  ];
}
