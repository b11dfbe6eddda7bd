/**
 * The certificate that a node shows: its own, made here, or the operator's.
 *
 * The others know the key's digest from the chain, so that a new certificate of the same key needs nobody's consent; one
 * of another key does, and is not taken while the node runs.
 */
import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { parseEndpoint } from '@sealedger/protocol/endpoint.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { createTlsKey, selfSignedCertificate, spkiSha256 } from '@sealedger/transport/certificate.ts';
import { z } from 'zod';
import type { TlsContext } from './listen.ts';

/** `self-signed`: key and certificate are made in `dataDir`. Otherwise PEM files, reread when they change. */
export const tlsSchema = z.union([
  z.literal('self-signed'),
  z.strictObject({ certificate: z.string().min(1), key: z.string().min(1) }),
]);
export type TlsConfig = z.output<typeof tlsSchema>;

export interface TlsTerms {
  readonly tls: TlsConfig;
  readonly org: string;
  readonly dataDir: string;
  readonly endpoint: string;
}

export interface NodeTls {
  readonly pin: string;
  readonly context: TlsContext;
}

const DAY_MS = 86_400_000;
export const CERTIFICATE_MS = 90 * DAY_MS;
/** Renewed when a third of its time is left. */
const RENEW_MS = 30 * DAY_MS;
/** Clocks of other machines may be behind. */
const BACKDATED_MS = DAY_MS;
const KEY_FILE = 'tls-key.pem';
const CERTIFICATE_FILE = 'tls-certificate.pem';

/**
 * The node's certificate, made or renewed where it is due.
 * @throws {ProtocolError} TLS_FILE_UNREADABLE
 */
export async function openTls(terms: TlsTerms, clock: { now(): number }): Promise<NodeTls> {
  const { tls, dataDir } = terms;
  if (tls !== 'self-signed') return readPair(tls.certificate, tls.key);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const keyPath = join(dataDir, KEY_FILE);
  const certificatePath = join(dataDir, CERTIFICATE_FILE);
  const key = (await readIfThere(keyPath)) ?? (await created(keyPath));
  const known = await readIfThere(certificatePath);
  if (known === undefined || isDue(known, parsedKey(key), terms, clock.now())) {
    await replace(certificatePath, certificateOf(key, terms, clock.now()));
  }
  return readPair(certificatePath, keyPath);
}

/** Whether a certificate is none of this key and host, or ends soon. */
function isDue(certificate: string, key: KeyObject, terms: TlsTerms, nowMs: number): boolean {
  const parsed = parsedCertificate(certificate);
  const host = hostOf(terms);
  const named = isIP(host) === 0 ? parsed.checkHost(host) : parsed.checkIP(host);
  const isOurs = parsed.checkPrivateKey(key) && named !== undefined;
  const from = parsed.validFromDate.getTime();
  return !isOurs || from > nowMs || parsed.validToDate.getTime() - nowMs < RENEW_MS;
}

function certificateOf(key: string, terms: TlsTerms, nowMs: number): string {
  return selfSignedCertificate({
    key,
    commonName: terms.org,
    hosts: [hostOf(terms)],
    notBefore: nowMs - BACKDATED_MS,
    notAfter: nowMs + CERTIFICATE_MS,
    serial: randomBytes(16),
  });
}

function hostOf({ endpoint }: TlsTerms): string {
  return new URL(parseEndpoint(endpoint).origin).hostname.replace(/^\[|\]$/g, '');
}

async function readPair(certificatePath: string, keyPath: string): Promise<NodeTls> {
  const [cert, key] = await Promise.all([readPem(certificatePath, 'certificate'), readPem(keyPath, 'key')]);
  const privateKey = parsedKey(key);
  const certificate = parsedCertificate(cert);
  if (!certificate.checkPrivateKey(privateKey)) throw unreadable('key');
  return { pin: spkiSha256(certificate.publicKey), context: { key, cert } };
}

function parsedCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw unreadable('certificate', cause);
  }
}

function parsedKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw unreadable('key', cause);
  }
}

async function readPem(path: string, part: 'certificate' | 'key'): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadable(part, cause);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function created(path: string): Promise<string> {
  const key = createTlsKey();
  await writeFile(path, key, { mode: 0o600, flag: 'wx', flush: true });
  // the mode of a new file is cut by the process's mask, never widened
  await chmod(path, 0o600);
  return key;
}

async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}

function unreadable(part: 'certificate' | 'key', cause?: unknown): ProtocolError {
  return new ProtocolError('TLS_FILE_UNREADABLE', { part }, { cause });
}
