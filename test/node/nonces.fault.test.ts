/** Nonces outlive the process, however many come at once and whenever they are swept. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { createNonceStore, openDatabase } from '@sealedger/node/store/level-store.ts';
import { testClock } from './support/organisations.ts';
import { refusal } from './support/refusals.ts';
import { temporaryDirectory } from './support/temporary.ts';

it('refuses after a restart what was used before it, for as long as it could hold, and forgets it then', async () => {
  const directory = join(await temporaryDirectory(), 'state');
  const clock = testClock();
  const first = await openDatabase(directory);
  const before = createNonceStore(first, clock);
  const until = clock.now() + 360_000;
  await Promise.all(Array.from({ length: 700 }, (_, index) => before.use('bank', `nonce-${index}`, until)));
  await assert.rejects(before.use('bank', 'nonce-0', until), refusal('NONCE_REPLAYED'));
  await before.use('rival', 'nonce-0', until);
  await first.close();
  const second = await openDatabase(directory);
  const afterwards = createNonceStore(second, clock);
  clock.move(359_000);
  for (const index of [0, 350, 699]) {
    await assert.rejects(afterwards.use('bank', `nonce-${index}`, until), refusal('NONCE_REPLAYED'));
  }
  const same = ['a', 'b'].map(() => afterwards.use('bank', 'fresh', until));
  assert.deepEqual((await Promise.allSettled(same)).map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  clock.move(300_000);
  const late = clock.now() + 60_000;
  await Promise.all(Array.from({ length: 500 }, (_, index) => afterwards.use('bank', `late-${index}`, late)));
  const left = await second.sublevel('nonces', { valueEncoding: 'json' }).keys().all();
  assert.equal(left.filter((key) => key.startsWith('bank/nonce-')).length, 0, 'old ones are swept');
  await second.close();
});

it('lets no call through whose nonce could not be written', async () => {
  const directory = join(await temporaryDirectory(), 'state');
  const database = await openDatabase(directory);
  const nonces = createNonceStore(database, testClock());
  await nonces.use('bank', 'nonce-1', 2 ** 50);
  await database.close();
  await assert.rejects(nonces.use('bank', 'nonce-2', 2 ** 50), { code: 'LEVEL_DATABASE_NOT_OPEN' });
});
