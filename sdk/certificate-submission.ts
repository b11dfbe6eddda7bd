/**
 * Handing a model in for a certificate: the bank opens its secret key and its feature definitions to the certifier alone.
 *
 * Learns: the certifier, the model; who carries the file, that it is on its way. The key opens every weight and nothing of
 * a sealed table without the gates' pads.
 * Source: DESIGN.md 3.2, "model certificate".
 */
import { fromHex } from '@sealedger/protocol/bytes.ts';
import { type FullSubmission, type SubmissionHead, writeSubmission } from '@sealedger/protocol/certificate-file.ts';
import { domains } from '@sealedger/protocol/domains.ts';
import { type SignedEnvelope, signEnvelope } from '@sealedger/protocol/envelope.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { BankContext } from './bank.ts';
import { createSealedModelOwner, type StoredModelKeys } from './he-client.ts';
import { loadSealedModel } from './sealed-model-store.ts';
import { loadRequest, requestKeys } from './stored-request.ts';

const SEED_BYTES = 32;

/**
 * Writes the file for a certifier.
 * @param options.certifier - one that shall know the model beside the one that the request names, which is the default.
 * @returns the file; see protocol/certificate-file.ts. @throws {ProtocolError} REQUEST_UNKNOWN, CERTIFICATE_NO_CERTIFIER,
 *   CERTIFIER_NOT_REGULATOR, MEMBER_*, RLWE_SECRET_KEY
 */
export async function certificateSubmission(
  context: BankContext,
  requestId: string,
  options: { readonly certifier?: string } = {},
): Promise<Uint8Array> {
  const { document } = await loadRequest(context, requestId);
  const certifier = options.certifier ?? document.certifier;
  if (certifier === null) throw new ProtocolError('CERTIFICATE_NO_CERTIFIER', {});
  const { roles, x25519Key } = await context.member(certifier);
  if (!roles.includes('regulator')) throw new ProtocolError('CERTIFIER_NOT_REGULATOR', { org: certifier });
  const parts = await loadSealedModel(context.ports.store, requestId);
  const stored = await loadKeys(context, requestId);
  const owner = await createSealedModelOwner({ stored });
  const secret = owner.secretCoefficients();
  const submission: FullSubmission = { document, ...parts, publicKeyRecord: stored.publicKeyRecord, secret };
  try {
    return await writeSubmission({
      submission,
      certifier,
      receiverPublicKey: fromHex(x25519Key, 32),
      ephemeralSecret: context.ports.randomBytes(SEED_BYTES),
      sign: (head) => sign(context, head),
    });
  } finally {
    secret.fill(0);
    stored.secretKey.fill(0);
    owner.delete();
  }
}

const POLL_MS = 150;

/**
 * Waits until the certificate of a request's model stands on chain.
 * @returns its digest. @throws {ProtocolError} CERTIFICATE_NO_CERTIFIER, CERTIFICATE_WITHDRAWN; CERTIFICATE_MISSING after
 *   the time; REQUEST_UNKNOWN, CHAIN_*
 */
export async function awaitCertificate(context: BankContext, requestId: string, timeoutMs: number): Promise<string> {
  const { ledger, ports } = context;
  const { certifier, modelDigest } = (await loadRequest(context, requestId)).document;
  if (certifier === null) throw new ProtocolError('CERTIFICATE_NO_CERTIFIER', {});
  const deadline = ports.clock.now() + timeoutMs;
  for (;;) {
    const certificate = await ledger.certificateOf(modelDigest, certifier);
    if (certificate?.withdrawn === true) throw new ProtocolError('CERTIFICATE_WITHDRAWN', { certifier });
    if (certificate !== null) return certificate.certificateHash;
    if (ports.clock.now() > deadline) throw new ProtocolError('CERTIFICATE_MISSING', { certifier });
    await ports.clock.sleep(POLL_MS);
  }
}

async function loadKeys({ ports }: BankContext, requestId: string): Promise<StoredModelKeys> {
  const secretKey = await ports.store.get(requestKeys.secretKey(requestId));
  const publicKeyRecord = await ports.store.get(requestKeys.publicKey(requestId));
  if (secretKey === undefined || publicKeyRecord === undefined) {
    throw new ProtocolError('REQUEST_UNKNOWN', { requestId });
  }
  return { secretKey, publicKeyRecord };
}

function sign({ org, keyEpoch, signing, ports }: BankContext, body: SubmissionHead): SignedEnvelope<SubmissionHead> {
  const issuedAt = new Date(ports.clock.now()).toISOString();
  return signEnvelope(
    { domain: domains.modelSubmission, signer: org, keyEpoch, issuedAt, body },
    signing,
    ports.ed25519,
  );
}
