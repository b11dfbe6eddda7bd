/**
 * Where a node is reached, as it stands on chain: `https://host:port#spki-sha256=<64 hex digits>`.
 *
 * The pin is the SHA-256 of the SubjectPublicKeyInfo of the certificate that the node shows; it takes the place of
 * certificate authorities, since the chain says who is who. Before a node that makes outgoing connections only, a path
 * names it to its relay: `https://relay:port/v1/relay/<org>#spki-sha256=…` with the relay's pin. Plain http is for
 * loopback alone. Source: RFC 7469, section 2.4 (the pin); RFC 7671, section 5.1 (what a pin replaces).
 */
import { ProtocolError } from './errors.ts';

export interface Endpoint {
  /** Scheme, host, port and path, without a trailing slash: a call's path is put behind it. */
  readonly base: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Begins with a slash where there is one; empty otherwise. */
  readonly prefix: string;
  /** SHA-256 of the SubjectPublicKeyInfo, 64 lower-case hex digits; null over plain http, or where none is named. */
  readonly pin: string | null;
  readonly isTls: boolean;
  readonly isLoopback: boolean;
}

const FRAGMENT = /^#spki-sha256=([0-9a-f]{64})$/;
const PREFIX = /^(\/[A-Za-z0-9_-]{1,64}){0,8}$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** @throws {ProtocolError} ENDPOINT_INVALID */
export function parseEndpoint(text: string): Endpoint {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid('not an absolute http or https address');
  if (url.username !== '' || url.password !== '') throw invalid('it holds a user or password');
  if (url.search !== '') throw invalid('it holds a query');
  const prefix = url.pathname.replace(/\/$/, '');
  if (!PREFIX.test(prefix)) throw invalid('its path is not up to eight plain segments');
  const isTls = url.protocol === 'https:';
  const pin = FRAGMENT.exec(url.hash)?.[1] ?? null;
  if (url.hash !== '' && (pin === null || !isTls)) throw invalid('what stands after "#" is no spki-sha256 of TLS');
  return {
    base: url.origin + prefix,
    origin: url.origin,
    prefix,
    pin,
    isTls,
    isLoopback: isLoopbackHost(url.hostname),
  };
}

/** The text that is registered on chain. */
export function endpointText({ base, pin }: Pick<Endpoint, 'base' | 'pin'>): string {
  return pin === null ? base : `${base}#spki-sha256=${pin}`;
}

/**
 * Whether a host name stands for this machine and nothing else; an IPv6 address with or without its brackets.
 * Source: RFC 6761, section 6.3; RFC 1122, section 3.2.1.3.
 */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
}

function invalid(reason: string): ProtocolError {
  return new ProtocolError('ENDPOINT_INVALID', { reason });
}
