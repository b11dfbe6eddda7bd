/**
 * The built-in scenario: a generated city in which a bank scores applicants over three departments' data.
 *
 * Everything is drawn from one fixed seed; identifiers are valid and lie in the unissued division prefix 99, so that they
 * belong to nobody. Some subjects have no row at a department, some cells are empty, and some applicants are strangers.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { residentCheckCharacter } from '@sealedger/protocol/identifier.ts';
import { type Model, type ModelFeature, transformedValue } from '@sealedger/protocol/model.ts';
import type { Scenario } from '@sealedger/protocol/scenario.ts';

export interface ScenarioSize {
  readonly people: number;
  readonly applicants: number;
  readonly strangers: number;
}

export const DEFAULT_SIZE: ScenarioSize = { people: 9000, applicants: 640, strangers: 40 };

type Row = Readonly<Record<string, string>>;
type Draw = () => number;

/** Writes the scenario directory. @param seed - any text; the same text gives the same files. */
export async function generateScenario(directory: string, size: ScenarioSize, seed = 'sealedger'): Promise<void> {
  const draw = createDraw(seed);
  const subjects = drawSubjects(size.people + size.strangers, draw);
  const people = subjects.slice(0, size.people);
  const applicants = shuffle(
    [...people.slice(0, size.applicants - size.strangers), ...subjects.slice(size.people)],
    draw,
  );
  const tables = new Map([
    ['tax-bureau', departmentTable(people, 0.96, draw, taxRow)],
    ['social-security', departmentTable(people, 0.98, draw, socialSecurityRow)],
    ['market-regulation', departmentTable(people, 0.9, draw, marketRow)],
  ]);
  const bankRows = new Map(applicants.map((subject) => [subject, bankRow(draw)]));
  const scores = new Map(
    applicants.map((subject) => [subject, clearScore(model, subject, tables, bankRows.get(subject)!)]),
  );
  const registered = new Set(people);
  await mkdir(directory, { recursive: true });
  await Promise.all([
    writeFile(join(directory, 'scenario.json'), `${JSON.stringify(scenario, null, 1)}\n`),
    writeFile(join(directory, 'model.json'), `${JSON.stringify(model, null, 1)}\n`),
    writeFile(
      join(directory, 'register.csv'),
      csv(
        ['id_number'],
        shuffle([...people], draw).map((id) => [id]),
      ),
    ),
    ...[...tables].map(([node, rows]) => writeFile(join(directory, `${node}.csv`), tableCsv(rows))),
    writeFile(join(directory, 'bank.csv'), tableCsv(withLabel(bankRows, scores, draw))),
    writeFile(
      join(directory, 'expected.csv'),
      csv(
        ['id_number', 'score'],
        applicants.filter((id) => registered.has(id)).map((id) => [id, scores.get(id)!.toFixed(9)]),
      ),
    ),
  ]);
}

const scenario: Scenario = {
  name: 'built-in city',
  subject: 'id_number',
  register: { node: 'data-bureau', table: 'register.csv' },
  bank: { node: 'harbour-bank', table: 'bank.csv', label: 'defaulted' },
  departments: [
    { node: 'tax-bureau', table: 'tax-bureau.csv' },
    { node: 'social-security', table: 'social-security.csv' },
    { node: 'market-regulation', table: 'market-regulation.csv' },
  ],
  gates: ['data-bureau', 'audit-office'],
  model: 'model.json',
  expected: 'expected.csv',
};

const model: Model = {
  kind: 'logistic',
  intercept: -1.35,
  features: [
    linear('tax-bureau', 'taxed_income', -0.62, [0, 600_000], 98_000, 82_000, 76_000),
    linear('tax-bureau', 'arrears', 0.41, [0, 50_000], 2100, 6900, 0),
    ...choices('tax-bureau', 'grade', { A: -0.55, B: -0.18, M: 0.12, C: 0.38, D: 1.05 }),
    { party: 'tax-bureau', field: 'grade', transform: 'missing', weight: 0.22 },
    linear('social-security', 'months_paid', -0.48, [0, 420], 131, 88, 96),
    linear('social-security', 'contribution_base', -0.27, [2360, 26_541], 7900, 4300, 6100),
    linear('social-security', 'employers_in_3_years', 0.19, [1, 9], 1.7, 1.1, 1),
    ...choices('social-security', 'status', { employed: -0.31, flexible: 0.16, unemployed: 0.58, retired: -0.12 }),
    linear('market-regulation', 'companies_held', 0.08, [0, 12], 0.3, 0.9, 0),
    linear('market-regulation', 'abnormal_listings', 0.36, [0, 6], 0.05, 0.3, 0),
    { party: 'market-regulation', field: 'companies_held', transform: 'missing', weight: -0.04 },
    linear('harbour-bank', 'amount', 0.23, [1000, 500_000], 61_000, 54_000, 40_000),
    linear('harbour-bank', 'months', 0.11, [3, 60], 22, 14, 24),
    ...choices('harbour-bank', 'housing', { own: -0.29, rent: 0.21, family: 0.04 }),
  ],
};

function linear(
  party: string,
  field: string,
  weight: number,
  clip: [number, number],
  mean: number,
  std: number,
  missing: number,
): ModelFeature {
  return { party, field, transform: 'linear', weight, clip, mean, std, missing };
}

function choices(party: string, field: string, weights: Readonly<Record<string, number>>): ModelFeature[] {
  return Object.entries(weights).map(([value, weight]) => ({ party, field, transform: 'equals', weight, value }));
}

function taxRow(draw: Draw): Row {
  return {
    taxed_income: maybe(draw, 0.02, () => String(Math.round(Math.exp(11.1 + 0.75 * normal(draw))))),
    arrears: draw() < 0.86 ? '0' : String(Math.round(Math.exp(8.4 + 1.1 * normal(draw)))),
    grade: maybe(draw, 0.03, () => pick(draw, ['A', 'A', 'B', 'B', 'B', 'M', 'M', 'C', 'D'])),
  };
}

function socialSecurityRow(draw: Draw): Row {
  return {
    months_paid: String(Math.floor(300 * draw() ** 1.4)),
    contribution_base: maybe(draw, 0.04, () => (2360 + 9000 * draw() ** 2 + 4000 * draw()).toFixed(2)),
    employers_in_3_years: String(1 + Math.floor(4 * draw() ** 3)),
    status: pick(draw, ['employed', 'employed', 'employed', 'flexible', 'unemployed', 'retired']),
  };
}

function marketRow(draw: Draw): Row {
  const held = draw() < 0.8 ? 0 : 1 + Math.floor(5 * draw() ** 2);
  return { companies_held: String(held), abnormal_listings: held > 0 && draw() < 0.1 ? '1' : '0' };
}

function bankRow(draw: Draw): Row {
  return {
    amount: String(1000 * (1 + Math.floor(180 * draw() ** 2))),
    months: pick(draw, ['6', '12', '24', '24', '36', '60']),
    housing: maybe(draw, 0.02, () => pick(draw, ['own', 'own', 'rent', 'family'])),
  };
}

function departmentTable(
  people: readonly string[],
  share: number,
  draw: Draw,
  row: (draw: Draw) => Row,
): Map<string, Row> {
  const held = people.filter(() => draw() < share);
  return new Map(shuffle(held, draw).map((subject) => [subject, row(draw)]));
}

function clearScore(of: Model, subject: string, tables: ReadonlyMap<string, Map<string, Row>>, own: Row): number {
  return of.features.reduce((sum, feature) => {
    const row = tables.has(feature.party) ? tables.get(feature.party)!.get(subject) : own;
    return sum + feature.weight * transformedValue(feature, row?.[feature.field] ?? null, 0);
  }, of.intercept);
}

function withLabel(rows: ReadonlyMap<string, Row>, scores: ReadonlyMap<string, number>, draw: Draw): Map<string, Row> {
  const label = (score: number): string => (draw() < 1 / (1 + Math.exp(-score)) ? '1' : '0');
  return new Map([...rows].map(([subject, row]) => [subject, { ...row, defaulted: label(scores.get(subject)!) }]));
}

function drawSubjects(count: number, draw: Draw): string[] {
  const subjects = new Set<string>();
  while (subjects.size < count) {
    const day = new Date(
      Date.UTC(1950 + Math.floor(55 * draw()), Math.floor(12 * draw()), 1 + Math.floor(28 * draw())),
    );
    const birth = day.toISOString().slice(0, 10).replaceAll('-', '');
    const division = `99${String(Math.floor(10_000 * draw())).padStart(4, '0')}`;
    const first17 = `${division}${birth}${String(1 + Math.floor(999 * draw())).padStart(3, '0')}`;
    subjects.add(first17 + residentCheckCharacter(first17));
  }
  return [...subjects];
}

/** Uniform numbers in [0, 1) from SHA-256 in counter mode: the same on every machine. */
function createDraw(seed: string): Draw {
  let block = Buffer.alloc(0);
  let counter = 0;
  return () => {
    if (block.length < 4) {
      block = createHash('sha256').update(`${seed}/${counter}`).digest();
      counter += 1;
    }
    const value = block.readUInt32BE(0) / 2 ** 32;
    block = block.subarray(4);
    return value;
  };
}

function normal(draw: Draw): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

function maybe(draw: Draw, emptyShare: number, value: () => string): string {
  return draw() < emptyShare ? '' : value();
}

function pick(draw: Draw, values: readonly string[]): string {
  return values[Math.floor(values.length * draw())]!;
}

function shuffle<T>(values: T[], draw: Draw): T[] {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor((i + 1) * draw());
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
  return values;
}

function tableCsv(rows: ReadonlyMap<string, Row>): string {
  const fields = Object.keys([...rows.values()][0] ?? {});
  return csv(
    ['id_number', ...fields],
    [...rows].map(([subject, row]) => [subject, ...fields.map((field) => row[field] ?? '')]),
  );
}

function csv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return `${[header, ...rows].map((cells) => cells.join(',')).join('\n')}\n`;
}
