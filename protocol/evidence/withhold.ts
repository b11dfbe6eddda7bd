/**
 * Cutting openings out of a bundle: whoever holds it may show less of it to the next one.
 *
 * Learns: the next one learns the fields that stay open; of the others the commitments, which say nothing without their
 * salts. What the contracts said in public stands in the receipts and cannot be withheld.
 */
import { ProtocolError } from '../errors.ts';
import type { Bundle } from './bundle.ts';
import { describeEvent, withholdFields } from './event.ts';
import type { EventKind } from './event-kinds.ts';

/** Whether a field is one that `names` say: `field`, `kind.field`, or `all`. */
export function withholds(names: readonly string[]): (kind: EventKind, field: string) => boolean {
  const all = new Set(names);
  return (kind, field) => all.has('all') || all.has(field) || all.has(`${kind}.${field}`);
}

/**
 * A bundle without the openings that `names` say.
 * @param names - `field`, `kind.field`, or `all`; each must meet an open field, so that no misspelt one stays open unseen.
 * @returns the bundle, which verifies as before, and how many openings were cut.
 * @throws {ProtocolError} WITHHOLD_FIELD_UNKNOWN
 */
export function withholdInBundle(
  bundle: Bundle,
  names: readonly string[],
): { readonly bundle: Bundle; readonly count: number } {
  const met = new Set<string>();
  let count = 0;
  const items = bundle.items.map((item) => {
    const { kind } = describeEvent(item.signed.event);
    const openings = withholdFields(item.openings, (field) => {
      const meant = names.filter((name) => withholds([name])(kind, field));
      for (const name of meant) met.add(name);
      if (meant.length > 0) count += 1;
      return meant.length > 0;
    });
    return { ...item, openings };
  });
  const unknown = names.find((name) => !met.has(name));
  if (unknown !== undefined) throw new ProtocolError('WITHHOLD_FIELD_UNKNOWN', { field: unknown });
  return { bundle: { ...bundle, items }, count };
}
