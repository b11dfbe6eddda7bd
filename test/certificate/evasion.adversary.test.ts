/** Models that would give a field or a department away, in forms that a look at single weights does not show. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { FeatureDefinition } from '@sealedger/protocol/model.ts';
import { assertSheet, type FeatureSheet, type RequestDocument, sheetDigest } from '@sealedger/protocol/request.ts';
import { createSealedModelOwner, type SealedModelOwner } from '@sealedger/sdk/he-client.ts';
import { refusal } from '../node/support/refusals.ts';
import { named } from '../node/support/request-fixture.ts';
import {
  createWorld,
  memoryStore,
  SCALE_BITS,
  SPREAD,
  sheetsOf,
  submissionOf,
  type World,
} from './support/certifier-world.ts';

let owner: SealedModelOwner;
before(async () => {
  owner = await createSealedModelOwner();
});
after(() => owner.delete());

type Change = (definition: FeatureDefinition, place: number) => FeatureDefinition;
type Made = { readonly swings: readonly number[]; readonly sheets?: FeatureSheet[]; readonly change?: object };

/** The usual sheets with some definitions changed; places count over all sheets. */
function sheetsWith(change: Change, parties?: readonly string[]): FeatureSheet[] {
  let place = 0;
  return sheetsOf(parties).map((sheet) => ({
    ...sheet,
    definitions: sheet.definitions.map((definition) => change(definition, place++)),
  }));
}

function submission({ swings, sheets = sheetsOf(), change = {} }: Made): ReturnType<typeof submissionOf> {
  const widths = sheets.flatMap(({ definitions }) => definitions.map(({ valueBits }) => valueBits));
  const weights = swings.map((swing, i) => BigInt(Math.round((swing * 2 ** SCALE_BITS) / (2 ** widths[i]! - 1))));
  const records = {
    publicKeyRecord: owner.publicKeyRecord,
    weightRecords: owner.encryptWeights(weights),
    secret: owner.secretCoefficients(),
  };
  return submissionOf(records, change, sheets);
}

/** Has models certified one after the other by one regulator. */
async function certifyAll(...models: readonly Made[]): Promise<World> {
  const world = createWorld();
  const certifier = world.certifier('watch', memoryStore());
  for (const model of models) await certifier.examine(await world.file(world.ask(submission(model))));
  return world;
}

const exposes = (measure: string) => refusal('CERTIFICATE_EXPOSURE', { measure });
const linear = (definition: FeatureDefinition, change: object): FeatureDefinition =>
  ({ ...definition, ...change }) as FeatureDefinition;
const category = ({ party }: FeatureDefinition, value: string): FeatureDefinition => ({
  party,
  field: 'planted-grade',
  transform: 'equals',
  value,
  valueBits: 1,
});
const inCourt = (place: number): boolean => place < 4;
const retrained = SPREAD.map((swing, i) => swing * (1 + 0.2 * Math.sin(i)));

describe('two models whose difference is one department', () => {
  it('are caught where one of them rounds that department’s values to a bit, and pass where widths differ a little', async () => {
    const oneBit = sheetsWith((definition, i) => (inCourt(i) ? linear(definition, { valueBits: 1 }) : definition));
    await assert.rejects(
      certifyAll({ swings: SPREAD }, { swings: SPREAD, sheets: oneBit }),
      exposes('feature-leverage'),
    );
    const narrower = sheetsWith((definition) => linear(definition, { valueBits: 15 }));
    await certifyAll({ swings: SPREAD }, { swings: retrained, sheets: narrower });
  });

  it('are caught where its clips move far and all others move by nothing that shows', async () => {
    const moved = sheetsWith((definition, i) => linear(definition, { clip: inCourt(i) ? [10, 20] : [0, 10.000001] }));
    await assert.rejects(
      certifyAll({ swings: SPREAD }, { swings: SPREAD, sheets: moved }),
      exposes('feature-leverage'),
    );
  });

  it('are caught where that department once agreed, or was only asked, to stand alone in a third', async () => {
    const alone = SPREAD.slice(0, 4).reverse();
    const lone = { swings: alone, sheets: sheetsOf(['court']) };
    const second = SPREAD.map((swing, i) => swing + (alone[i] ?? 0));
    await certifyAll(lone, { swings: SPREAD }, { swings: retrained });
    await assert.rejects(certifyAll(lone, { swings: SPREAD }, { swings: second }), exposes('party-leverage'));
  });

  it('is one model in the clothes of three, whatever the document says of a single department', async () => {
    const swings = SPREAD.map((swing, i) => (inCourt(i) ? swing : 0.001));
    await assert.rejects(certifyAll({ swings, change: { singleDepartment: true } }), exposes('party-leverage'));
  });
});

describe('a model that is one field', () => {
  it('is caught where the field is cut into its categories', async () => {
    const sheets = sheetsWith((definition, i) => (inCourt(i) ? category(definition, `grade ${i}`) : definition));
    const swings = SPREAD.map((_, i) => (inCourt(i) ? 2 ** (i / 2) : 0.15));
    await assert.rejects(certifyAll({ swings, sheets }), exposes('effective-features'));
  });

  it('is caught where the field is cut into stretches whose swings cancel', async () => {
    const sheets = sheetsWith((definition, i) =>
      inCourt(i) ? linear(definition, { field: 'planted-income', clip: [i, i + 1] }) : definition,
    );
    const swings = SPREAD.map((_, i) => (inCourt(i) ? 3 * (-1) ** i : 0.4));
    await assert.rejects(certifyAll({ swings, sheets }), exposes('effective-features'));
  });

  it('is caught in the difference of two, where one department alone has all others too', async () => {
    const parties = ['court'];
    const moved = sheetsWith(
      (definition, i) => (i === 0 ? linear(definition, { clip: [10, 20] }) : definition),
      parties,
    );
    const swings = [1, 1, 1, 1];
    const made = { swings, sheets: sheetsOf(parties) };
    await assert.rejects(certifyAll(made, { swings, sheets: moved }), exposes('feature-leverage'));
  });

  it('is caught where the others have one value for everybody', async () => {
    const swings = SPREAD.map((_, i) => (i === 0 || i === 4 ? 1 : 3));
    const still = (definition: FeatureDefinition): FeatureDefinition => linear(definition, { clip: [5, 5] });
    const nobody = (definition: FeatureDefinition): FeatureDefinition => category(definition, ' ');
    for (const constant of [still, nobody]) {
      const sheets = sheetsWith((definition, i) => (i === 0 || i === 4 ? definition : constant(definition)));
      await assert.rejects(certifyAll({ swings, sheets }), exposes('effective-features'));
    }
  });
});

describe('a certificate', () => {
  it('is none for the same ciphertexts over another dataset with fields of the same names', async () => {
    const { document, sheets } = submission({ swings: SPREAD });
    const elsewhere = document.datasets.map((dataset, i) => (i === 0 ? named('court', 'other-rows') : dataset));
    const second: RequestDocument = { ...document, datasets: elsewhere };
    assertSheet(document, sheets[0]!, 'court');
    assert.throws(() => assertSheet(second, sheets[0]!, 'court'), refusal('REQUEST_SHEET_MISMATCH'));
    await assert.rejects(
      certifyAll({ swings: SPREAD, change: { datasets: elsewhere } }),
      refusal('CERTIFICATE_SUBMISSION', { part: 'sheets' }),
    );
    const renamed = sheets.map((sheet, i) => (i === 0 ? { ...sheet, dataset: 'other-rows' } : sheet));
    assert.notEqual(sheetDigest(renamed[0]!), sheetDigest(sheets[0]!), 'hence another model digest');
    await assert.rejects(
      certifyAll({ swings: SPREAD }, { swings: SPREAD, sheets: renamed }),
      exposes('feature-leverage'),
      'their difference is what the two datasets of one department differ in',
    );
  });

  it('of one deployment is not on another: the certifier puts it there, and only over the history that it knows', async () => {
    const [first, second] = [createWorld(), createWorld()];
    const store = memoryStore();
    const made = submission({ swings: SPREAD });
    const file = await first.file(first.ask(made));
    const { certificateHash } = await first.certifier('watch', store).examine(file);
    await assert.rejects(second.certifier('watch', store).examine(file), refusal('REQUEST_UNKNOWN'));
    second.ask(made);
    const again = await second.certifier('watch', store).examine(file);
    assert.deepEqual([again.state, again.certificateHash], ['certified', certificateHash]);
    assert.equal(second.certificates.size, 1, 'not taken for granted because the store says so');
    await first.certifier('watch', store).examine(file);
    assert.equal(first.writes.length, 1);
  });

  it('of a model with the longest names that there are leaves the certifier able to read its store', async () => {
    const long = (definition: FeatureDefinition, i: number): FeatureDefinition =>
      ({
        ...category(definition, `${'\u0001'.repeat(254)}${i}`),
        field: `${'\u0002'.repeat(126)}${i}`,
      }) as FeatureDefinition;
    const world = createWorld();
    const store = memoryStore();
    const made = world.ask(submission({ swings: SPREAD, sheets: sheetsWith(long) }));
    await world.certifier('watch', store).examine(await world.file(made));
    assert.equal((await world.certifier('watch', store).list()).length, 1);
  });
});
