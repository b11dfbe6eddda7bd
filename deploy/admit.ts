/** The founding of a consortium: its first organisations, admitted by the founder. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { LedgerClient } from '@sealedger/protocol/ledger/client.ts';
import { rolesToMask } from '@sealedger/protocol/ledger/codec.ts';
import type { Admission, OrganisationRecord } from '@sealedger/protocol/ledger/records.ts';

export type AdmissionReport = { readonly admitted: readonly string[]; readonly present: readonly string[] };

/**
 * Admits organisations; those that are in already, with the same keys and roles, are left as they are, so that a
 * founding that was interrupted can be run again. Their endpoints are theirs to change.
 * @param client - with the founder's account.
 * @throws {ProtocolError} CHAIN_ADMITTED_DIFFERENTLY before anything is sent; CHAIN_REFUSED once the founding is closed.
 */
export async function admitOrganisations(
  client: LedgerClient,
  admissions: readonly Admission[],
): Promise<AdmissionReport> {
  const found = new Map((await client.organisations()).map((entry) => [entry.id, entry]));
  for (const admission of admissions) assertSame(admission, found.get(admission.id));
  const missing = admissions.filter(({ id }) => !found.has(id));
  for (const admission of missing) await client.admit(admission);
  const present = admissions.filter(({ id }) => found.has(id)).map(({ id }) => id);
  return { admitted: missing.map(({ id }) => id), present };
}

function assertSame(admission: Admission, found: OrganisationRecord | undefined): void {
  if (found === undefined) return;
  const { id: org } = admission;
  for (const field of ['account', 'ed25519Key', 'x25519Key'] as const) {
    if (found[field] !== admission[field]) throw new ProtocolError('CHAIN_ADMITTED_DIFFERENTLY', { org, field });
  }
  if (rolesToMask(found.roles) !== rolesToMask(admission.roles)) {
    throw new ProtocolError('CHAIN_ADMITTED_DIFFERENTLY', { org, field: 'roles' });
  }
}
