/** What goes to and fro about a request once it is known: attachments, questions and answers, how it stands. */
import { randomBytes } from 'node:crypto';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type RequestDocument, requestId } from '@sealedger/protocol/request.ts';
import { type RequestStatus, requestStatusSchema } from '@sealedger/protocol/request-status.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import { correctionTimers } from '../approval/corrections.ts';
import { storedDeadlines, timersAt } from '../approval/deadlines.ts';
import type { StoredDecision } from '../approval/decide.ts';
import { approvalKeys } from '../approval/keys.ts';
import { computationKeys } from '../compute/computation.ts';
import { storedDocument } from '../compute/computations.ts';
import type { RequestView } from '../ports.ts';
import { type MissingParts, requestStores } from '../request/completeness.ts';
import { answerQuestion, type QuestionParts, questionsOf, questionView } from '../request/questions.ts';
import { isRemoved } from '../request/retention.ts';
import type { Caller } from '../server/app.ts';
import type { NodeParts } from './parts.ts';

/** What questions need of a node. */
export function questionParts({ config, state, ledger, events, clock, mutex }: NodeParts): QuestionParts {
  const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
  return { org: config.org, state, ledger, events, clock, mutex, randomBytes: random };
}

export function exchangeServices(parts: NodeParts) {
  const { config, state, ledger, clock } = parts;
  const { attachments, missing } = requestStores(config.org, config.dataDir);
  const questions = questionParts(parts);
  const missingOf = async (document: RequestDocument | undefined): Promise<readonly string[]> =>
    document === undefined ? ['document'] : stillMissing(state, missing, document);
  return {
    attachment: async (
      caller: string,
      requestId: string,
      sha256: string,
      bodyInto: (sink: NodeJS.WritableStream) => Promise<void>,
    ): Promise<void> => {
      assertOpenFor(await ledger.request(requestId), caller);
      await attachments.receive(await storedDocument(state, requestId), sha256, bodyInto);
    },
    answer: async (caller: string, requestId: string, body: unknown) =>
      questionView(await answerQuestion(questions, caller, requestId, body), true),
    requestStatus: async ({ org, roles }: Caller, requestId: string): Promise<RequestStatus> => {
      const onChain = await ledger.recentRequest(requestId);
      const isReader = org === onChain.requester || roles.includes('regulator');
      const isOwn = isConcerned(onChain, config.org);
      if (!isOwn || (!isReader && !isConcerned(onChain, org))) throw new ProtocolError('REQUEST_NOT_CONCERNED', {});
      const decision = await state.get<StoredDecision>(approvalKeys.decision(requestId));
      const document = await state.get<RequestDocument>(computationKeys.document(requestId));
      return parseDocument(
        requestStatusSchema,
        {
          requestId,
          org: config.org,
          state: onChain.state,
          decision: decision === undefined ? 'pending' : decision.approved ? 'approved' : 'rejected',
          grant: decision?.grant ?? null,
          questions: (await questionsOf(state, requestId)).map((question) => questionView(question, isReader)),
          timers: [
            ...timersAt(await storedDeadlines(state, requestId), decision, clock.now()),
            ...(document === undefined ? [] : await correctionTimers(state, config.org, document, clock.now())),
          ],
          missing: await missingOf(document),
        },
        'request status',
      );
    },
  };
}

/** Owners and gates; the others have no part in a request. */
export function isConcerned({ decisions, gates }: RequestView, org: string): boolean {
  return gates.includes(org) || decisions.some(({ decider }) => decider === org);
}

/** @throws {ProtocolError} REQUEST_NOT_REQUESTER, REQUEST_NOT_ACTIVE */
function assertOpenFor({ requester, state }: RequestView, caller: string): void {
  if (requester !== caller) throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
  if (!['submitted', 'active', 'suspended'].includes(state)) throw new ProtocolError('REQUEST_NOT_ACTIVE', { state });
}

/**
 * What has not arrived of a request that this node has, for whoever decides about it.
 * @throws {ProtocolError} REQUEST_UNKNOWN
 */
export async function missingOfRequest({ config, state }: NodeParts, requestId: string): Promise<readonly string[]> {
  const document = await storedDocument(state, requestId);
  return stillMissing(state, requestStores(config.org, config.dataDir).missing, document);
}

/** What was removed after the end does not count as missing. */
async function stillMissing(
  state: NodeParts['state'],
  missing: MissingParts,
  document: RequestDocument,
): Promise<readonly string[]> {
  return (await isRemoved(state, requestId(document))) ? [] : missing(document);
}

/**
 * A person approves what they could read: all attachments are here. The model, which nobody reads, may come later.
 * @throws {ProtocolError} REQUEST_INCOMPLETE, REQUEST_UNKNOWN
 */
export async function assertAttachments(parts: NodeParts, requestId: string): Promise<void> {
  const missing = (await missingOfRequest(parts, requestId)).filter((part) => part !== 'model');
  if (missing.length > 0) throw new ProtocolError('REQUEST_INCOMPLETE', { missing: missing.join(', ') });
}

/** Where an attachment of a request lies on this node; for a person who decides. @throws {ProtocolError} REQUEST_UNKNOWN */
export async function attachmentPath({ config, state }: NodeParts, requestId: string, sha256: string): Promise<string> {
  const document = await storedDocument(state, requestId);
  return requestStores(config.org, config.dataDir).attachments.path(document, sha256);
}
