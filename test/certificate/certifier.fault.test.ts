/** A certifier that crashes, loses its store, or is not the only one: no two models get out that were never compared. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { FullSubmission } from '@sealedger/protocol/certificate-file.ts';
import type { Certifier } from '@sealedger/sdk/certificates.ts';
import { createSealedModelOwner, type SealedModelOwner } from '@sealedger/sdk/he-client.ts';
import type { BankStore } from '@sealedger/sdk/ports.ts';
import { refusal } from '../node/support/refusals.ts';
import { createWorld, memoryStore, SPREAD, sealedBy, submissionOf, type World } from './support/certifier-world.ts';

let owner: SealedModelOwner;
/** A model that passes, the same one changed in one department only, and one that was trained anew. */
let model: FullSubmission;
let changed: FullSubmission;
let retrained: FullSubmission;
before(async () => {
  owner = await createSealedModelOwner();
  const sealed = sealedBy(owner);
  model = submissionOf(sealed(SPREAD));
  changed = submissionOf(sealed(SPREAD.map((swing, i) => (i < 4 ? swing + 0.3 * (i + 1) : swing))));
  retrained = submissionOf(sealed(SPREAD.map((swing, i) => swing * (1 + 0.2 * Math.sin(i)))));
});
after(() => owner.delete());

function worldWithAll(): World {
  const world = createWorld();
  for (const submission of [model, changed, retrained]) world.ask(fresh(submission));
  return world;
}

/** A certifier wipes the secret that it opened, not the bank's; a test's copy is one of its own all the same. */
function fresh(submission: FullSubmission): FullSubmission {
  return { ...submission, secret: submission.secret.slice() };
}

const examine = async (world: World, certifier: Certifier, submission: FullSubmission) =>
  certifier.examine(await world.file(fresh(submission)));

test('after a crash between signing and chain, the certificate goes out as it was signed', async () => {
  const world = worldWithAll();
  const store = memoryStore();
  world.beforeWrite = () => {
    throw new Error('the process died');
  };
  await assert.rejects(examine(world, world.certifier('watch', store), model), /died/);
  world.beforeWrite = () => undefined;
  const again = world.certifier('watch', store);
  const [signed] = await again.list();
  assert.deepEqual([signed!.state, world.certificates.size], ['signed', 0]);
  await assert.rejects(
    examine(world, again, changed),
    refusal('CERTIFICATE_EXPOSURE', { measure: 'party-leverage' }),
    'what was signed counts, on chain or not',
  );
  const [sent] = await again.resume();
  assert.deepEqual([sent!.state, sent!.certificateHash], ['certified', signed!.certificateHash]);
  assert.deepEqual(await again.resume(), []);
  assert.deepEqual(await examine(world, again, model), sent);
  assert.equal(world.writes.length, 1);
});

test('after a crash between chain and store, nothing is sent twice', async () => {
  const world = worldWithAll();
  const store = memoryStore();
  const failing = failingAt(store, 3);
  await assert.rejects(examine(world, world.certifier('watch', failing), model), /disk/);
  assert.equal(world.certificates.size, 1);
  const report = await examine(world, world.certifier('watch', store), model);
  assert.equal(report.state, 'certified');
  assert.equal(world.certificates.get(`${model.document.modelDigest}/watch`)!.certificateHash, report.certificateHash);
  assert.equal(world.writes.length, 1);
});

test('whichever write of the store fails, no certificate is on chain that the store does not know', async () => {
  for (let write = 1; write <= 3; write++) {
    const world = worldWithAll();
    const store = memoryStore();
    await assert.rejects(examine(world, world.certifier('watch', failingAt(store, write)), model), /disk/);
    const known = (await world.certifier('watch', store).list()).map(({ modelDigest }) => `${modelDigest}/watch`);
    for (const certificate of world.certificates.keys()) assert.ok(known.includes(certificate));
  }
});

test('of two models that give a department away together, twenty calls at once get one certified', async () => {
  const world = worldWithAll();
  const certifier = world.certifier();
  const files = await Promise.all([model, changed].map((submission) => world.file(fresh(submission))));
  const settled = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => certifier.examine(files[i % 2]!)));
  const certified = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value.modelDigest] : []));
  assert.deepEqual([new Set(certified).size, certified.length, world.certificates.size], [1, 10, 1]);
});

test('a certifier that lost its store certifies nothing more of a bank until it knows its models again', async () => {
  const world = worldWithAll();
  await examine(world, world.certifier('watch', memoryStore()), model);
  const store = memoryStore();
  const certifier = world.certifier('watch', store);
  await assert.rejects(
    examine(world, certifier, changed),
    refusal('CERTIFICATE_HISTORY', { modelDigest: model.document.modelDigest, certifier: 'watch' }),
  );
  const known = await examine(world, certifier, model);
  assert.deepEqual([known.state, known.certificate], ['known', null]);
  await assert.rejects(examine(world, certifier, changed), refusal('CERTIFICATE_EXPOSURE'));
  const { certificate } = await examine(world, certifier, retrained);
  assert.deepEqual(certificate!.body.comparedWith, [model.document.modelDigest]);
});

test('a second certifier compares with what the first certified, once the bank has shown it', async () => {
  const world = worldWithAll();
  await examine(world, world.certifier('watch'), model);
  const other = submissionOf(changed, { certifier: 'second' });
  world.ask(other);
  const second = world.certifier('second', memoryStore());
  await assert.rejects(examine(world, second, other), refusal('CERTIFICATE_HISTORY', { certifier: 'watch' }));
  const shown = await second.examine(await world.file(fresh(model), { certifier: 'second' }));
  assert.deepEqual([shown.state, world.certificates.has(`${model.document.modelDigest}/second`)], ['known', false]);
  await assert.rejects(examine(world, second, other), refusal('CERTIFICATE_EXPOSURE'));
  const honest = submissionOf(retrained, { certifier: 'second' });
  world.ask(honest);
  assert.equal((await examine(world, second, honest)).state, 'certified');
});

test('two certifiers at the same moment: who sees the other’s certificate afterwards takes its own back', async () => {
  const world = worldWithAll();
  const unseen = 'ab'.repeat(32);
  world.beforeWrite = () => {
    const certificate = { requester: 'bank', certificateHash: unseen, certifiedAtSeconds: 1, withdrawn: false };
    world.certificates.set(`${unseen}/second`, certificate);
  };
  const store = memoryStore();
  const certifier = world.certifier('watch', store);
  await assert.rejects(
    examine(world, certifier, model),
    refusal('CERTIFICATE_HISTORY', { certifier: 'second', modelDigest: unseen }),
  );
  assert.equal(world.certificates.get(`${model.document.modelDigest}/watch`)!.withdrawn, true);
  await assert.rejects(examine(world, certifier, model), refusal('CERTIFICATE_WITHDRAWN'));
});

test('what was withdrawn stays withdrawn, on chain and here, and still counts for later models', async () => {
  const world = worldWithAll();
  const store = memoryStore();
  const certifier = world.certifier('watch', store);
  const { modelDigest } = model.document;
  await assert.rejects(certifier.withdraw(modelDigest), refusal('CERTIFICATE_UNKNOWN'));
  await examine(world, certifier, model);
  assert.equal((await certifier.withdraw(modelDigest)).state, 'withdrawn');
  assert.equal((await certifier.withdraw(modelDigest)).state, 'withdrawn');
  assert.equal(world.certificates.get(`${modelDigest}/watch`)!.withdrawn, true);
  assert.deepEqual(
    world.writes.map((write) => write.split(' ')[0]),
    ['certify', 'withdraw'],
  );
  await assert.rejects(examine(world, certifier, model), refusal('CERTIFICATE_WITHDRAWN', { certifier: 'watch' }));
  await assert.rejects(examine(world, certifier, changed), refusal('CERTIFICATE_EXPOSURE'));
});

test('a certificate on chain that is not the one that was signed here is reported, not replaced', async () => {
  const world = worldWithAll();
  const store = memoryStore();
  world.beforeWrite = () => {
    throw new Error('the process died');
  };
  await assert.rejects(examine(world, world.certifier('watch', store), model), /died/);
  const { modelDigest } = model.document;
  const foreign = { requester: 'bank', certificateHash: 'cd'.repeat(32), certifiedAtSeconds: 1, withdrawn: false };
  world.certificates.set(`${modelDigest}/watch`, foreign);
  await assert.rejects(world.certifier('watch', store).resume(), refusal('CERTIFICATE_DIFFERS', { modelDigest }));
});

test('a bank that is a regulator too does not certify itself; a gate or department that is one certifies none of its own', async () => {
  const world = createWorld();
  const own = world.ask(submissionOf(fresh(model), { requester: 'both', certifier: 'both' }));
  await assert.rejects(examine(world, world.certifier('both'), own), refusal('CERTIFICATE_SELF', { org: 'both' }));
  const gate = world.ask(submissionOf(fresh(model), { certifier: 'tax' }));
  await assert.rejects(examine(world, world.certifier('tax'), gate), refusal('CERTIFIER_TAKES_PART', { org: 'tax' }));
  const department = world.ask(submissionOf(fresh(model), { certifier: 'court' }));
  await assert.rejects(
    examine(world, world.certifier('court'), department),
    refusal('CERTIFIER_NOT_REGULATOR', { org: 'court' }),
  );
  assert.deepEqual(world.writes, []);
});

test('a suspended certifier certifies nothing, and a suspended bank gets nothing', async () => {
  const world = worldWithAll();
  const certifier = world.certifier();
  for (const org of ['watch', 'bank']) {
    const record = world.records.get(org)!;
    world.records.set(org, { ...record, status: 'suspended' });
    await assert.rejects(examine(world, certifier, model), refusal('MEMBER_SUSPENDED', { org }));
    world.records.set(org, record);
  }
  assert.equal((await examine(world, certifier, model)).state, 'certified');
});

/** A store whose n-th write fails, and every one after it. */
function failingAt(store: BankStore, write: number): BankStore {
  let writes = 0;
  return {
    get: store.get,
    put: async (key, value) => {
      writes += 1;
      if (writes >= write) throw new Error('no space left on disk');
      await store.put(key, value);
    },
  };
}
