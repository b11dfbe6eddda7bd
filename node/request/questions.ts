/**
 * Questions about a request and their answers: texts in the node's own state, ids and states in its log.
 *
 * Parties: a person of this organisation asks, the requester answers. The id of a question commits to its text, so that
 * neither side can later say that something else was asked; an answer is given once.
 */
import { toHex } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import {
  answerDeliverySchema,
  MAX_OPEN_QUESTIONS,
  MAX_QUESTIONS,
  type Question,
  questionId,
  questionText,
} from '@sealedger/protocol/request-status.ts';
import { parseDocument } from '@sealedger/protocol/schema.ts';
import type { Mutex } from '../mutex.ts';
import type { Clock, EventLog, Ledger, StateStore } from '../ports.ts';

export interface QuestionParts {
  readonly org: string;
  readonly state: StateStore;
  readonly ledger: Pick<Ledger, 'request'>;
  readonly events: EventLog;
  readonly clock: Pick<Clock, 'now'>;
  readonly mutex: Mutex;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** A question as the node keeps it. */
export interface StoredQuestion extends Question {
  /** Place among this request's questions, from 1. */
  readonly number: number;
  readonly text: string;
  /** Makes the id a commitment. */
  readonly salt: string;
  /** Pseudonym of who asked. */
  readonly actor: string | null;
}

/** States in which there is still something to talk about. */
const OPEN_STATES: readonly string[] = ['submitted', 'active', 'suspended'];

/**
 * Asks; the same text again, while it is open, is the same question.
 * @param actor - pseudonym of the person, 32 bytes in hex; null where none is known.
 * @throws {ProtocolError} REQUEST_UNKNOWN, REQUEST_NOT_ACTIVE, QUESTION_LIMIT, SCHEMA_MISMATCH
 */
export async function askQuestion(
  parts: QuestionParts,
  requestId: string,
  text: string,
  actor: string | null,
): Promise<StoredQuestion> {
  parseDocument(questionText, text, 'question');
  return parts.mutex.run(`questions/${requestId}`, async () => {
    await assertOpen(parts, requestId);
    const asked = await questionsOf(parts.state, requestId);
    const open = asked.filter(({ state }) => state === 'asked');
    const same = open.find((question) => question.text === text);
    if (same !== undefined) return same;
    if (open.length >= MAX_OPEN_QUESTIONS || asked.length >= MAX_QUESTIONS) {
      throw new ProtocolError('QUESTION_LIMIT', {
        open: open.length,
        total: asked.length,
        maxOpen: MAX_OPEN_QUESTIONS,
        maxTotal: MAX_QUESTIONS,
      });
    }
    const salt = toHex(parts.randomBytes(32));
    const question: StoredQuestion = {
      questionId: questionId({ requestId, org: parts.org, text, salt }),
      number: asked.length + 1,
      state: 'asked',
      text,
      salt,
      actor,
      askedAt: nowSeconds(parts),
      answer: null,
      answeredAt: null,
    };
    await record(parts, requestId, question);
    return question;
  });
}

/**
 * Takes the requester's answer; the same answer again changes nothing.
 * @throws {ProtocolError} SCHEMA_MISMATCH, REQUEST_NOT_REQUESTER, REQUEST_NOT_ACTIVE, QUESTION_UNKNOWN, QUESTION_ANSWERED
 */
export async function answerQuestion(
  parts: QuestionParts,
  caller: string,
  requestId: string,
  body: unknown,
): Promise<StoredQuestion> {
  const { questionId: id, text } = parseDocument(answerDeliverySchema, body, 'answer');
  if ((await parts.ledger.request(requestId)).requester !== caller)
    throw new ProtocolError('REQUEST_NOT_REQUESTER', {});
  return parts.mutex.run(`questions/${requestId}`, async () => {
    const question = (await questionsOf(parts.state, requestId)).find((one) => one.questionId === id);
    if (question === undefined) throw new ProtocolError('QUESTION_UNKNOWN', { questionId: id });
    if (question.answer === text) return question;
    if (question.answer !== null) throw new ProtocolError('QUESTION_ANSWERED', { questionId: id });
    await assertOpen(parts, requestId);
    const answered: StoredQuestion = { ...question, state: 'answered', answer: text, answeredAt: nowSeconds(parts) };
    await record(parts, requestId, answered);
    return answered;
  });
}

/** In the order in which they were asked. */
export async function questionsOf(state: StateStore, requestId: string): Promise<readonly StoredQuestion[]> {
  return (await state.list<StoredQuestion>(`question/${requestId}/`)).map(([, question]) => question);
}

/** A question for a reader: who may not see the texts sees that it was asked. */
export function questionView(question: StoredQuestion, mayRead: boolean): Question {
  const { questionId: id, state, text, askedAt, answer, answeredAt } = question;
  return { questionId: id, state, text: mayRead ? text : null, askedAt, answer: mayRead ? answer : null, answeredAt };
}

async function assertOpen(parts: QuestionParts, requestId: string): Promise<void> {
  const { state } = await parts.ledger.request(requestId);
  if (!OPEN_STATES.includes(state)) throw new ProtocolError('REQUEST_NOT_ACTIVE', { state });
}

async function record(parts: QuestionParts, requestId: string, question: StoredQuestion): Promise<void> {
  const { questionId: id, state, number, actor } = question;
  const isPersons = state === 'asked' && actor !== null;
  await parts.events.append(
    'question',
    { requestId, questionId: id, state, ...(isPersons ? { actor } : {}) },
    {
      id: `question/${id}/${state}`,
      operations: [{ type: 'put', key: `question/${requestId}/${String(number).padStart(4, '0')}`, value: question }],
    },
  );
}

function nowSeconds({ clock }: QuestionParts): number {
  return Math.floor(clock.now() / 1000);
}
