/** A scenario directory as the runner reads it; `expected.csv` is read only after the results are written. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type InlineDataset, parseSubjectCell } from '@sealedger/node/catalogue/dataset.ts';
import { suggestedLevel } from '@sealedger/node/catalogue/draft.ts';
import { readTable, tableColumns } from '@sealedger/node/catalogue/table.ts';
import type { Item } from '@sealedger/protocol/catalogue/entry.ts';
import type { DatasetField } from '@sealedger/protocol/dataset.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Model, parseModel } from '@sealedger/protocol/model.ts';
import { type Scenario, scenarioSchema } from '@sealedger/protocol/scenario.ts';
import { parseJson } from '@sealedger/protocol/schema.ts';
import { z } from 'zod';

/** Gate that holds no data, started where a scenario names no gates of its own. */
export const INDEPENDENT_GATE = 'audit-office';

export interface ScenarioFiles {
  readonly directory: string;
  readonly scenario: Scenario;
  readonly model: Model;
  readonly gates: readonly string[];
  /** Columns of the bank's table, the subject not counted. */
  readonly bankFields: readonly string[];
  readonly datasets: ReadonlyMap<string, InlineDataset>;
}

/** @throws {ProtocolError} SCENARIO_UNREADABLE, SCENARIO_PARTIES, SCHEMA_MISMATCH, TABLE_*, MODEL_* */
export async function readScenario(directory: string): Promise<ScenarioFiles> {
  const scenario = parseJson(scenarioSchema, await readText(directory, 'scenario.json'), 'scenario.json');
  assertParties(scenario);
  const fieldsOf = async (table: string): Promise<string[]> => {
    if (!existsSync(join(directory, table))) throw new ProtocolError('SCENARIO_UNREADABLE', { file: table });
    const columns = await tableColumns(join(directory, table));
    if (!columns.includes(scenario.subject))
      throw new ProtocolError('TABLE_FIELD_MISSING', { field: scenario.subject });
    return columns.filter((column) => column !== scenario.subject);
  };
  const bankFields = await fieldsOf(scenario.bank.table);
  const parties = new Map([[scenario.bank.node, new Set(bankFields)]]);
  for (const department of scenario.departments)
    parties.set(department.node, new Set(await fieldsOf(department.table)));
  await fieldsOf(scenario.register.table);
  const model = parseModel(parseJson(z.unknown(), await readText(directory, scenario.model), scenario.model), parties);
  const datasets = new Map(
    scenario.departments.map(({ node, table }) => [
      node,
      datasetConfig(directory, scenario.subject, table, [...parties.get(node)!], model, node),
    ]),
  );
  const gates = scenario.gates ?? [scenario.register.node, INDEPENDENT_GATE];
  return { directory, scenario, model, gates, bankFields, datasets };
}

/** A bank, a department and a gate of one computation are different organisations; a department may be a gate. */
function assertParties({ bank, departments, register, gates = [] }: Scenario): void {
  const nodes = departments.map(({ node }) => node);
  const double =
    nodes.find((node, i) => nodes.indexOf(node) !== i) ?? gates.find((gate, i) => gates.indexOf(gate) !== i);
  const both = [...nodes, ...gates, register.node].find((node) => node === bank.node);
  const party = double ?? both;
  if (party !== undefined) throw new ProtocolError('SCENARIO_PARTIES', { party });
}

/** Fields that the model uses as numbers are declared as such, with the imputation value that the model file states. */
function datasetConfig(
  directory: string,
  subject: string,
  table: string,
  fields: readonly string[],
  model: Model,
  party: string,
): InlineDataset {
  const imputed = new Map<string, number>();
  for (const [index, feature] of model.features.entries()) {
    if (feature.party !== party || feature.transform !== 'linear') continue;
    const known = imputed.get(feature.field);
    if (known !== undefined && known !== feature.missing) {
      throw new ProtocolError('REQUEST_IMPUTATION_MISMATCH', { field: feature.field, index });
    }
    imputed.set(feature.field, feature.missing);
  }
  return {
    name: datasetNameOf(table),
    file: join(directory, table),
    subject,
    fields: fields.map((name): DatasetField => {
      const missing = imputed.get(name);
      const item = itemOf(name, missing === undefined ? 'character' : 'number');
      return missing === undefined ? { name, kind: 'text', item } : { name, kind: 'number', missing, item };
    }),
  };
}

/** What a scenario's field tells of a person's means is of JR/T 0197 level 3, unless its name tells of more. */
const LEAST_LEVEL = 3;

function itemOf(name: string, type: Item['type']): Item {
  const level = Math.max(LEAST_LEVEL, suggestedLevel({ name, identifier: null }).level);
  return { title: name, type, level, dataClass: 'general' };
}

export function datasetNameOf(table: string): string {
  return (
    basename(table)
      .replace(/\.[^.]*$/, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 31) || 'dataset'
  );
}

/** One applicant of the bank's table: identifier and own fields. */
export interface Applicant {
  readonly subject: string;
  readonly row: number;
  readonly cells: Readonly<Record<string, string | null>>;
}

/** @throws {ProtocolError} ROW_IDENTIFIER_INVALID, ROW_DUPLICATE_SUBJECT, TABLE_* */
export async function readApplicants(files: ScenarioFiles): Promise<Applicant[]> {
  const { directory, scenario, bankFields } = files;
  const applicants: Applicant[] = [];
  const rowOf = new Map<string, number>();
  await readTable(join(directory, scenario.bank.table), [scenario.subject, ...bankFields], ({ firstRow, rows }) => {
    rows.forEach((cells, offset) => {
      const row = firstRow + offset;
      const subject = parseSubjectCell(cells[0] ?? null, 'bank', row);
      const earlier = rowOf.get(subject);
      if (earlier !== undefined)
        throw new ProtocolError('ROW_DUPLICATE_SUBJECT', { dataset: 'bank', row, firstRow: earlier });
      rowOf.set(subject, row);
      applicants.push({
        subject,
        row,
        cells: Object.fromEntries(bankFields.map((field, i) => [field, cells[i + 1] ?? null])),
      });
    });
  });
  return applicants;
}

/** Cleartext scores of `expected.csv`, where there is one. */
export async function readExpected(files: ScenarioFiles): Promise<ReadonlyMap<string, number> | null> {
  const { directory, scenario } = files;
  if (scenario.expected === undefined || !existsSync(join(directory, scenario.expected))) return null;
  const expected = new Map<string, number>();
  await readTable(join(directory, scenario.expected), [scenario.subject, 'score'], ({ firstRow, rows }) => {
    rows.forEach(([subject, score], i) => {
      expected.set(parseSubjectCell(subject ?? null, 'expected', firstRow + i), Number(score));
    });
  });
  return expected;
}

async function readText(directory: string, file: string): Promise<string> {
  try {
    return await readFile(join(directory, file), 'utf8');
  } catch (cause) {
    throw new ProtocolError('SCENARIO_UNREADABLE', { file }, { cause });
  }
}
