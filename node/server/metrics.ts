/**
 * Metrics for a Prometheus on the same machine: `/metrics`, `/healthz`, `/readyz` on a loopback port of their own.
 *
 * A scraper cannot sign (RFC 9421), and the operator's token is new at every start, so this listener asks for nothing. What
 * it answers is therefore kept to counts, ages and codes; it has no parameters, takes no body, and does not listen beyond
 * this machine. A foreign Host is refused, so that no page in a browser reads it by DNS rebinding.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NodeStatus } from '@sealedger/protocol/node-status.ts';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Logger } from '../ports.ts';

const LOOPBACK = '127.0.0.1';
const LOCAL_HOSTS = ['127.0.0.1', 'localhost'];

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Grants in use, in numbers: by state, class and code only, never by request or requester. */
export interface InUseMetrics {
  /** Requests that this node has part in. */
  readonly requests: ReadonlyMap<string, number>;
  readonly decisionsWaiting: number;
  readonly decisionsOverdue: number;
  /** Scores that this node metered, over all grants. */
  readonly unlocked: number;
  /** Since the start. */
  readonly refusals: ReadonlyMap<string, number>;
  /** Grants that this organisation suspended itself. */
  readonly suspended: number;
  /** Alerts about use that nobody looked at. */
  readonly alerts: number;
  /** Largest share that any requester has spent. */
  readonly budgets: readonly { readonly subjects: string; readonly period: string; readonly share: number }[];
}

export interface MetricsParts {
  readonly status: () => Promise<NodeStatus>;
  readonly inUse: () => Promise<InUseMetrics>;
  readonly log: Logger;
}

type Reading = readonly [name: string, help: string, read: (status: NodeStatus) => number | null];

const READINGS: readonly Reading[] = [
  ['sealedger_ready', 'Whether the node has finished its start', ({ isReady }) => (isReady ? 1 : 0)],
  ['sealedger_uptime_seconds', 'Time since the start', ({ uptimeMs }) => uptimeMs / 1000],
  ['sealedger_log_size', 'Events in the log', ({ log }) => log.size],
  ['sealedger_anchored_size', 'Events anchored on chain', ({ anchoring }) => anchoring.anchoredSize],
  ['sealedger_confirmed_size', 'Events anchored and confirmed', ({ anchoring }) => anchoring.confirmedSize],
  ['sealedger_anchor_backlog', 'Events that are not anchored', ({ anchoring }) => anchoring.backlog],
  ['sealedger_anchor_backlog_limit', 'Backlog that needs a person', ({ anchoring }) => anchoring.backlogLimit],
  [
    'sealedger_anchor_oldest_seconds',
    'Age of the oldest event that is not anchored',
    ({ anchoring }) => anchoring.oldestAgeMs / 1000,
  ],
  ['sealedger_anchor_failures', 'Failures since the last success', ({ anchoring }) => anchoring.failures],
  ['sealedger_chain_head', 'Latest block of the chain', ({ chain }) => chain.head],
  ['sealedger_chain_seen_block', 'Block up to which events were taken in', ({ chain }) => chain.seenBlock],
  [
    'sealedger_chain_age_seconds',
    'Time since the chain was last reached',
    ({ chain }) => (chain.ageMs === null ? null : chain.ageMs / 1000),
  ],
];

/** Text in Prometheus' format, from one reading of status and use. */
export async function metricsText(status: NodeStatus, inUse: InUseMetrics): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  for (const [name, help, read] of READINGS) {
    const value = read(status);
    // What is not known is left out: a zero would be a number.
    if (value !== null) new Gauge({ name, help, registers }).set(value);
  }
  const kinds = new Gauge({
    name: 'sealedger_log_events',
    help: 'Events in the log by kind',
    labelNames: ['kind'],
    registers,
  });
  for (const [kind, count] of Object.entries(status.log.kinds)) kinds.set({ kind }, count);
  const alerts = new Gauge({ name: 'sealedger_alert', help: 'Alerts that stand', labelNames: ['code'], registers });
  for (const code of status.alerts) alerts.set({ code }, 1);
  const { lastError } = status.anchoring;
  const errors = new Gauge({
    name: 'sealedger_anchor_error',
    help: 'Code of the last failure of anchoring, until it succeeds',
    labelNames: ['code'],
    registers,
  });
  if (lastError !== null) errors.set({ code: lastError }, 1);
  addInUse(registry, inUse);
  return registry.metrics();
}

function addInUse(registry: Registry, inUse: InUseMetrics): void {
  const registers = [registry];
  const gauge = (name: string, help: string, value: number): void => new Gauge({ name, help, registers }).set(value);
  const byLabel = (name: string, help: string, label: string, values: ReadonlyMap<string, number>): void => {
    const labelled = new Gauge({ name, help, labelNames: [label], registers });
    for (const [key, value] of values) labelled.set({ [label]: key }, value);
  };
  byLabel('sealedger_requests', 'Requests that concern this node by state on chain', 'state', inUse.requests);
  gauge('sealedger_decisions_waiting', 'Requests that wait for a person', inUse.decisionsWaiting);
  gauge('sealedger_decisions_overdue', 'Deadlines of requests that have passed', inUse.decisionsOverdue);
  gauge('sealedger_unlocked_scores', 'Scores metered by this gate', inUse.unlocked);
  // rate and concurrency limits are among the codes
  const refusals = new Counter({
    name: 'sealedger_refusals_total',
    help: 'Refused calls since the start by code',
    labelNames: ['code'],
    registers,
  });
  for (const [code, count] of inUse.refusals) refusals.inc({ code }, count);
  gauge('sealedger_suspended_grants', 'Grants suspended by this organisation', inUse.suspended);
  gauge('sealedger_usage_alerts', 'Alerts about use that nobody acknowledged', inUse.alerts);
  const labelNames = ['subjects', 'period'];
  const budgets = new Gauge({
    name: 'sealedger_budget_share',
    help: 'Largest share of a budget that a requester has spent',
    labelNames,
    registers,
  });
  for (const { subjects, period, share } of inUse.budgets) budgets.set({ subjects, period }, share);
}

/** @param port - 0 for a free one. */
export async function startMetricsServer(port: number, parts: MetricsParts): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    answer(request, response, parts).catch((error: unknown) => {
      parts.log.error('metrics failed', {}, error);
      send(response, 500, 'text/plain', 'failed\n');
    });
  });
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { status, inUse }: MetricsParts,
): Promise<void> {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  if (request.method !== 'GET' || request.headers.origin !== undefined || !LOCAL_HOSTS.includes(host)) {
    send(response, 403, 'text/plain', 'refused\n');
    return;
  }
  switch (request.url) {
    case '/metrics':
      send(response, 200, Registry.PROMETHEUS_CONTENT_TYPE, await metricsText(await status(), await inUse()));
      return;
    case '/healthz':
      send(response, 200, 'text/plain', 'ok\n');
      return;
    case '/readyz': {
      const { isReady } = await status();
      send(response, isReady ? 200 : 503, 'text/plain', isReady ? 'ready\n' : 'starting\n');
      return;
    }
    default:
      send(response, 404, 'text/plain', 'unknown\n');
  }
}

function send(response: ServerResponse, code: number, type: string, text: string): void {
  response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(text);
}
