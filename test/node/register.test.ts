import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import {
  assertRegister,
  buildRegister,
  identifierAt,
  rankOf,
  registerCommitment,
  TAG_BYTES,
  tagOf,
} from '@sealedger/node/match/register.ts';
import { openRegistrar, type Registrar } from '@sealedger/node/match/registrar.ts';
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { fakeLedger } from './support/fake-ledger.ts';
import { kindOf, type NodeState, openNodeState } from './support/node-state.ts';
import { keyOf } from './support/organisations.ts';
import { assertFree, everythingOf, refusal, refusalOf } from './support/refusals.ts';
import { subjectOf, subjectsOf } from './support/subjects.ts';
import { csvOf, temporaryDirectory, writeTable } from './support/temporary.ts';

const key = keyOf('register');

describe('a register version', () => {
  for (const people of [1, 8191, 8192, 8193]) {
    it(`of ${people} has sorted tags, and every subject has its rank`, () => {
      const subjects = subjectsOf(people);
      const { tags, identifiers } = buildRegister(key, subjects);
      const view = { id: 'r', key, tags, people };
      assertRegister(view, registerCommitment(key, tags), { identifiers });
      const ranks = new Set<number>();
      for (const subject of subjects) {
        const rank = rankOf(tags, tagOf(key, subject));
        assert.equal(identifierAt({ identifiers }, rank), subject);
        ranks.add(rank);
      }
      assert.equal(ranks.size, people);
      assert.equal(rankOf(tags, tagOf(key, subjectOf(people))), -1);
      assert.equal(rankOf(tags, tagOf(keyOf('another'), subjects[0]!)), -1);
    });
  }

  it('does not depend on the order of the table, and its tags tell nothing without the key', () => {
    const subjects = subjectsOf(50);
    const built = buildRegister(key, subjects);
    assert.deepEqual(buildRegister(key, [...subjects].reverse()), built);
    const other = buildRegister(keyOf('next version'), subjects);
    const tagsOf = (tags: Uint8Array) =>
      Array.from({ length: 50 }, (_, i) => Buffer.from(tags.subarray(32 * i, 32 * i + 32)).toString('hex'));
    assert.equal(tagsOf(built.tags).filter((tag) => tagsOf(other.tags).includes(tag)).length, 0);
    assertFree(Buffer.from(built.tags).toString('latin1'), subjects);
  });

  const subjects = subjectsOf(20);
  const { tags, identifiers } = buildRegister(key, subjects);
  const commitment = registerCommitment(key, tags);
  const view = { id: 'r', key, tags, people: 20 };
  const mismatch = (part: string) => refusal('REGISTER_MISMATCH', { register: 'r', part });

  it('is refused with a changed, missing or additional tag', () => {
    const changed = tags.slice();
    changed[100]! ^= 1;
    assert.throws(() => assertRegister({ ...view, tags: changed }, commitment), mismatch('commitment'));
    assert.throws(
      () => assertRegister({ ...view, tags: tags.subarray(0, 19 * 32), people: 19 }, commitment),
      mismatch('commitment'),
    );
    assert.throws(() => assertRegister({ ...view, tags: tags.subarray(1) }, commitment), mismatch('size'));
    assert.throws(() => assertRegister({ ...view, people: 21 }, commitment), mismatch('size'));
    assert.throws(
      () => assertRegister({ ...view, tags: new Uint8Array(), people: 0 }, registerCommitment(key, new Uint8Array())),
      mismatch('size'),
    );
  });

  it('is refused in another order, and with one subject twice, even where the commitment is for that', () => {
    const swapped = tags.slice();
    swapped.set(tags.subarray(0, TAG_BYTES), TAG_BYTES);
    swapped.set(tags.subarray(TAG_BYTES, 2 * TAG_BYTES), 0);
    assert.throws(
      () => assertRegister({ ...view, tags: swapped }, registerCommitment(key, swapped)),
      mismatch('order'),
    );
    const double = buildRegister(key, [...subjects.slice(0, 19), subjects[0]!]).tags;
    assert.throws(() => assertRegister({ ...view, tags: double }, registerCommitment(key, double)), mismatch('order'));
  });

  it('is refused where the identifiers are not those of the tags', async () => {
    const moved = identifiers.slice();
    moved.set(identifiers.subarray(0, 18), 18);
    for (const wrong of [moved, identifiers.subarray(18), new Uint8Array(identifiers.length)]) {
      const error = await refusalOf(() => assertRegister(view, commitment, { identifiers: wrong }));
      mismatch('identifiers')(error);
      assertFree(error, subjects);
    }
    assert.throws(
      () => assertRegister({ ...view, key: keyOf('x') }, commitment, { identifiers }),
      mismatch('commitment'),
    );
  });
});

describe('a department', () => {
  it('notices another register key, with which none of its rows would match', () => {
    const subjects = subjectsOf(5);
    const { tags } = buildRegister(key, subjects);
    const view = { id: 'r', key, tags, people: 5 };
    const commitment = registerCommitment(key, tags);
    assertRegister(view, commitment);
    assert.throws(() => assertRegister({ ...view, key: keyOf('x') }, commitment), refusal('REGISTER_MISMATCH'));
  });
});

describe('the registrar', () => {
  interface Bureau extends NodeState {
    readonly directory: string;
    readonly ledger: ReturnType<typeof fakeLedger>;
    register(rows: readonly string[]): Promise<Registrar>;
  }

  async function bureau(t: TestContext): Promise<Bureau> {
    const directory = await temporaryDirectory(t);
    const node = await openNodeState(join(directory, 'state'), 'bureau');
    t.after(node.close);
    const ledger = fakeLedger('bureau');
    return {
      ...node,
      directory,
      ledger,
      register: async (rows) => {
        const file = await writeTable(
          directory,
          'people.csv',
          csvOf(
            ['id_number'],
            rows.map((row) => [row]),
          ),
        );
        const { state, events } = node;
        const parts = { org: 'bureau', state, ledger, events, directory, seed: keyOf('bureau/seed') };
        return openRegistrar(parts, { name: 'people', file, subject: 'id_number' });
      },
    };
  }

  it('keeps version and key for the same table, and makes new ones for another', async (t) => {
    const { register, ledger, logged } = await bureau(t);
    const first = await register(subjectsOf(30));
    const again = await register(subjectsOf(30));
    assert.deepEqual(again.published, first.published);
    assert.equal(ledger.writes.length, 1);
    const firstMaterial = await first.material(first.published.id);
    const second = await register(subjectsOf(31));
    const secondMaterial = await second.material(second.published.id);
    assert.deepEqual([first.published.version, second.published.version, second.published.rows], [1, 2, 31]);
    assert.notDeepEqual(secondMaterial.key, firstMaterial.key);
    const common = subjectsOf(30).filter((s) => rankOf(secondMaterial.tags, tagOf(firstMaterial.key, s)) >= 0);
    assert.deepEqual(common, []);
    assert.deepEqual((await logged()).map(kindOf), ['version', 'version']);
  });

  it('commits on chain to what members then check', async (t) => {
    const { register, ledger } = await bureau(t);
    const { published, material } = await register(subjectsOf(12));
    const { key: own, tags, identifiers } = await material(published.id);
    const { commitment } = await ledger.datasetVersion(published.id);
    assertRegister({ id: published.id, key: own, tags, people: 12 }, fromHex(commitment, 32), { identifiers });
    await assert.rejects(material('ff'.repeat(32)), refusal('REGISTER_UNKNOWN'));
  });

  it('keeps its material readable for its owner only', async (t) => {
    const { register, directory } = await bureau(t);
    const { published } = await register(subjectsOf(3));
    const folder = join(directory, 'registers', published.id);
    assert.deepEqual((await readdir(folder)).sort(), ['identifiers', 'key', 'tags']);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
  });

  it('publishes nothing of a dirty table, and says which row', async (t) => {
    const { register, ledger, log } = await bureau(t);
    const wrong = subjectOf(5).slice(0, 17) + (subjectOf(5).endsWith('X') ? '1' : 'X');
    const error = await refusalOf(() => register([...subjectsOf(3), wrong]));
    refusal('ROW_IDENTIFIER_INVALID', { row: 4 })(error);
    assertFree(error, [wrong, ...subjectsOf(3)]);
    await assert.rejects(
      register([...subjectsOf(3), subjectOf(1)]),
      refusal('ROW_DUPLICATE_SUBJECT', { row: 4, firstRow: 2 }),
    );
    assert.deepEqual([ledger.writes.length, log.size], [0, 0]);
  });

  it('publishes no empty register, which nobody could use', async (t) => {
    const { register, ledger } = await bureau(t);
    await assert.rejects(register([]), refusal('REGISTER_SIZE', { count: 0 }));
    assert.equal(ledger.writes.length, 0);
  });

  it('publishes again, under the next number, what a dead chain or a crash left open', async (t) => {
    const { register, ledger, log } = await bureau(t);
    ledger.away = true;
    await assert.rejects(register(subjectsOf(4)), refusal('CHAIN_UNREACHABLE'));
    assert.equal(log.size, 0);
    ledger.away = false;
    const { published } = await register(subjectsOf(4));
    assert.equal(published.version, 1);
    const first = await ledger.datasetVersion(published.id);
    const id = ledger.datasetVersionId(first.owner, first.name, 2);
    ledger.versions.set(id, { ...first, id, version: 2 });
    assert.equal((await register(subjectsOf(5))).published.version, 3);
  });

  it('tells chain and log nothing of who is in the register', async (t) => {
    const { register, ledger, logged } = await bureau(t);
    const { published, material } = await register(subjectsOf(9));
    const { key: own, tags } = await material(published.id);
    const planted = [
      ...subjectsOf(9),
      Buffer.from(own).toString('hex'),
      Buffer.from(tags.subarray(0, 32)).toString('hex'),
    ];
    assertFree(everythingOf([ledger.writes, [...ledger.versions], await logged(), published]), planted);
  });
});
