/**
 * Where calls of other organisations come in: the node's listener with its certificate and limits, or, where the node
 * makes outgoing connections only, its relay.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endpointText, isLoopbackHost, parseEndpoint } from '@sealedger/protocol/endpoint.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { NodeConfig } from '../config.ts';
import type { NonceStore } from '../ports.ts';
import { createApp, type Route } from '../server/app.ts';
import { createLimits } from '../server/limits.ts';
import { createNodeServer, renewTls, type TlsContext } from '../server/listen.ts';
import { type NodeTls, openTls, type TlsTerms } from '../server/tls.ts';
import type { NodeParts } from './parts.ts';
import { startRelayed } from './relayed.ts';

export interface Gateway {
  /** 0 where the node does not listen. */
  readonly port: number;
  /** Renews the certificate where it is due. */
  tick(): Promise<void>;
  close(): Promise<void>;
}

type GatewayParts = Pick<NodeParts, 'config' | 'client' | 'identity' | 'members' | 'peers' | 'clock' | 'log' | 'usage'>;

/**
 * Opens the node to the others; before that, what is registered on chain is compared with what is configured here.
 * @throws {ProtocolError} TLS_REQUIRED, TLS_FILE_UNREADABLE, TLS_ENDPOINT_PIN, ENDPOINT_INVALID, ENDPOINT_NOT_REGISTERED,
 *   CHAIN_UNREACHABLE
 */
export async function openGateway(parts: GatewayParts, nonces: NonceStore, routes: readonly Route[]): Promise<Gateway> {
  const { config, client, identity, members: directory, clock, log } = parts;
  const tls = await tlsOf(config, clock);
  await assertRegistered(client, config, tls);
  const limits = createLimits(config.limits, clock);
  const refused = parts.usage.countRefusal;
  const endpoint = parseEndpoint(config.endpoint).base;
  const app = createApp({ identity, directory, nonces, limits, clock, log, refused, endpoint }, routes);
  const server = createNodeServer(app, config.limits, tls?.context ?? null);
  const { viaRelay } = config;
  const relayed = viaRelay === undefined ? null : startRelayed({ ...parts, relay: viaRelay }, server);
  if (relayed === null) await listen(server, config);
  return {
    port: relayed === null ? (server.address() as AddressInfo).port : 0,
    tick: tls === null ? async () => undefined : renewal(config, clock, tls, server),
    close: async () => {
      await relayed?.stop();
      await closed(server);
    },
  };
}

/**
 * The endpoint to be registered on chain for a configuration: with the pin of this node's certificate, which is made
 * where there is none yet.
 * @throws {ProtocolError} TLS_FILE_UNREADABLE, TLS_ENDPOINT_PIN, ENDPOINT_INVALID
 */
export async function endpointToRegister(config: NodeConfig, clock: { now(): number }): Promise<string> {
  return endpointWith(config, await tlsOf(config, clock));
}

async function tlsOf(config: NodeConfig, clock: { now(): number }): Promise<NodeTls | null> {
  const terms = tlsTerms(config);
  if (terms !== null) return openTls(terms, clock);
  if (config.viaRelay === undefined && !isLoopbackHost(config.host)) {
    throw new ProtocolError('TLS_REQUIRED', { host: config.host });
  }
  return null;
}

function tlsTerms({ tls, viaRelay, org, dataDir, endpoint }: NodeConfig): TlsTerms | null {
  return tls === undefined || viaRelay !== undefined ? null : { tls, org, dataDir, endpoint };
}

function endpointWith(config: NodeConfig, tls: NodeTls | null): string {
  const { base, pin } = parseEndpoint(config.endpoint);
  if (tls !== null && pin !== null && pin !== tls.pin) throw new ProtocolError('TLS_ENDPOINT_PIN', { pin: tls.pin });
  return endpointText({ base, pin: tls?.pin ?? pin });
}

/** Signatures cover the endpoint: with another one on chain no call would hold here, and no pin there. */
async function assertRegistered(
  client: GatewayParts['client'],
  config: NodeConfig,
  tls: NodeTls | null,
): Promise<void> {
  const record = await client.organisation(config.org);
  if (record === null) throw new ProtocolError('MEMBER_UNKNOWN', { org: config.org });
  const configured = endpointWith(config, tls);
  if (normal(record.endpoint) === configured) return;
  throw new ProtocolError('ENDPOINT_NOT_REGISTERED', { configured, registered: record.endpoint || '-' });
}

function normal(registered: string): string {
  return URL.canParse(registered) ? endpointText(parseEndpoint(registered)) : registered;
}

function renewal(config: NodeConfig, clock: { now(): number }, first: NodeTls, server: Server): () => Promise<void> {
  let shown: TlsContext = first.context;
  return async () => {
    const { pin, context } = await openTls(tlsTerms(config)!, clock);
    if (context.cert === shown.cert && context.key === shown.key) return;
    // calls are pinned to the key on chain: another one would end them all
    if (pin !== first.pin) throw new ProtocolError('TLS_ENDPOINT_PIN', { pin });
    renewTls(server, context);
    shown = context;
  };
}

async function listen(server: Server, { port, host }: NodeConfig): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
