import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { datasetVersionId, toWord } from '@sealedger/protocol/ledger/ids.ts';
import { type ActorName, createWorld, publish, refused, suspend, type World, word } from './world.ts';

let world: World;
before(async () => {
  world = await createWorld();
});
after(() => world.close());

const zero = `0x${'0'.repeat(64)}`;
const publishAs = (actor: ActorName, version: number, changes: { [field: number]: unknown } = {}) => {
  const args: unknown[] = [word('income'), version, word('metadata'), word('commitment'), 3];
  for (const [field, value] of Object.entries(changes)) args[Number(field)] = value;
  return world.send(actor, 'catalogue', 'publish', args);
};
const withdraw = (actor: ActorName, id: string) => world.send(actor, 'catalogue', 'withdraw', [id]);

test('departments and registrars publish versions that grow by one, under an id that is known before', () =>
  world.undone(async () => {
    const [published] = await publishAs('tax', 1);
    assert.equal(published?.name, 'DatasetVersionPublished');
    assert.equal(published.args.id, datasetVersionId('tax', 'income', 1));
    const [id] = Array.from(await world.view('catalogue', 'versionId', [word('tax'), word('income'), 1]));
    assert.equal(id, toWord(published.args.id));
    await publishAs('tax', 2);
    assert.equal((await world.view('catalogue', 'latestVersion', [word('tax'), word('income')]))[0], 2n);
    await publish(world, 'bureau', 'register');
  }));

test('versions of another owner or name are counted on their own', () =>
  world.undone(async () => {
    await publishAs('tax', 1);
    await publishAs('court', 1);
    await publishAs('tax', 1, { 0: word('assets') });
  }));

test('refuses a version out of order', () =>
  world.undone(async () => {
    await refused(publishAs('tax', 0), 'CatalogueVersionOutOfOrder', 'expected=1, given=0');
    await refused(publishAs('tax', 2), 'CatalogueVersionOutOfOrder', 'expected=1, given=2');
    await publishAs('tax', 1);
    await refused(publishAs('tax', 1), 'CatalogueVersionOutOfOrder', 'expected=2, given=1');
  }));

test('refuses a publication that is not in order', async () => {
  await refused(publishAs('tax', 1, { 0: zero }), 'CatalogueZeroName');
  await refused(publishAs('tax', 1, { 2: zero }), 'CatalogueZeroHash');
  await refused(publishAs('tax', 1, { 3: zero }), 'CatalogueZeroHash');
  await refused(publishAs('tax', 1, { 4: 0 }), 'CatalogueInvalidLevel', 'level=0');
  await refused(publishAs('tax', 1, { 4: 6 }), 'CatalogueInvalidLevel', 'level=6');
});

test('nobody but an active department or registrar publishes', () =>
  world.undone(async () => {
    for (const actor of ['bank-a', 'meter', 'watchdog'] as const) {
      await refused(publishAs(actor, 1), 'CatalogueRoleMissing', `org=${actor}`);
    }
    await refused(publishAs('stranger', 1), 'ConsortiumUnknownAccount');
    await suspend(world, 'tax');
    await refused(publishAs('tax', 1), 'ConsortiumNotActive', 'org=tax');
  }));

test('an owner withdraws its version, once', () =>
  world.undone(async () => {
    const id = await publish(world, 'tax', 'income');
    await refused(withdraw('court', id), 'CatalogueNotOwner');
    await refused(withdraw('bank-a', id), 'CatalogueRoleMissing');
    await refused(withdraw('tax', word('unknown')), 'CatalogueUnknownVersion', 'id=unknown');
    const [withdrawn] = await withdraw('tax', id);
    assert.equal(withdrawn?.name, 'DatasetVersionWithdrawn');
    await refused(withdraw('tax', id), 'CatalogueAlreadyWithdrawn');
    const [version] = Array.from(await world.view('catalogue', 'datasetVersion', [id]));
    assert.equal((version as unknown as { state: bigint }).state, 2n);
  }));
