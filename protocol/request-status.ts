/**
 * What a node says of a request to those concerned: its own decision, questions, deadlines, and what has not arrived.
 *
 * Parties: requester, owners, gates, regulator. Texts of questions and answers go to the requester and the regulator
 * only; the other owners and gates see that something was asked.
 */
import { z } from 'zod';
import { digestHex } from './canonical.ts';
import { domains } from './domains.ts';
import { MAX_ATTACHMENTS } from './request.ts';
import { hex32, organisationId, plainText } from './schema.ts';

/** Questions of one organisation about one request, answered ones included. */
export const MAX_QUESTIONS = 64;
export const MAX_OPEN_QUESTIONS = 16;

export const questionText = plainText(4000);
export const answerText = plainText(8000);
/** Up to the year 9999: a later moment is none that a reader could print. */
const seconds = z.int().min(0).max(253_402_300_799);

/** The texts are null for a reader who may not see them. */
export const questionSchema = z.strictObject({
  questionId: hex32,
  state: z.enum(['asked', 'answered']),
  text: questionText.nullable(),
  askedAt: seconds,
  answer: answerText.nullable(),
  answeredAt: seconds.nullable(),
});
export type Question = z.output<typeof questionSchema>;

/** A statutory deadline of the answering organisation. */
export const timerSchema = z.strictObject({
  kind: z.string().regex(/^[a-z][a-z-]{0,30}$/),
  dueAt: seconds,
  state: z.enum(['running', 'met', 'overdue']),
});
export type RequestTimer = z.output<typeof timerSchema>;

/** What has not arrived at a node: the document itself, the sealed model, or an attachment by its digest. */
export const missingPartSchema = z.string().regex(/^(document|model|attachment:[0-9a-f]{64})$/);

export const requestStatusSchema = z.strictObject({
  requestId: hex32,
  /** Who answers. */
  org: organisationId,
  /** As this node sees it on chain. */
  state: z.string().regex(/^[a-z]{1,16}$/),
  /** `none` where this organisation has nothing to decide. */
  decision: z.enum(['pending', 'approved', 'rejected', 'none']),
  /** The signed grant, also of a refusal; {@link grantSchema} in an envelope. */
  grant: z.unknown().nullable(),
  questions: z.array(questionSchema).max(MAX_QUESTIONS),
  timers: z.array(timerSchema).max(16),
  missing: z.array(missingPartSchema).max(MAX_ATTACHMENTS + 2),
});
export type RequestStatus = z.output<typeof requestStatusSchema>;

export const MAX_STATUS_BYTES = 2 << 20;

/** A bank's answer to a question. */
export const answerDeliverySchema = z.strictObject({ questionId: hex32, text: answerText });

/** Id of a question: a commitment to its text, which stays out of every event. @param salt - 32 bytes in hex. */
export function questionId(question: {
  readonly requestId: string;
  readonly org: string;
  readonly text: string;
  readonly salt: string;
}): string {
  const { requestId, org, text, salt } = question;
  return digestHex(domains.question, { requestId, org, text, salt });
}
