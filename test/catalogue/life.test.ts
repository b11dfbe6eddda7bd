import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createCatalogue } from '@sealedger/node/catalogue/catalogue.ts';
import { plainCsv } from '@sealedger/node/catalogue/rows.ts';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import { kindOf } from '../node/support/node-state.ts';
import { assertFree, everythingOf, refusal } from '../node/support/refusals.ts';
import { subjectOf } from '../node/support/subjects.ts';
import { DEFINITION, definitionText } from './support/definitions.ts';
import { type Department, openDepartment } from './support/department.ts';

const NAME = 'personal-income';
const SENSITIVE = definitionText((d) => void (d.fields[0]!['level'] = 4));

async function published(department: Department, text = DEFINITION) {
  await department.catalogue.draft(text, department.place, 'ana');
  await department.catalogue.submit(NAME, 'ana');
  return department.catalogue.publish(NAME, 'ana');
}

/** Kinds and states of what the log holds of the catalogue. */
async function story({ node }: Department): Promise<string[]> {
  return (await node.logged()).map((event) =>
    `${kindOf(event)} ${String(event.openings['state']?.value ?? '')}`.trim(),
  );
}

describe('an entry’s life', () => {
  it('goes from draft over review to published, revised and withdrawn, each step an event', async (t) => {
    const department = await openDepartment(t);
    const { catalogue, ledger, offered } = department;
    const first = await published(department);
    assert.deepEqual([first.version, first.state, first.rows, first.by], [1, 'published', 2, 'review']);
    assert.equal((await ledger.datasetVersion(first.id)).metadataHash, first.metadataHash);
    assert.equal(offered[0]?.published.id, first.id);
    const second = await published(department, DEFINITION.replace('monthly', 'weekly'));
    assert.equal(second.version, 2);
    assert.deepEqual(
      (await catalogue.show(NAME)).versions.map(({ state }) => state),
      ['revised', 'published'],
    );
    assert.deepEqual(
      offered.map(({ published: { version } }) => version),
      [2],
    );
    await catalogue.withdraw(NAME, 2, 'bo');
    assert.deepEqual(offered, []);
    assert.equal((await ledger.datasetVersion(second.id)).state, 'withdrawn');
    assert.deepEqual(await story(department), [
      'dataset draft',
      'dataset review',
      'version',
      'dataset draft',
      'dataset review',
      'version',
      'dataset withdrawn',
    ]);
    assert.deepEqual((await catalogue.show(NAME)).draft, null);
  });

  it('tells chain and log nobody’s name and nobody’s row', async (t) => {
    const department = await openDepartment(t);
    await published(department);
    const events = await department.node.logged();
    assertFree(everythingOf([department.ledger.writes, events]), ['ana', subjectOf(1), '年收入', '收入']);
    const actors = events.map(({ openings }) => String(openings['actor']?.value));
    assert.ok(actors.every((actor) => /^[0-9a-f]{64}$/.test(actor)) && new Set(actors).size === 1);
  });

  it('publishes the same text over the same rows once', async (t) => {
    const department = await openDepartment(t);
    const first = await published(department);
    const again = await published(department);
    assert.equal(again.id, first.id);
    assert.equal(department.ledger.versions.size, 1);
    await department.writeIncome([[subjectOf(1), '7', 'A']]);
    assert.equal((await published(department)).version, 2);
  });

  it('offers after a restart what was published, and not what was withdrawn or is away', async (t) => {
    const department = await openDepartment(t);
    await published(department);
    const again = department.reopened();
    assert.deepEqual(await again.catalogue.reopen(), []);
    assert.deepEqual(
      again.offered.map(({ config }) => config.name),
      [NAME],
    );
    await rm(join(department.directory, 'income.csv'));
    const away = department.reopened();
    assert.deepEqual(await away.catalogue.reopen(), [NAME]);
    assert.deepEqual(away.offered, []);
    await department.writeIncome();
    await department.catalogue.withdraw(NAME, 1, 'ana');
    const withdrawn = department.reopened();
    await withdrawn.catalogue.reopen();
    assert.deepEqual(withdrawn.offered, []);
  });

  it('does not publish again at a start what the configuration names and a person withdrew', async (t) => {
    const department = await openDepartment(t);
    const { catalogue, ledger, offered } = department;
    const dataset = {
      name: 'plain',
      ...plainCsv(join(department.directory, 'income.csv')),
      subject: 'id_number',
      level: 2,
      fields: [],
    };
    await catalogue.configured(dataset);
    await catalogue.configured(dataset);
    assert.equal(ledger.versions.size, 1);
    await catalogue.withdraw('plain', 1, 'ana');
    const again = department.reopened();
    await again.catalogue.configured(dataset);
    assert.deepEqual([ledger.versions.size, again.offered.length, offered.length], [1, 0, 0]);
  });

  it('publishes a configured definition below the level, and drafts one for review at it', async (t) => {
    const department = await openDepartment(t);
    const { catalogue, ledger } = department;
    await catalogue.configuredDraft(SENSITIVE, department.place);
    await catalogue.configuredDraft(SENSITIVE, department.place);
    assert.equal(ledger.versions.size, 0);
    assert.equal((await catalogue.show(NAME)).draft?.state, 'draft');
    assert.deepEqual(await story(department), ['dataset draft']);
    await catalogue.configuredDraft(DEFINITION, department.place);
    assert.equal(ledger.versions.size, 1);
  });

  it('does not bring a withdrawn version back under its old text and rows', async (t) => {
    const department = await openDepartment(t);
    await published(department);
    await department.catalogue.withdraw(NAME, 1, 'ana');
    await assert.rejects(published(department), refusal('DATASET_WITHDRAWN'));
    assert.deepEqual([department.offered.length, department.ledger.versions.size], [0, 1]);
    assert.equal((await published(department, DEFINITION.replace('monthly', 'weekly'))).version, 2);
  });

  it('keeps offering what the chain, being away, did not let go', async (t) => {
    const department = await openDepartment(t);
    await published(department);
    department.ledger.away = true;
    await assert.rejects(department.catalogue.withdraw(NAME, 1, 'ana'), refusal('CHAIN_UNREACHABLE'));
    department.ledger.away = false;
    assert.equal(department.offered.length, 1);
    await department.catalogue.withdraw(NAME, 1, 'ana');
    assert.equal(department.offered.length, 0);
  });

  it('takes up the version that the chain has where the node died before its log', async (t) => {
    const department = await openDepartment(t);
    const { catalogue, ledger, parts } = department;
    const dying = {
      ...parts,
      events: { append: async (kind: string) => assert.notEqual(kind, 'version', 'died here') },
    };
    await catalogue.draft(DEFINITION, department.place, 'ana');
    await catalogue.submit(NAME, 'ana');
    await assert.rejects(createCatalogue(dying as never).publish(NAME, 'ana'), /died here/);
    assert.deepEqual([ledger.versions.size, (await catalogue.show(NAME)).versions.length], [1, 0]);
    assert.equal((await catalogue.publish(NAME, 'ana')).version, 1);
    assert.equal(ledger.versions.size, 1);
  });
});

describe('from level 4 a second person agrees', () => {
  it('and neither who drafted nor who submitted is one', async (t) => {
    const { catalogue, place } = await openDepartment(t);
    const { digest } = await catalogue.draft(SENSITIVE, place, 'cy');
    await catalogue.submit(NAME, 'ana');
    await assert.rejects(catalogue.publish(NAME, 'ana'), refusal('DATASET_SECOND_PERSON', { level: 4, from: 4 }));
    await assert.rejects(catalogue.approve(NAME, digest, 'cy'), refusal('PERSON_SAME'));
    await assert.rejects(catalogue.approve(NAME, digest, 'ana'), refusal('PERSON_ROLE'));
    await assert.rejects(catalogue.approve(NAME, digest, 'dee'), refusal('PERSON_ROLE'));
    await assert.rejects(catalogue.approve(NAME, digest, 'zed'), refusal('PERSON_UNKNOWN'));
    await assert.rejects(catalogue.approve(NAME, digest, null), refusal('PERSON_MISSING'));
    await catalogue.approve(NAME, digest, 'bo');
    assert.equal((await catalogue.publish(NAME, 'ana')).dataset.level, 4);
  });

  it('to exactly what was looked at: a changed draft takes the approval away', async (t) => {
    const { catalogue, place } = await openDepartment(t);
    const { digest } = await catalogue.draft(SENSITIVE, place, 'ana');
    await catalogue.submit(NAME, 'ana');
    await catalogue.approve(NAME, digest, 'bo');
    const changed = await catalogue.draft(SENSITIVE.replace('monthly', 'daily'), place, 'ana');
    await assert.rejects(catalogue.publish(NAME, 'ana'), refusal('DATASET_STATE', { state: 'draft' }));
    await catalogue.submit(NAME, 'ana');
    await assert.rejects(
      catalogue.approve(NAME, digest, 'bo'),
      refusal('DATASET_REVIEW_CHANGED', { found: changed.digest }),
    );
    await catalogue.sendBack(NAME, '更新周期有误', 'bo');
    const { draft } = await catalogue.show(NAME);
    assert.deepEqual([draft?.state, draft?.returned], ['draft', '更新周期有误']);
    await catalogue.submit(NAME, 'ana');
    assert.equal((await catalogue.show(NAME)).draft?.returned, undefined, 'what was put up again is not sent back');
  });

  it('and nobody lowers the level by writing it', async (t) => {
    const { catalogue, place } = await openDepartment(t);
    await assert.rejects(catalogue.draft(`${SENSITIVE}level: 1\n`, place, 'ana'), refusal('DEFINITION_INVALID'));
  });
});

describe('steps out of order are refused', () => {
  it('and change nothing', async (t) => {
    const department = await openDepartment(t);
    const { catalogue, place, ledger } = department;
    for (const step of [
      () => catalogue.submit(NAME, 'ana'),
      () => catalogue.publish(NAME, 'ana'),
      () => catalogue.approve(NAME, '00'.repeat(32), 'bo'),
      () => catalogue.sendBack(NAME, 'incomplete', 'bo'),
    ]) {
      await assert.rejects(step(), refusal('DATASET_STATE', { state: 'none' }));
    }
    await catalogue.draft(DEFINITION, place, 'ana');
    await assert.rejects(catalogue.publish(NAME, 'ana'), refusal('DATASET_STATE', { state: 'draft' }));
    await assert.rejects(catalogue.withdraw(NAME, 1, 'ana'), refusal('DATASET_VERSION_UNKNOWN'));
    await catalogue.submit(NAME, 'ana');
    await assert.rejects(catalogue.submit(NAME, 'ana'), refusal('DATASET_STATE', { state: 'review' }));
    await catalogue.publish(NAME, 'ana');
    await assert.rejects(catalogue.publish(NAME, 'ana'), refusal('DATASET_STATE', { state: 'none' }));
    await catalogue.withdraw(NAME, 1, 'ana');
    await assert.rejects(catalogue.withdraw(NAME, 1, 'ana'), refusal('DATASET_STATE', { state: 'withdrawn' }));
    assert.equal(ledger.writes.length, 2);
  });

  it('and two at once on one dataset follow each other: one publishes, the other finds it done', async (t) => {
    const { catalogue, place, ledger } = await openDepartment(t);
    await catalogue.draft(DEFINITION, place, 'ana');
    await catalogue.submit(NAME, 'ana');
    const outcomes = await Promise.allSettled([
      catalogue.publish(NAME, 'ana'),
      catalogue.publish(NAME, 'cy'),
      catalogue.publish(NAME, 'bo'),
    ]);
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    assert.equal(refused.length, 2);
    assert.ok(refused.every((error) => isProtocolError(error, 'DATASET_STATE')));
    assert.equal(ledger.writes.length, 1);
  });
});

describe('what cannot be published is not', () => {
  const cases: readonly (readonly [string, (department: Department) => Promise<unknown>, string])[] = [
    ['a source that went away', ({ directory }) => rm(join(directory, 'income.csv')), 'SOURCE_VANISHED'],
    [
      'a row without a valid identifier',
      (d) => d.writeIncome([['123456789012345678', '1', 'A']]),
      'ROW_IDENTIFIER_INVALID',
    ],
    [
      'a subject twice',
      (d) =>
        d.writeIncome([
          [subjectOf(1), '1', 'A'],
          [subjectOf(1), '1', 'A'],
        ]),
      'ROW_DUPLICATE_SUBJECT',
    ],
    ['a number that is none', (d) => d.writeIncome([[subjectOf(1), 'much', 'A']]), 'CELL_NOT_NUMERIC'],
    ['a chain that is away', async (d) => void (d.ledger.away = true), 'CHAIN_UNREACHABLE'],
  ];
  for (const [name, act, code] of cases) {
    it(`${name}: neither at submission nor after it, and nothing is left of the try`, async (t) => {
      const department = await openDepartment(t);
      const { catalogue, place, ledger, node, offered } = department;
      await catalogue.draft(DEFINITION, place, 'ana');
      await catalogue.submit(NAME, 'ana');
      const events = node.log.size;
      await act(department);
      await assert.rejects(catalogue.publish(NAME, 'ana'), refusal(code as 'SOURCE_VANISHED'));
      assert.deepEqual([ledger.versions.size, node.log.size, offered.length], [0, events, 0]);
      assert.equal((await catalogue.show(NAME)).draft?.state, 'review');
    });
  }

  it('save a row that names nobody, where the definition says that such rows are left out', async (t) => {
    const { catalogue, place, ledger, offered, writeIncome } = await openDepartment(t);
    await writeIncome([
      [subjectOf(1), '1', 'A'],
      ['123456789012345678', '1', 'A'],
      ['', '1', 'A'],
    ]);
    await catalogue.draft(
      definitionText((d) => void Object.assign(d['subject'] as object, { invalid: 'leave-out' })),
      place,
      'ana',
    );
    const { rows, leftOut } = await catalogue.submit(NAME, 'ana');
    assert.deepEqual([rows, leftOut], [3, 2]);
    assert.equal((await catalogue.publish(NAME, 'ana')).rows, 3);
    assert.deepEqual([ledger.versions.size, offered[0]?.config.invalidSubjects], [1, 'leave-out']);
  });

  it('an origin that the chain does not know, a path outside, a database that is not configured', async (t) => {
    const { catalogue, place } = await openDepartment(t);
    const derived = definitionText((d) => void (d['derivedFrom'] = [{ owner: 'court', name: 'cases', version: 3 }]));
    await catalogue.draft(derived, place, 'ana');
    await assert.rejects(
      catalogue.submit(NAME, 'ana'),
      refusal('DATASET_ORIGIN_UNKNOWN', { owner: 'court', version: 3 }),
    );
    const elsewhere = DEFINITION.replace('file: income.csv', 'file: /etc/hostname');
    await assert.rejects(catalogue.draft(elsewhere, place, 'ana'), refusal('SOURCE_OUTSIDE', { file: 'hostname' }));
    const database = definitionText((d) => void (d['source'] = { type: 'postgres', database: 'tax', table: 'income' }));
    await assert.rejects(catalogue.draft(database, place, 'ana'), refusal('SOURCE_DATABASE_UNKNOWN'));
  });
});
