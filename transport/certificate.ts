/**
 * A node's own certificate: P-256, self-signed, known to the others by its key's digest on chain.
 *
 * The certificate itself says nothing that anybody trusts, so that it is renewed without asking; the key stays, and with
 * it the pin. Source: RFC 5280, section 4 (form); RFC 5480 (key); RFC 5758, section 3.2 (signature); RFC 7469, 2.4 (pin).
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIP } from 'node:net';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

const ECDSA_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const oids = {
  commonName: '2.5.4.3',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;
const VERSION_3 = explicit(0, integer(Buffer.from([2])));
/** `digitalSignature`: the first bit of one byte. */
const DIGITAL_SIGNATURE = bitString(Buffer.from([0x80]), 7);
const PEM_LINE = /.{1,64}/g;

/** What a certificate says; times in milliseconds since the epoch. */
export interface CertificateTerms {
  /** PKCS#8 PEM of a P-256 key. */
  readonly key: string;
  /** At most 64 characters. */
  readonly commonName: string;
  /** DNS names and IP addresses (IPv6 without brackets). */
  readonly hosts: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
  /** 16 random bytes. */
  readonly serial: Uint8Array;
}

/** A new P-256 key as PKCS#8 PEM. */
export function createTlsKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** @returns the certificate as PEM. @throws {Error} of node:crypto where the key is none. */
export function selfSignedCertificate(terms: CertificateTerms): string {
  const key = createPrivateKey(terms.key);
  const name = sequence(set(sequence(objectIdentifier(oids.commonName), utf8String(terms.commonName))));
  const toBeSigned = sequence(
    VERSION_3,
    integer(positive(terms.serial)),
    ECDSA_SHA256,
    name,
    sequence(time(terms.notBefore), time(terms.notAfter)),
    name,
    spkiOf(createPublicKey(key)),
    explicit(3, sequence(...extensions(terms.hosts))),
  );
  const certificate = sequence(toBeSigned, ECDSA_SHA256, bitString(sign('sha256', toBeSigned, key)));
  const lines = certificate.toString('base64').match(PEM_LINE)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** The pin of a key: SHA-256 of its SubjectPublicKeyInfo, 64 hex digits. @param key - public or private. */
export function spkiSha256(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256').update(spkiOf(publicKey)).digest('hex');
}

function extensions(hosts: readonly string[]): Buffer[] {
  return [
    sequence(objectIdentifier(oids.basicConstraints), boolean('true'), octetString(sequence())),
    sequence(objectIdentifier(oids.keyUsage), boolean('true'), octetString(DIGITAL_SIGNATURE)),
    sequence(objectIdentifier(oids.extKeyUsage), octetString(sequence(objectIdentifier(oids.serverAuth)))),
    sequence(objectIdentifier(oids.subjectAltName), octetString(sequence(...hosts.map(generalName)))),
  ];
}

/** A name in `subjectAltName`: `[2]` for DNS, `[7]` for an address. */
function generalName(host: string): Buffer {
  const version = isIP(host);
  if (version === 0) return implicit(2, Buffer.from(host, 'ascii'));
  return implicit(7, version === 4 ? Buffer.from(host.split('.').map(Number)) : ipv6Bytes(host));
}

function ipv6Bytes(address: string): Buffer {
  // the URL parser writes every form of an address, also with a dotted end, as groups of hex digits
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return Buffer.concat([...before, ...zeros, ...after].map((group) => Buffer.from(group.padStart(4, '0'), 'hex')));
}

/** Serial numbers are positive and of at most 20 bytes (RFC 5280, 4.1.2.2). */
function positive(serial: Uint8Array): Buffer {
  const bytes = Buffer.from(serial);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}
