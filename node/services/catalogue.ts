/** The catalogue as the node's other parts see it: put together, and filled at the start from the configuration. */
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type Catalogue, createCatalogue } from '../catalogue/catalogue.ts';
import { inlineLevel } from '../catalogue/dataset.ts';
import { type NodeConfig, readingOf } from '../config.ts';
import { pseudonymKey } from '../people.ts';
import type { NodeParts } from './parts.ts';

/** The catalogue of a node; the parts' list of offered datasets is kept up to date by it. */
export function catalogueOf(parts: NodeParts): Catalogue {
  const { config, state, ledger, events, clock, mutex, fingerprintKey, own, keys } = parts;
  return createCatalogue({
    org: config.org,
    state,
    ledger,
    events,
    clock,
    mutex,
    people: config.people,
    secondPersonFromLevel: config.review.secondPersonFromLevel,
    personKey: pseudonymKey(keys.seed),
    fingerprintKey,
    ...readingOf(config),
    offered: own.datasets,
  });
}

const tidied = new WeakSet<NodeParts>();

/** Removes what readings left behind that a stop interrupted; once, before anything is read. */
async function tidyWork(parts: NodeParts): Promise<void> {
  if (tidied.has(parts)) return;
  tidied.add(parts);
  const { workDirectory } = readingOf(parts.config).limits;
  const names = existsSync(workDirectory) ? await readdir(workDirectory) : [];
  for (const name of names.filter((left) => /^(source|fingerprint)-[0-9a-f]{16}$/.test(left))) {
    await rm(join(workDirectory, name), { recursive: true, force: true });
  }
}

/** Offers what people published before, then publishes what the configuration names. @throws {ProtocolError} as publishing */
export async function publishConfigured(parts: NodeParts): Promise<void> {
  const catalogue = catalogueOf(parts);
  await tidyWork(parts);
  for (const dataset of await catalogue.reopen()) parts.log.info('source away', { dataset });
  for (const dataset of parts.config.datasets) {
    if (typeof dataset === 'string') await catalogue.configuredDraft(await readDefinition(dataset), placeOf(dataset));
    else await catalogue.configured(inlineConfig(parts.config, dataset));
  }
}

function inlineConfig(config: NodeConfig, dataset: Exclude<NodeConfig['datasets'][number], string>) {
  const { name, file, subject, fields } = dataset;
  const source = { type: 'csv', file, delimiter: ',' } as const;
  return { name, subject, fields, level: inlineLevel(dataset)!, source, limits: readingOf(config).limits };
}

function placeOf(file: string): { readonly file: string; readonly base: string } {
  return { file: basename(file), base: dirname(file) };
}

async function readDefinition(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ProtocolError('DEFINITION_UNREADABLE', { file: basename(file) }, { cause });
  }
}
