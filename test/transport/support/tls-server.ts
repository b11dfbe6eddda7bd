/** An https server with a certificate of our own, which remembers what reached it. */
import { createPrivateKey, randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createTlsKey, selfSignedCertificate, spkiSha256 } from '@sealedger/transport/certificate.ts';

export interface TlsServer {
  readonly port: number;
  readonly origin: string;
  /** Connections so far, also those that ended before TLS did, and calls that came over them. */
  readonly seen: { connections: number; calls: number };
  /** Of each connection that TLS made: host name that was asked for, protocol that was agreed, whether an earlier session went on. */
  readonly handshakes: {
    readonly name: string | false;
    readonly protocol: string | false;
    readonly isResumed: boolean;
  }[];
  /** Shows another key to new connections; the open ones stay. */
  useKey(key: string): void;
  /** Ends every connection. */
  cut(): void;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;

export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
  readonly pin: string;
}

export function tlsIdentity(key = createTlsKey(), notAfter = Date.now() + DAY_MS): TlsIdentity {
  const terms = { key, commonName: 'tax', hosts: ['localhost', '127.0.0.1'], notAfter, serial: randomBytes(16) };
  const cert = selfSignedCertificate({ ...terms, notBefore: notAfter - 2 * DAY_MS });
  return { key, cert, pin: spkiSha256(createPrivateKey(key)) };
}

/** @param host - address to listen at. */
export async function startTlsServer(
  identity: TlsIdentity,
  listener: RequestListener,
  host = '127.0.0.1',
): Promise<TlsServer> {
  const seen = { connections: 0, calls: 0 };
  const handshakes: TlsServer['handshakes'] = [];
  const server = createServer({ key: identity.key, cert: identity.cert, minVersion: 'TLSv1.3' });
  server.on('connection', () => {
    seen.connections += 1;
  });
  server.on('secureConnection', (socket) => {
    const { servername, alpnProtocol } = socket as typeof socket & { readonly servername: string | false };
    handshakes.push({ name: servername, protocol: alpnProtocol ?? false, isResumed: socket.isSessionReused() });
  });
  server.on('request', (request, response) => {
    seen.calls += 1;
    listener(request, response);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    seen,
    handshakes,
    useKey: (key) => {
      const { cert } = tlsIdentity(key);
      server.setSecureContext({ key, cert, minVersion: 'TLSv1.3' });
    },
    cut: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
