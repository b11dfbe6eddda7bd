/**
 * Whether the model of a request may be used: where the grant asks for it, an independent regulator certified it.
 *
 * Parties: every department and every gate asks the chain itself, at the beginning and before each piece of work, so that
 * one node that does not ask lets nobody through: without the others' parts the sum stays locked.
 * Trust: the certifier that the request names, if it is an active regulator that has no other part in it.
 * Source: DESIGN.md 3.2, "model certificate".
 */
import { isProtocolError, ProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { Directory, Ledger, RequestView } from '../ports.ts';
import type { GrantCheck } from './guard.ts';

/**
 * A certificate that stands counts for computing and for unlocking; one that was withdrawn ends both.
 * @throws {ProtocolError} CERTIFICATE_NO_CERTIFIER, CERTIFICATE_SELF, CERTIFIER_NOT_REGULATOR, CERTIFIER_TAKES_PART,
 *   CERTIFICATE_MISSING, CERTIFICATE_WITHDRAWN, CHAIN_UNREACHABLE
 */
export function certificateCheck(
  ledger: Pick<Ledger, 'certificate'>,
  members: Pick<Directory, 'activeMember'>,
): GrantCheck {
  return async (_use, request, document, grant) => {
    const isNeeded = grant?.conditions.needsCertificate ?? document.subjects === 'person';
    if (!isNeeded) return;
    const certifier = independentCertifier(request, document);
    await assertRegulator(members, certifier);
    const certificate = await ledger.certificate(request.modelDigest, certifier);
    if (certificate === null || certificate.requester !== request.requester) {
      throw new ProtocolError('CERTIFICATE_MISSING', { certifier });
    }
    if (certificate.withdrawn) throw new ProtocolError('CERTIFICATE_WITHDRAWN', { certifier });
  };
}

/** With the bank's secret key, which a certifier is given, a gate would read what its pads protect. */
function independentCertifier(request: RequestView, { certifier, datasets, register }: RequestDocument): string {
  if (certifier === null) throw new ProtocolError('CERTIFICATE_NO_CERTIFIER', {});
  if (certifier === request.requester) throw new ProtocolError('CERTIFICATE_SELF', { org: certifier });
  const involved = [...datasets.map(({ owner }) => owner), register.owner, ...request.gates];
  if (involved.includes(certifier)) throw new ProtocolError('CERTIFIER_TAKES_PART', { org: certifier });
  return certifier;
}

async function assertRegulator(members: Pick<Directory, 'activeMember'>, org: string): Promise<void> {
  const roles = await rolesOf(members, org);
  if (!roles.includes('regulator')) throw new ProtocolError('CERTIFIER_NOT_REGULATOR', { org });
}

/** None for who is no member or a suspended one: the certificates of a certifier fall with it. */
async function rolesOf(members: Pick<Directory, 'activeMember'>, org: string): Promise<readonly string[]> {
  try {
    return (await members.activeMember(org)).roles;
  } catch (error) {
    if (isProtocolError(error, 'MEMBER_UNKNOWN') || isProtocolError(error, 'MEMBER_SUSPENDED')) return [];
    throw error;
  }
}
