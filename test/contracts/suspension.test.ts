/** Requests that are halted, resumed, amended and renewed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ActorName, createWorld, GENESIS_SECONDS, publish, refused, suspend, type World, word } from './world.ts';

const zero = `0x${'0'.repeat(64)}`;
const states = [
  'none',
  'submitted',
  'active',
  'rejected',
  'revoked',
  'withdrawn',
  'completed',
  'expired',
  'suspended',
  'superseded',
];
const [first, second, third] = [word('first'), word('second'), word('third')];
const expiresAt = GENESIS_SECONDS + 100_000_000;

let world: World;
let datasets: readonly string[];
let register: string;

before(async () => {
  world = await createWorld();
  datasets = [await publish(world, 'tax', 'income'), await publish(world, 'court', 'cases')];
  register = await publish(world, 'bureau', 'register');
});
after(() => world.close());

const call = (actor: ActorName, name: string, ...args: readonly unknown[]) => world.send(actor, 'requests', name, args);
const halt = (actor: ActorName, id = first) => call(actor, 'suspend', id, word('reason'));
const one = async (name: string, ...args: readonly unknown[]) => (await world.view('requests', name, args))[0];
const state = async (id: string) => states[Number(await one('stateOf', id))];
const submit = (id: string, previous = zero, actor: ActorName = 'bank-a', until = expiresAt) =>
  call(actor, 'submit', [
    id,
    word('credit'),
    word('model'),
    datasets,
    register,
    [word('meter')],
    10,
    until,
    false,
    0,
    previous,
  ]);

async function grant(id: string): Promise<void> {
  for (const decider of ['tax', 'court', 'bureau'] as const) {
    await call(decider, 'decide', id, true, word('reason'), word('grant'));
  }
  await call('meter', 'publishGateKey', id, word('key'));
}

async function activate(id = first, previous = zero): Promise<void> {
  await submit(id, previous);
  await grant(id);
}

describe('suspending a request', () => {
  for (const actor of ['tax', 'bureau', 'meter', 'watchdog'] as const) {
    test(`${actor} may halt it while it is active, and alone takes that back`, () =>
      world.undone(async () => {
        await activate();
        const [suspended] = await halt(actor);
        assert.ok(suspended?.name === 'RequestSuspended' && suspended.args.org === actor);
        assert.equal(await state(first), 'suspended');
        await refused(call('court', 'resume', first), 'RequestsNotSuspender', 'id=first, org=court');
        const [resumed] = await call(actor, 'resume', first);
        assert.ok(resumed?.name === 'RequestResumed' && resumed.args.org === actor);
        assert.equal(await state(first), 'active');
        await call('bank-a', 'openAttempt', first, 1);
      }));
  }

  test('is for those whom the request concerns and who are active members', () =>
    world.undone(async () => {
      await activate();
      await refused(halt('bank-a'), 'RequestsMayNotSuspend', 'id=first, org=bank-a');
      await refused(halt('bank-b'), 'RequestsMayNotSuspend', 'id=first, org=bank-b');
      await refused(halt('stranger'), 'ConsortiumUnknownAccount');
      await suspend(world, 'court');
      await refused(halt('court'), 'ConsortiumNotActive', 'org=court');
    }));

  test('counts each organisation once, and lasts until the last one resumes', () =>
    world.undone(async () => {
      await activate();
      await halt('tax');
      await refused(halt('tax'), 'RequestsAlreadySuspended', 'id=first, org=tax');
      await halt('watchdog');
      const summary = (await one('summaryOf', first)) as unknown as { suspenders: Iterable<string> };
      assert.deepEqual([...summary.suspenders], [word('tax'), word('watchdog')]);
      await call('tax', 'resume', first);
      assert.equal(await state(first), 'suspended');
      await refused(call('tax', 'resume', first), 'RequestsNotSuspender');
      await call('watchdog', 'resume', first);
      assert.equal(await state(first), 'active');
      await refused(call('watchdog', 'resume', first), 'RequestsWrongState', 'id=first, state=2');
      await halt('tax');
      assert.equal(await state(first), 'suspended', 'a second time later');
    }));

  test('is for active requests alone', () =>
    world.undone(async () => {
      await refused(halt('watchdog'), 'RequestsUnknownRequest');
      await submit(first);
      await refused(halt('tax'), 'RequestsWrongState', 'id=first, state=1');
      await call('tax', 'revoke', first, word('reason'));
      await refused(halt('tax'), 'RequestsWrongState', 'id=first, state=4');
    }));

  test('stops new attempts and nothing that only records or ends', () =>
    world.undone(async () => {
      await activate();
      await call('bank-a', 'openAttempt', first, 1);
      await halt('tax');
      await refused(call('bank-a', 'openAttempt', first, 2), 'RequestsWrongState', 'id=first, state=8');
      await refused(call('bank-a', 'withdraw', first), 'RequestsWrongState', 'id=first, state=8');
      await call('meter', 'recordUnlocks', first, 3);
      await world.send('bank-a', 'evidence', 'commitResult', [first, 1, word('batch'), 3]);
      await world.undone(async () => {
        await call('bank-a', 'complete', first);
        assert.equal(await state(first), 'completed');
        await refused(call('tax', 'resume', first), 'RequestsWrongState', 'id=first, state=6');
      });
      await call('court', 'revoke', first, word('reason'));
      assert.equal(await state(first), 'revoked');
      await refused(call('tax', 'resume', first), 'RequestsWrongState', 'id=first, state=4');
    }));

  test('does not outlast the term', () =>
    world.undone(async () => {
      await activate();
      await halt('tax');
      await world.pass(expiresAt - (await world.nowSeconds()));
      assert.equal(await state(first), 'expired');
      await refused(call('tax', 'resume', first), 'RequestsWrongState', 'id=first, state=7');
      await refused(halt('court'), 'RequestsWrongState', 'id=first, state=7');
      await call('stranger', 'expire', first);
    }));
});

describe('a request that names a previous one', () => {
  test('takes its place in the block in which it becomes active, and not before', () =>
    world.undone(async () => {
      await activate();
      const [submitted] = await submit(second, first);
      assert.ok(submitted?.name === 'RequestSubmitted');
      assert.equal(`0x${submitted.args.previous}`, first);
      assert.equal(await state(first), 'active');
      await call('bank-a', 'openAttempt', first, 1);
      for (const decider of ['tax', 'court', 'bureau'] as const) {
        await call(decider, 'decide', second, true, word('reason'), word('grant-2'));
      }
      const events = await call('meter', 'publishGateKey', second, word('key'));
      assert.deepEqual(
        events.map(({ name }) => name),
        ['GateKeyPublished', 'RequestActivated', 'RequestSuperseded'],
      );
      const superseded = events.at(-1);
      assert.ok(superseded?.name === 'RequestSuperseded');
      assert.deepEqual([`0x${superseded.args.id}`, `0x${superseded.args.by}`], [first, second]);
      assert.deepEqual([await state(first), await state(second)], ['superseded', 'active']);
      await refused(call('bank-a', 'openAttempt', first, 2), 'RequestsWrongState', 'id=first, state=9');
      for (const name of ['revoke', 'suspend']) {
        await refused(call('tax', name, first, word('reason')), 'RequestsWrongState', 'id=first, state=9');
      }
      await call('meter', 'recordUnlocks', first, 2);
    }));

  test('takes the place of one that is halted or still asked for too', () =>
    world.undone(async () => {
      await activate();
      await halt('tax');
      await activate(second, first);
      assert.equal(await state(first), 'superseded');
      await refused(call('tax', 'resume', first), 'RequestsWrongState', 'id=first, state=9');
      await submit(third, second);
      const fourth = word('fourth');
      await activate(fourth, third);
      assert.deepEqual(
        [await state(second), await state(third), await state(fourth)],
        ['superseded', 'superseded', 'active'],
        'an amendment of what still waits takes the place of the version that runs as well',
      );
      await refused(
        call('tax', 'decide', third, true, word('reason'), word('grant')),
        'RequestsWrongState',
        'id=third, state=9',
      );
    }));

  test('leaves one alone that ended otherwise', () =>
    world.undone(async () => {
      await activate();
      await submit(second, first);
      await call('bank-a', 'complete', first);
      await grant(second);
      assert.deepEqual([await state(first), await state(second)], ['completed', 'active']);
      await activate(third, second);
      assert.deepEqual([await state(first), await state(second)], ['completed', 'superseded']);
    }));

  test('is superseded itself where another amendment of the same one was activated before it', () =>
    world.undone(async () => {
      await activate();
      await submit(second, first);
      await submit(third, first);
      await call('tax', 'decide', third, true, word('reason'), word('grant'));
      await grant(second);
      assert.deepEqual(
        [await state(first), await state(second), await state(third)],
        ['superseded', 'active', 'superseded'],
      );
      await refused(
        call('court', 'decide', third, true, word('reason'), word('grant')),
        'RequestsWrongState',
        'id=third, state=9',
      );
      await refused(call('meter', 'publishGateKey', third, word('key')), 'RequestsWrongState', 'id=third, state=9');
      await refused(call('bank-a', 'withdraw', third), 'RequestsWrongState', 'id=third, state=9');
    }));

  test('is superseded also where the one that both follow had ended before', () =>
    world.undone(async () => {
      await activate();
      await submit(second, first);
      await submit(third, first);
      await call('bank-a', 'complete', first);
      await grant(third);
      assert.deepEqual([await state(second), await state(third)], ['superseded', 'active']);
      await refused(submit(word('fourth'), first), 'RequestsPreviousNotUsable', 'previous=first, state=9');
      await refused(submit(word('fourth'), second), 'RequestsPreviousNotUsable', 'previous=second, state=9');
      await submit(word('fourth'), third);
    }));

  test('cannot be hidden behind amendments that wait', () =>
    world.undone(async () => {
      const fourth = word('fourth');
      await submit(first);
      await submit(second, first);
      await submit(third, second);
      await submit(fourth, first);
      await grant(third);
      assert.deepEqual(
        [await state(first), await state(second), await state(third), await state(fourth)],
        ['superseded', 'superseded', 'active', 'superseded'],
      );
      await refused(
        call('tax', 'decide', first, true, word('reason'), word('grant')),
        'RequestsWrongState',
        'id=first, state=9',
      );
      await call('court', 'revoke', third, word('reason'));
      await refused(submit(word('fifth'), first), 'RequestsPreviousNotUsable', 'previous=first, state=9');
      await refused(submit(word('fifth'), third), 'RequestsPreviousNotUsable', 'previous=third, state=4');
    }));

  test('must name one of the same bank that nobody refused or revoked', () =>
    world.undone(async () => {
      await refused(submit(second, first), 'RequestsPreviousNotUsable', 'previous=first, state=0');
      await refused(submit(first, first), 'RequestsPreviousNotUsable', 'previous=first, state=0');
      await activate();
      await refused(submit(second, first, 'bank-b'), 'RequestsPreviousOfAnother', 'previous=first, org=bank-b');
      await submit(second);
      await call('court', 'decide', second, false, word('reason'), zero);
      await refused(submit(third, second), 'RequestsPreviousNotUsable', 'previous=second, state=3');
      await call('meter', 'revoke', first, word('reason'));
      await refused(submit(third, first), 'RequestsPreviousNotUsable', 'previous=first, state=4');
    }));

  test('may renew one whose time is over, or one that was withdrawn', () =>
    world.undone(async () => {
      await submit(first);
      await call('bank-a', 'withdraw', first);
      await submit(second, first, 'bank-a', (await world.nowSeconds()) + 1000);
      await world.pass(2000);
      assert.equal(await state(second), 'expired');
      await activate(third, second);
      assert.equal(await state(second), 'expired');
    }));
});
