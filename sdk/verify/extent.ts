/** How much is in a bundle, and which fields are not open. */
import type { Bundle, BundleItem } from '@sealedger/protocol/evidence/bundle.ts';
import { describeEvent } from '@sealedger/protocol/evidence/event.ts';

/** How much is in a bundle; times are those of the events, which their organisations vouch for. */
export type Extent = {
  readonly events: number;
  readonly orgs: number;
  readonly blocks: number;
  readonly chain: number;
  readonly from: string;
  readonly to: string;
};

/** The fields of an event that are not open. */
export type WithheldFields = { readonly about: string; readonly kind: string; readonly fields: readonly string[] };

export function extentOf({ items, blocks, chain }: Bundle): Extent {
  const times = items.map(({ signed }) => signed.event.time).sort();
  return {
    events: items.length,
    orgs: new Set(items.map(({ signed }) => signed.event.source)).size,
    blocks: blocks.length,
    chain: chain.chainId,
    from: times[0] ?? '',
    to: times.at(-1) ?? '',
  };
}

/** @param nameOf - how claims name an event. */
export function withheldOf(items: readonly BundleItem[], nameOf: (item: BundleItem) => string): WithheldFields[] {
  return items
    .map((item) => ({
      about: nameOf(item),
      kind: describeEvent(item.signed.event).kind,
      fields: Object.keys(item.signed.event.data).filter((name) => !Object.hasOwn(item.openings, name)),
    }))
    .filter(({ fields }) => fields.length > 0);
}
