import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createMutex } from '@sealedger/node/mutex.ts';
import {
  answerQuestion,
  askQuestion,
  type QuestionParts,
  questionsOf,
  questionView,
} from '@sealedger/node/request/questions.ts';
import { MAX_OPEN_QUESTIONS, MAX_QUESTIONS, questionId } from '@sealedger/protocol/request-status.ts';
import { fakeLedger } from '../node/support/fake-ledger.ts';
import { kindOf, openNodeState } from '../node/support/node-state.ts';
import { keyOf, testClock } from '../node/support/organisations.ts';
import { assertFree, everythingOf, refusal } from '../node/support/refusals.ts';
import { hexOf, onChainView, requestDocument } from '../node/support/request-fixture.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

const ACTOR = hexOf(0xaa);

async function department(t: TestContext) {
  const directory = await temporaryDirectory(t);
  const node = await openNodeState(directory, 'tax');
  t.after(() => node.close());
  const ledger = fakeLedger('tax');
  const view = onChainView(requestDocument(), { state: 'submitted' });
  ledger.requests.set(view.id, view);
  let salts = 0;
  const parts: QuestionParts = {
    org: 'tax',
    state: node.state,
    ledger,
    events: node.events,
    clock: testClock(),
    mutex: createMutex(),
    randomBytes: () => keyOf(`salt ${salts++}`),
  };
  const ask = (text: string) => askQuestion(parts, view.id, text, ACTOR);
  const answer = (id: string, text: string, caller = 'bank') =>
    answerQuestion(parts, caller, view.id, { questionId: id, text });
  return { node, ledger, parts, id: view.id, ask, answer };
}

describe('a question', () => {
  it('has an id that commits to its text; texts stay out of the log', async (t) => {
    const { node, id, ask, answer } = await department(t);
    const question = await ask('Is the form of 2026 used?');
    const { text, salt } = question;
    assert.equal(question.questionId, questionId({ requestId: id, org: 'tax', text, salt }));
    assert.notEqual(question.questionId, questionId({ requestId: id, org: 'tax', text: 'Is it not?', salt }));
    assert.notEqual(question.questionId, questionId({ requestId: id, org: 'court', text, salt }));
    await answer(question.questionId, 'Yes, that one.');
    const logged = await node.logged();
    assert.deepEqual(logged.map(kindOf), ['question', 'question']);
    assertFree(everythingOf(logged), ['form of 2026', 'Yes, that one', 'bank.example']);
    assert.equal(logged[0]!.openings['actor']!.value, ACTOR);
    assert.deepEqual(
      logged.map(({ openings }) => openings['state']!.value),
      ['asked', 'answered'],
    );
  });

  it('asked twice, also at the same moment, is one question', async (t) => {
    const { node, ask, id, parts } = await department(t);
    const asked = await Promise.all(Array.from({ length: 10 }, () => ask('Who signs?')));
    assert.equal(new Set(asked.map((question) => question.questionId)).size, 1);
    assert.equal((await node.logged()).length, 1);
    assert.equal((await questionsOf(parts.state, id)).length, 1);
  });

  it('is one of few: a person cannot bury the requester in them', async (t) => {
    const { ask, answer } = await department(t);
    const open: string[] = [];
    for (let i = 0; i < MAX_OPEN_QUESTIONS; i++) open.push((await ask(`question ${i}`)).questionId);
    await assert.rejects(ask('one more'), refusal('QUESTION_LIMIT', { open: MAX_OPEN_QUESTIONS }));
    for (let asked = open.length; asked < MAX_QUESTIONS; asked++) {
      await answer(open.shift()!, 'yes');
      open.push((await ask(`question ${asked}`)).questionId);
    }
    await answer(open.shift()!, 'yes');
    await assert.rejects(ask('one more'), refusal('QUESTION_LIMIT', { total: MAX_QUESTIONS }));
  });

  it('without text, too long, or with marks that a terminal obeys is refused', async (t) => {
    const { ask, node } = await department(t);
    for (const text of ['', ' ', 'x'.repeat(4001), '\u001b]0;title\u0007', 'a\u202eb']) {
      await assert.rejects(ask(text), refusal('SCHEMA_MISMATCH'));
    }
    assert.equal((await node.logged()).length, 0);
  });

  it('is not asked about a request that is over or unknown', async (t) => {
    const { ask, ledger, id, parts } = await department(t);
    for (const state of ['rejected', 'withdrawn', 'revoked', 'superseded', 'completed', 'expired'] as const) {
      ledger.change(id, { state });
      await assert.rejects(ask('now?'), refusal('REQUEST_NOT_ACTIVE', { state }));
    }
    await assert.rejects(askQuestion(parts, hexOf(3), 'now?', ACTOR), refusal('REQUEST_UNKNOWN'));
  });
});

describe('an answer', () => {
  it('is taken from the requester only', async (t) => {
    const { ask, answer } = await department(t);
    const { questionId: id } = await ask('Who signs?');
    for (const caller of ['other-bank', 'court', 'bureau', '']) {
      await assert.rejects(answer(id, 'I do', caller), refusal('REQUEST_NOT_REQUESTER'));
    }
    assert.equal((await answer(id, 'The applicant.')).answer, 'The applicant.');
  });

  it('is given once; the same again is no other one', async (t) => {
    const { ask, answer, node } = await department(t);
    const { questionId: id } = await ask('Who signs?');
    const outcomes = await Promise.allSettled(
      ['The applicant.', 'Nobody.', 'The applicant.'].map((text) => answer(id, text)),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'rejected').length, 1);
    await assert.rejects(answer(id, 'Nobody.'), refusal('QUESTION_ANSWERED'));
    await answer(id, 'The applicant.');
    assert.equal((await node.logged()).length, 2);
  });

  it('to what nobody asked, or of another form, is refused', async (t) => {
    const { ask, answer, parts, id } = await department(t);
    await ask('Who signs?');
    await assert.rejects(answer(hexOf(9), 'x'), refusal('QUESTION_UNKNOWN'));
    for (const body of [
      null,
      [],
      'x',
      {},
      { questionId: 'x', text: 'y' },
      { questionId: hexOf(9), text: '' },
      { questionId: hexOf(9), text: 'x', state: 'answered' },
    ]) {
      await assert.rejects(answerQuestion(parts, 'bank', id, body), refusal('SCHEMA_MISMATCH'));
    }
    await assert.rejects(answer(hexOf(9), 'x'.repeat(8001)), refusal('SCHEMA_MISMATCH'));
  });

  it('is not durable by halves: what failed to be logged was not given', async (t) => {
    const { ask, parts, id } = await department(t);
    const { questionId: question } = await ask('Who signs?');
    const failing = { ...parts, events: { append: () => Promise.reject(new Error('disk full')) } };
    await assert.rejects(answerQuestion(failing, 'bank', id, { questionId: question, text: 'I' }), /disk full/);
    assert.equal((await questionsOf(parts.state, id))[0]!.state, 'asked');
    await answerQuestion(parts, 'bank', id, { questionId: question, text: 'We' });
  });

  it('shows its words to who may read them, and to others only that it was given', async (t) => {
    const { ask, answer } = await department(t);
    const { questionId: id } = await ask('Who signs?');
    const answered = await answer(id, 'The applicant.');
    assert.equal(questionView(answered, true).answer, 'The applicant.');
    const hidden = questionView(answered, false);
    assert.deepEqual([hidden.state, hidden.text, hidden.answer], ['answered', null, null]);
    assertFree(everythingOf(hidden), ['Who signs', 'applicant', answered.salt, ACTOR]);
    assertFree(everythingOf(questionView(answered, true)), [answered.salt, ACTOR]);
  });
});
