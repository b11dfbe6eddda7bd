/** Who gives a command: other people's roles, wrong passwords, used and foreign signatures, ids that nobody has. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createPasswords, type Passwords } from '@sealedger/node/keys/passwords.ts';
import { signPersonCall } from '@sealedger/node/keys/person-proof.ts';
import { type ConfiguredPerson, type PersonRole, peopleSchema, pseudonym } from '@sealedger/node/people.ts';
import type { ActingPerson, AdminCall, PersonClaim, PersonGate } from '@sealedger/node/server/admin.ts';
import { knownPeople, recordedActs } from '@sealedger/node/services/person-gate.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { openTestGate, type TestGate } from './support/gate.ts';
import { personSecret, testPerson } from './support/persons.ts';

const PASSWORD = 'planted password 8841';
const INPUT = { requestId: 'ab'.repeat(32), approved: true };
const COMMAND = 'request.decide';
const refused = (code: string) => (error: unknown) => isProtocolError(error) && error.code === code;

let nonces = 0;
/** A claim that Ana signs, with what an attacker changes. */
function signed(changes: {
  org?: string;
  person?: string;
  command?: string;
  input?: unknown;
  at?: number;
}): PersonClaim {
  const { org = 'tax', person = 'ana', command = COMMAND, input = INPUT, at = 1_800_000_000_000 } = changes;
  nonces += 1;
  const nonce = new Uint8Array(32).fill(nonces);
  return { person, proof: signPersonCall({ org, person, command, input }, personSecret('ana'), { nonce, at }) };
}

describe('the people of a node', () => {
  let passwords: Passwords;
  let people: readonly ConfiguredPerson[];
  let test: TestGate;
  const call = (claim: PersonClaim | null, command = COMMAND, input: unknown = INPUT): AdminCall => ({
    command,
    claim,
    input,
  });
  const enter = (
    claim: PersonClaim | null,
    roles: readonly PersonRole[] | undefined = ['approver'],
    gate: PersonGate = test.gate,
  ): Promise<ActingPerson | null> => gate.authenticate(call(claim), roles);
  const password = (person: string, text = PASSWORD): PersonClaim => ({ person, password: text });

  before(async () => {
    passwords = createPasswords();
    const hash = await passwords.hash(PASSWORD);
    people = peopleSchema.parse([
      testPerson('ana', 'approver'),
      { id: 'bo', roles: ['steward'], password: hash },
      { id: 'cy', roles: ['operator', 'steward', 'auditor'], password: hash },
    ]);
  });
  after(() => passwords.close());
  const fresh = async (): Promise<void> => {
    test = await openTestGate(people, passwords);
    test.clock.ms = 1_800_000_000_000;
  };

  it('are let in by their own password or signature, under the pseudonym that events have', async () => {
    await fresh();
    const bo = await enter(password('bo'));
    assert.deepEqual([bo?.person.id, bo?.pseudonym], ['bo', pseudonym(test.personKey, 'bo')]);
    assert.equal((await enter(signed({})))?.person.id, 'ana');
    assert.equal(await test.gate.authenticate(call(null), undefined), null, 'what asks for nobody needs nobody');
  });

  it('must be named where a command asks for a role: the token alone is not enough', async () => {
    await fresh();
    await assert.rejects(enter(null, ['approver']), refused('PERSON_MISSING'));
  });

  it('have the roles of the configuration and no others', async () => {
    await fresh();
    const cy = (await enter(password('cy')))!;
    test.gate.authorise(cy, ['auditor', 'approver']);
    for (const roles of [['approver'], []] as const) {
      assert.throws(() => test.gate.authorise(cy, roles), refused('PERSON_ROLE'));
    }
  });

  it('are refused with one code: a wrong password, nobody’s id, a password of who signs, a signature of who does not', async () => {
    await fresh();
    for (const claim of [
      password('bo', `${PASSWORD} `),
      password('nobody'),
      password('ana'),
      password('__proto__'),
      { ...signed({ person: 'bo' }), person: 'bo' },
      signed({ person: 'nobody' }),
    ]) {
      await assert.rejects(enter(claim), refused('PERSON_REFUSED'));
    }
  });

  it('sign one command, one input, one node: a signature for another is refused', async () => {
    await fresh();
    for (const changes of [
      { command: 'policy.apply' },
      { input: { ...INPUT, approved: false } },
      { input: null },
      { org: 'court' },
    ]) {
      await assert.rejects(enter(signed(changes)), refused('PERSON_REFUSED'));
    }
    const { proof } = signed({}) as Extract<PersonClaim, { proof: unknown }>;
    const flipped = `${proof.signature.startsWith('0') ? '1' : '0'}${proof.signature.slice(1)}`;
    await assert.rejects(enter({ person: 'ana', proof: { ...proof, signature: flipped } }), refused('PERSON_REFUSED'));
    await assert.rejects(enter({ person: 'ana', proof: { ...proof, at: proof.at + 1 } }), refused('PERSON_REFUSED'));
  });

  it('sign once: a replayed signature is refused, after a restart too, at once and in parallel', async () => {
    await fresh();
    const claim = signed({});
    await enter(claim);
    await assert.rejects(enter(claim), refused('PERSON_PROOF_USED'));
    await assert.rejects(enter(claim, ['approver'], await test.reopened()), refused('PERSON_PROOF_USED'));
    const twice = signed({});
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => enter(twice)));
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('sign now: what was signed a minute ago or is to be signed in a minute is refused', async () => {
    await fresh();
    for (const at of [test.clock.ms - 60_001, test.clock.ms + 60_001, 0]) {
      await assert.rejects(enter(signed({ at })), refused('PERSON_PROOF_TIME'));
    }
    const claim = signed({});
    await enter(claim);
    test.clock.ms += 120_001;
    await enter(signed({ at: test.clock.ms }));
    await assert.rejects(enter(claim), refused('PERSON_PROOF_TIME'), 'its nonce is forgotten, its time is over');
  });

  it('wait longer after each wrong password; the right one does not help meanwhile, a restart neither', async () => {
    await fresh();
    for (let i = 0; i < 5; i++) await assert.rejects(enter(password('bo', 'wrong')), refused('PERSON_REFUSED'));
    await assert.rejects(enter(password('bo')), refused('PERSON_BACKOFF'));
    await assert.rejects(enter(password('bo'), ['steward'], await test.reopened()), refused('PERSON_BACKOFF'));
    assert.equal((await enter(password('cy')))?.person.id, 'cy', 'others do not wait with them');
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      const error = (await enter(password('bo', 'wrong')).catch((cause: unknown) => cause)) as {
        details: { seconds: number };
      };
      waits.push(error.details.seconds);
      test.clock.ms += 1000 * error.details.seconds;
      await assert.rejects(enter(password('bo', 'wrong')), refused('PERSON_REFUSED'));
    }
    assert.deepEqual(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    test.clock.ms += 900_000;
    assert.equal((await enter(password('bo')))?.person.id, 'bo');
    await assert.rejects(enter(password('bo', 'wrong')), refused('PERSON_REFUSED'), 'and the count began anew');
  });

  it('gain nothing by guessing in parallel', async () => {
    await fresh();
    const guesses = Array.from({ length: 40 }, (_, i) => enter(password('bo', `guess number ${i}`)));
    const codes = (await Promise.allSettled(guesses)).map((answer) =>
      answer.status === 'rejected' && isProtocolError(answer.reason) ? answer.reason.code : 'in',
    );
    assert.equal(codes.filter((code) => code === 'PERSON_REFUSED').length, 5);
    assert.equal(codes.filter((code) => code === 'PERSON_BACKOFF').length, 35);
  });

  it('cannot be told from ids that nobody has: same code, same waiting, the same work', async () => {
    await fresh();
    const took = async (person: string): Promise<number> => {
      const start = performance.now();
      await assert.rejects(enter(password(person, 'wrong')), refused('PERSON_REFUSED'));
      return performance.now() - start;
    };
    const times = { bo: [] as number[], zz: [] as number[] };
    for (let i = 0; i < 5; i++) {
      times.bo.push(await took('bo'));
      times.zz.push(await took('zz'));
    }
    const middle = (list: number[]): number => list.sort((a, b) => a - b)[2]!;
    const ratio = middle(times.zz) / middle(times.bo);
    assert.ok(ratio > 0.6 && ratio < 1.7, `nobody's ${middle(times.zz)} ms, somebody's ${middle(times.bo)} ms`);
    await assert.rejects(enter(password('zz')), refused('PERSON_BACKOFF'));
    await assert.rejects(enter(password('bo')), refused('PERSON_BACKOFF'));
  });

  it('fill no disk with ids that nobody has', async () => {
    const quick: Passwords = { hash: passwords.hash, verify: async () => false, close: async () => undefined };
    test = await openTestGate(people, quick);
    for (let i = 0; i < 6000; i++) await enter(password(`stranger-${i}`)).catch(() => undefined);
    assert.ok((await test.state.list('person-failures/')).length <= 4096);
  });

  it('are nobody once they are out of the configuration, and an auditor still reads who they were', async () => {
    await fresh();
    const ana = (await enter(signed({})))!;
    await test.gate.record(ana, call(null), 'done');
    const others = await test.reopened(people.filter(({ id }) => id !== 'ana'));
    await assert.rejects(enter(signed({}), ['approver'], others), refused('PERSON_REFUSED'));
    const [act] = await recordedActs(test.state);
    assert.equal((await knownPeople(test.state)).get(act!.actor), 'ana');
  });

  it('leave an act in the log for each command, with its outcome and no id', async () => {
    await fresh();
    const bo = (await enter(password('bo')))!;
    await test.gate.record(bo, call(null), 'PERSON_ROLE');
    await test.gate.record(bo, call(null, 'quality.run', { dataset: 'x', requestId: 7 }), 'done');
    const actor = pseudonym(test.personKey, 'bo');
    assert.deepEqual(test.events, [
      { kind: 'act', fields: { actor, command: COMMAND, outcome: 'PERSON_ROLE', requestId: INPUT.requestId } },
      { kind: 'act', fields: { actor, command: 'quality.run', outcome: 'done' } },
    ]);
    assert.doesNotMatch(JSON.stringify(test.events), /"bo"|planted/);
  });

  it('stand in the configuration with one proof each, of known cost, and once', () => {
    const base = { id: 'x', roles: ['steward'] };
    const hash = (cost: string): string => `$argon2id$v=19$${cost},p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
    for (const wrong of [
      base,
      { ...base, password: 'in the clear' },
      { ...base, password: hash('m=1024,t=1') },
      { ...base, password: hash('m=65536,t=17') },
      { ...base, password: hash('m=9999999,t=2') },
      { ...base, password: hash('m=65536,t=2'), key: 'a'.repeat(64) },
      { ...base, key: 'a'.repeat(63) },
      { ...base, roles: [], key: 'a'.repeat(64) },
      { ...base, roles: ['root'], key: 'a'.repeat(64) },
    ]) {
      assert.equal(peopleSchema.safeParse([wrong]).success, false, JSON.stringify(wrong));
    }
    assert.equal(peopleSchema.safeParse([{ ...base, password: hash('m=65536,t=2') }]).success, true);
    assert.equal(peopleSchema.safeParse([testPerson('x', 'steward'), testPerson('x', 'auditor')]).success, false);
  });
});
