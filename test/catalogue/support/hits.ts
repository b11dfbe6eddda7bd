/** Versions as a node lists them to a member. */
import { datasetMetadata } from '@sealedger/node/catalogue/dataset.ts';
import { definedDataset, parseDefinition } from '@sealedger/node/catalogue/definition.ts';
import type { CatalogueHit } from '@sealedger/protocol/catalogue/search.ts';
import { datasetVersionId } from '@sealedger/protocol/ledger/ids.ts';
import { type Draftable, definitionText } from './definitions.ts';

export const SALT = 'ab'.repeat(32);

/** A hit as a node lists it. */
export function hitOf(
  owner: string,
  change: (definition: Draftable) => void = () => undefined,
  more: Partial<CatalogueHit> & { readonly version?: number } = {},
): CatalogueHit {
  const dataset = definedDataset(parseDefinition(definitionText(change), 'x.yaml'));
  const { version = 1, ...rest } = more;
  const metadata = datasetMetadata(owner, dataset, version, SALT);
  return {
    id: datasetVersionId(owner, dataset.name, version),
    state: 'published',
    rows: 2,
    quality: null,
    metadata,
    ...rest,
  };
}
