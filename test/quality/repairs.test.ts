/** Repairs through the operator's channel: proposed from the source as it is, decided by people, nothing in the log. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createRepairs } from '@sealedger/node/quality/repairs.ts';
import { adminRepairs } from '@sealedger/node/services/admin-repairs.ts';
import { adminWorkOrders, workOrderContracts } from '@sealedger/node/services/admin-work-orders.ts';
import type { NodeParts } from '@sealedger/node/services/parts.ts';
import type { z } from 'zod';
import { keyOf } from '../node/support/organisations.ts';
import { refusalOf } from '../node/support/refusals.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';
import { goodRows, type Loop, openLoop, type Row, RULES } from './support/loop-fixture.ts';

const REPAIRING = `${RULES}  - { id: phone-of-the-id, type: expression, fields: [phone], dimension: conformity, sql: "NOT contains(phone, ' ')", propose: "replace(phone, ' ', '')" }
`;
/** Planted texts that nobody outside may read. */
const SPOILT = '138 0000 1000';
const MEANT = '13800001000';

type Shown = z.output<typeof workOrderContracts.show.output>;

interface Channel {
  show(order: string): Promise<Shown>;
  readonly loop: Loop;
  call(name: string, input: object, person?: string | null): Promise<Record<string, unknown>>;
}

test('a failing cell gets a proposal, a person accepts it, and the patch holds it', async (t) => {
  const { loop, call } = await openChannel(t);
  assert.deepEqual(await call('propose', {}), { failing: 2, proposed: 2, open: 2 });
  const { total, repairs } = (await call('list', {})) as unknown as Listed;
  assert.equal(total, 2);
  const phone = repairs.find(({ field }) => field === 'phone')!;
  const district = repairs.find(({ field }) => field === 'district')!;
  assert.deepEqual([phone.row, phone.proposed, phone.state, phone.by], [1, MEANT, 'open', null]);
  assert.deepEqual([district.row, district.proposed], [3, 'north']);
  assert.deepEqual(await call('decide', { ids: [phone.id], decision: 'accepted' }), { decided: 1 });
  assert.deepEqual(await call('decide', { ids: [district.id], decision: 'refused' }), { decided: 1 });
  const { file, ...counts } = (await call('patch', {})) as { file: string };
  assert.deepEqual(counts, { written: 1, void: 0, applied: 0 });
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const [, line] = (await readFile(file, 'utf8')).trim().split('\n');
  const { fingerprint, ...cell } = JSON.parse(line!) as Record<string, unknown>;
  assert.deepEqual(cell, { row: 1, field: 'phone', value: MEANT });
  assert.match(String(fingerprint), /^[0-9a-f]{64}$/);
  assert.equal(
    await readFile(loop.table, 'utf8').then((text) => text.includes(SPOILT)),
    true,
    'the source is as it was',
  );
});

test('a work order shows what is proposed for its rows, until it was refused', async (t) => {
  const { loop, call, show } = await openChannel(t);
  await loop.run();
  const order = (await loop.orders.list()).find(({ ruleId }) => ruleId === 'district-known')!;
  assert.deepEqual((await show(order.id)).places, [{ row: 3, reasons: [0], repairs: [] }]);
  await call('propose', {});
  const [place] = (await show(order.id)).places;
  const [repair, ...others] = place!.repairs;
  assert.deepEqual([repair?.field, repair?.proposed, repair?.state, others], ['district', 'north', 'open', []]);
  await call('decide', { ids: [repair!.id], decision: 'refused' });
  assert.deepEqual((await show(order.id)).places[0]?.repairs, []);
});

test('a decision needs a person of the node who may take it', async (t) => {
  const { call } = await openChannel(t);
  await call('propose', {});
  const { repairs } = (await call('list', {})) as unknown as Listed;
  const decide = (actor: string | null) => () => call('decide', { ids: [repairs[0]!.id], decision: 'accepted' }, actor);
  assert.equal((await refusalOf(decide(null))).code, 'PERSON_MISSING');
  assert.equal((await refusalOf(decide('nobody'))).code, 'PERSON_UNKNOWN');
  assert.equal((await refusalOf(decide('olga'))).code, 'PERSON_ROLE');
  assert.equal((await refusalOf(() => call('patch', {}, null))).code, 'PERSON_MISSING');
  assert.equal(((await call('list', { state: 'open' })) as unknown as Listed).total, 2);
});

test('what was decided is not asked again, and a source that took the patch has nothing left to propose', async (t) => {
  const { loop, call } = await openChannel(t);
  await call('propose', {});
  const { repairs } = (await call('list', {})) as unknown as Listed;
  await call('decide', { ids: repairs.map(({ id }) => id), decision: 'accepted' });
  assert.deepEqual(await call('propose', {}), { failing: 2, proposed: 2, open: 0 });
  await loop.write(goodRows());
  assert.deepEqual(await call('propose', {}), { failing: 0, proposed: 0, open: 0 });
  const { file: _, ...counts } = (await call('patch', {})) as { file: string };
  assert.deepEqual(counts, { written: 0, void: 0, applied: 2 });
});

test('a proposal that is no SQL ends a scored run before it reads a row', async (t) => {
  const { loop } = await openChannel(t);
  await writeFile(loop.rules, REPAIRING.replace("replace(phone, ' ', '')", 'replace(telephone, 1)'));
  assert.match((await refusalOf(() => loop.run())).code, /^RULE_SQL_(INVALID|FORBIDDEN)$/);
  assert.equal((await loop.node.logged()).length, 0);
});

test('neither the log of events nor the log of the node holds a cell or a repair', async (t) => {
  const { loop, call } = await openChannel(t);
  await call('propose', {});
  const { repairs } = (await call('list', {})) as unknown as Listed;
  await call('decide', { ids: repairs.map(({ id }) => id), decision: 'accepted' });
  await call('patch', {});
  const told = JSON.stringify([await loop.node.logged(), loop.logged, loop.ledger.writes]);
  for (const secret of [SPOILT, MEANT, ...repairs.map(({ id }) => id)]) assert.ok(!told.includes(secret), secret);
});

test('refuses a dataset without a plan, ids that are none, and rules that are no SQL', async (t) => {
  const { loop, call } = await openChannel(t);
  assert.equal((await refusalOf(() => call('propose', { dataset: 'nobody' }))).code, 'QUALITY_PLAN_UNKNOWN');
  const decide = () => call('decide', { ids: ['ab'.repeat(16)], decision: 'accepted' });
  assert.equal((await refusalOf(decide)).code, 'REPAIR_UNKNOWN');
  for (const [propose, code] of [
    ['(SELECT max(phone) FROM source_rows)', 'RULE_SQL_FORBIDDEN'],
    ["read_text('rules.yaml')", 'RULE_SQL_FORBIDDEN'],
    ['replace(phone', 'RULE_SQL_INVALID'],
    ['CAST(phone AS INTEGER)', 'REPAIR_FAILED'],
  ] as const) {
    await writeFile(loop.rules, REPAIRING.replace("replace(phone, ' ', '')", propose));
    const refused = await refusalOf(() => call('propose', {}));
    assert.equal(refused.code, code, propose);
    assert.ok(!JSON.stringify(refused.details).includes(SPOILT));
  }
});

interface Listed {
  readonly total: number;
  readonly repairs: readonly {
    readonly id: string;
    readonly row: number;
    readonly field: string;
    readonly proposed: string;
    readonly state: string;
    readonly by: string | null;
  }[];
}

/** A phone with blanks in row 1 and a misspelt district in row 3. */
function spoiltRows(): Row[] {
  const rows = goodRows();
  rows[0] = { ...rows[0]!, phone: SPOILT };
  rows[2] = { ...rows[2]!, district: 'nort' };
  return rows;
}

async function openChannel(t: TestContext): Promise<Channel> {
  const directory = await temporaryDirectory(t);
  const loop = await openLoop(directory);
  t.after(loop.node.close);
  await writeFile(loop.rules, REPAIRING);
  await loop.write(spoiltRows());
  await loop.publish();
  const repairs = createRepairs(loop.parts, { key: keyOf('repairs'), directory: join(directory, 'repairs') });
  const people = [
    { id: 'ann', roles: ['steward' as const] },
    { id: 'olga', roles: ['auditor' as const] },
  ];
  const { orders } = loop;
  const config = { people, dataDir: directory };
  const parts = { quality: { repairs, orders }, config, clock: loop.parts.clock } as unknown as NodeParts;
  const commands = adminRepairs(parts);
  const showing = adminWorkOrders(parts).find(({ name }) => name === 'workorder.show')!;
  return {
    loop,
    show: async (id) => {
      const context = { actor: null, person: null, progress: () => undefined, signal: AbortSignal.timeout(60_000) };
      return workOrderContracts.show.output.parse(await showing.run(showing.input.parse({ id }), context));
    },
    call: async (name, input, person = 'ann') => {
      const command = commands.find((candidate) => candidate.name === `repair.${name}`)!;
      const parsed = command.input.parse({ dataset: 'companies', ...input });
      const answer = await command.run(parsed, {
        actor: null,
        person: person === null ? null : (people.find(({ id }) => id === person) ?? { id: person, roles: [] }),
        progress: () => undefined,
        signal: AbortSignal.timeout(60_000),
      });
      return command.output.parse(answer) as Record<string, unknown>;
    },
  };
}
