/**
 * What becomes of a request after it was asked: changed, prolonged, ended, questions answered.
 *
 * A change is a new request that names the old one: all decide anew, the old one goes on until the new one is active, and
 * what was granted to the one is no grant of the other.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { canonicalBytes } from '@sealedger/protocol/canonical.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type RequestDocument, requestDocumentSchema } from '@sealedger/protocol/request.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import type { BankContext } from './bank.ts';
import { prepareRequest, sendRequest, termsOf } from './bank-request.ts';
import type { StoredModelKeys } from './he-client.ts';
import { loadSealedModel } from './sealed-model-store.ts';
import {
  type BankRequest,
  loadInput,
  loadRequest,
  type PreparedRequest,
  type RequestInput,
  requestKeys,
} from './stored-request.ts';

/** What of an input is sealed into the model's ciphertexts and sheets; all else may change without sealing anew. */
const SEALED = ['model', 'datasets', 'register', 'gates', 'totalWidthLog2'] as const;

/**
 * A new version of a request with some terms changed; the term stays unless one is named.
 * @throws {ProtocolError} REQUEST_UNKNOWN, REQUEST_PREVIOUS_STATE, REQUEST_PREVIOUS_REPLACED, SCHEMA_MISMATCH,
 *   CHAIN_REFUSED, as planRequest, a node's refusal
 */
export async function amendRequest(
  context: BankContext,
  requestId: string,
  changes: Partial<RequestInput>,
): Promise<BankRequest> {
  const earlier = await followed(context, requestId);
  const input: RequestInput = { ...(await loadInput(context, requestId)), ...changes };
  const previous = { requestId, change: 'amendment' } as const;
  if (SEALED.some((part) => changes[part] !== undefined)) {
    const { expiresAt } = earlier.document;
    const termSeconds = changes.termSeconds ?? expiresAt - nowSeconds(context);
    return sendRequest(context, await prepareRequest(context, { ...input, termSeconds }, previous));
  }
  const { purpose, legalBasis, subjects, contact, certifier, consent, attachments, qualityFloor, quota } =
    termsOf(input);
  const terms = { purpose, legalBasis, subjects, contact, certifier, consent, attachments, qualityFloor, quota };
  return resend(context, earlier, input, { ...terms, previous, ...termOf(context, changes.termSeconds) });
}

/** The same terms for another quota or term. @throws {ProtocolError} as amendRequest */
export async function renewRequest(
  context: BankContext,
  requestId: string,
  { quota, termSeconds }: { readonly quota?: number; readonly termSeconds: number },
): Promise<BankRequest> {
  const earlier = await followed(context, requestId);
  const input = await loadInput(context, requestId);
  const previous = { requestId, change: 'renewal' } as const;
  return resend(
    context,
    earlier,
    { ...input, termSeconds, quota: quota ?? input.quota },
    { previous, quota: quota ?? earlier.document.quota, ...termOf(context, termSeconds) },
  );
}

/**
 * Ends a request: takes it back where it is not decided yet, completes it where it is in use.
 * @throws {ProtocolError} REQUEST_UNKNOWN, REQUEST_NOT_ACTIVE where it is over already
 */
export async function withdrawRequest(
  { ledger }: Pick<BankContext, 'ledger'>,
  requestId: string,
): Promise<'withdrawn' | 'completed'> {
  const onChain = await ledger.request(requestId);
  if (onChain === null) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  switch (onChain.state) {
    case 'submitted':
      await ledger.withdrawRequest(requestId);
      return 'withdrawn';
    case 'active':
    case 'suspended':
      await ledger.completeRequest(requestId);
      return 'completed';
    default:
      throw new ProtocolError('REQUEST_NOT_ACTIVE', { state: onChain.state });
  }
}

/** Answers what an owner or gate asked. @throws {ProtocolError} QUESTION_UNKNOWN, QUESTION_ANSWERED, REQUEST_NOT_ACTIVE */
export async function answerQuestion(
  context: BankContext,
  requestId: string,
  org: string,
  question: { readonly questionId: string; readonly text: string },
): Promise<void> {
  const { questionId, text } = question;
  await context.peers.json(await context.peer(org), {
    method: 'POST',
    path: `/v1/requests/${requestId}/answers`,
    body: canonicalBytes({ questionId, text }),
    retries: 5,
  });
}

/**
 * The request that another one is to follow.
 * @throws {ProtocolError} REQUEST_UNKNOWN, REQUEST_PREVIOUS_STATE, REQUEST_PREVIOUS_REPLACED
 */
async function followed(context: BankContext, requestId: string): Promise<BankRequest> {
  const onChain = await context.ledger.request(requestId);
  if (onChain === null) throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  const { state } = onChain;
  if (state === 'rejected' || state === 'revoked') throw new ProtocolError('REQUEST_PREVIOUS_STATE', { state });
  if (state === 'superseded') throw new ProtocolError('REQUEST_PREVIOUS_REPLACED', {});
  return loadRequest(context, requestId);
}

/** Sends the sealed model of an earlier request again, under a document with other terms. */
async function resend(
  context: BankContext,
  earlier: BankRequest,
  input: RequestInput,
  terms: Partial<RequestDocument>,
): Promise<BankRequest> {
  const { requestId, offset } = earlier;
  const nonce = toHex(context.ports.randomBytes(32));
  const document = parseDocument(requestDocumentSchema, { ...earlier.document, ...terms, nonce }, 'request');
  const prepared: PreparedRequest = {
    document,
    offset,
    input,
    keys: await loadKeys(context, requestId),
    model: await loadSealedModel(context.ports.store, requestId),
  };
  return sendRequest(context, prepared);
}

async function loadKeys({ ports }: BankContext, requestId: string): Promise<StoredModelKeys> {
  const secretKey = await ports.store.get(requestKeys.secretKey(requestId));
  const publicKeyRecord = await ports.store.get(requestKeys.publicKey(requestId));
  if (secretKey === undefined || publicKeyRecord === undefined)
    throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  return { secretKey, publicKeyRecord };
}

function termOf(context: BankContext, termSeconds: number | undefined): Partial<RequestDocument> {
  return termSeconds === undefined ? {} : { expiresAt: nowSeconds(context) + termSeconds };
}

function nowSeconds({ ports }: BankContext): number {
  return Math.floor(ports.clock.now() / 1000);
}
