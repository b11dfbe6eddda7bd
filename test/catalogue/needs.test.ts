import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createNeeds } from '@sealedger/node/catalogue/needs.ts';
import { createMutex } from '@sealedger/node/mutex.ts';
import { pseudonymKey } from '@sealedger/node/people.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { kindOf, openNodeState } from '../node/support/node-state.ts';
import { fakeDirectory, keyOf, organisation, START_MS } from '../node/support/organisations.ts';
import { assertFree, everythingOf, refusal } from '../node/support/refusals.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { PEOPLE } from './support/department.ts';

const bank = organisation('harbour-bank', ['bank']);
const other = organisation('hill-bank', ['bank']);
const need = (title = '水电欠费', nonce = 1) => ({
  title,
  purpose: 'credit-underwriting',
  description: '近十二个月的水电欠费情况',
  fields: ['欠费金额'],
  neededBy: '2027-06-30',
  nonce: String(nonce).padStart(64, '0'),
});
const signed = (...words: Parameters<typeof need>) => bank.envelope(domains.dataNeed, need(...words));

async function office(t: TestContext) {
  const node = await openNodeState(join(await temporaryDirectory(t), 'state'), 'tax');
  t.after(node.close);
  const members = fakeDirectory([bank, other]);
  const clock = { now: () => START_MS, sleep: async () => undefined };
  const { state, events } = node;
  const needs = createNeeds({
    org: 'tax',
    state,
    events,
    members,
    clock,
    mutex: createMutex(),
    people: PEOPLE,
    personKey: pseudonymKey(keyOf('tax/seed')),
  });
  return { needs, node, members };
}

describe('a need for data', () => {
  it('is filed once, answered by a person, and shows its filer what became of it', async (t) => {
    const { needs, node } = await office(t);
    const { needId, state } = await needs.file(bank.org, signed());
    assert.equal(state, 'filed');
    assert.equal((await needs.file(bank.org, signed())).needId, needId);
    await needs.answer(needId, { state: 'planned', byWhen: '2027-03-31' }, 'ana');
    await needs.answer(needId, { state: 'covered', datasetId: '0a'.repeat(32) }, 'bo');
    const status = await needs.status(bank.org, needId);
    assert.deepEqual(
      [status.state, status.answers.map(({ answer }) => answer.state)],
      ['covered', ['planned', 'covered']],
    );
    const events = await node.logged();
    assert.deepEqual(
      events.map((event) => [kindOf(event), event.openings['state']?.value]),
      [
        ['need', 'filed'],
        ['need', 'planned'],
        ['need', 'covered'],
      ],
    );
    assertFree(everythingOf(events), ['水电', 'harbour', 'ana']);
  });

  it('may be declined with a reason, and taken up again', async (t) => {
    const { needs } = await office(t);
    const { needId } = await needs.file(bank.org, signed());
    await needs.answer(needId, { state: 'declined', reason: '无此数据' }, 'ana');
    assert.equal((await needs.answer(needId, { state: 'planned', byWhen: '2027-03-31' }, 'ana')).state, 'planned');
    await needs.answer(needId, { state: 'covered', datasetId: '0a'.repeat(32) }, 'ana');
    await assert.rejects(
      needs.answer(needId, { state: 'declined', reason: 'x' }, 'ana'),
      refusal('NEED_STATE', { state: 'covered', next: 'declined' }),
    );
  });

  it('is nobody’s but its filer’s', async (t) => {
    const { needs } = await office(t);
    const { needId } = await needs.file(bank.org, signed());
    await assert.rejects(needs.status(other.org, needId), refusal('NEED_UNKNOWN'));
    assert.deepEqual(await needs.list(other.org), []);
    assert.equal((await needs.list(bank.org)).length, 1);
    await assert.rejects(needs.file(other.org, signed('other', 2)), refusal('NEED_NOT_OWN'));
  });

  it('is answered by no auditor, no stranger and nobody', async (t) => {
    const { needs } = await office(t);
    const { needId } = await needs.file(bank.org, signed());
    const answer = { state: 'declined', reason: 'x' } as const;
    await assert.rejects(needs.answer(needId, answer, 'dee'), refusal('PERSON_ROLE'));
    await assert.rejects(needs.answer(needId, answer, 'zed'), refusal('PERSON_UNKNOWN'));
    await assert.rejects(needs.answer(needId, answer, null), refusal('PERSON_MISSING'));
    await assert.rejects(needs.answer('00'.repeat(32), answer, 'ana'), refusal('NEED_UNKNOWN'));
  });

  it('is refused forged, of another domain, malformed, by a suspended bank, and beyond a hundred', async (t) => {
    const { needs, members } = await office(t);
    const envelope = signed();
    const forged = { ...envelope, body: { ...envelope.body, title: 'x' } };
    for (const bad of [
      forged,
      bank.envelope(domains.request, need()),
      bank.envelope(domains.dataNeed, { ...need(), extra: 1 }),
      null,
      'x',
      {},
    ]) {
      await assert.rejects(needs.file(bank.org, bad));
    }
    const filed = await Promise.allSettled(Array.from({ length: 103 }, (_, i) => needs.file(bank.org, signed('n', i))));
    assert.equal(filed.filter(({ status }) => status === 'fulfilled').length, 100);
    assert.equal((await needs.list(bank.org)).length, 100);
    members.suspended.add(bank.org);
    await assert.rejects(needs.file(bank.org, signed('late', 999)), refusal('MEMBER_SUSPENDED'));
  });
});
