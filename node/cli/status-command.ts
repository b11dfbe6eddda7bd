/**
 * `sealedger-node status --config FILE [--json]`: how the running node is, from its operator's channel.
 *
 * Exit 0 where it is ready and no alert stands, 1 where not, 2 where no node runs.
 */
import { parseArgs } from 'node:util';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import type { NodeStatus } from '@sealedger/protocol/node-status.ts';
import { statusContract } from '../services/admin-status.ts';
import { callAdmin } from './admin-client.ts';
import { type CommandIo, EXIT_DONE, EXIT_FAILED, EXIT_USAGE } from './command.ts';
import { usageText } from './usage.ts';

/** @throws {ProtocolError} ARGUMENT_INVALID, ADMIN_NOT_RUNNING */
export async function statusCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      config: { type: 'string' },
      json: { type: 'boolean', default: false },
      lang: { type: 'string' },
    },
  });
  if (values.config === undefined) {
    io.stderr(usageText('NODE_STATUS_USAGE', io.locale));
    return EXIT_USAGE;
  }
  const locale = localeOf(values.lang, io.locale);
  const status = await callAdmin(values.config, statusContract, {}, { ...io, locale });
  io.stdout(values.json ? `${JSON.stringify(status)}\n` : statusText(status, locale));
  return status.isReady && status.alerts.length === 0 ? EXIT_DONE : EXIT_FAILED;
}

/** @throws {ProtocolError} ARGUMENT_INVALID */
export function localeOf(asked: string | undefined, fallback: Locale): Locale {
  if (asked === undefined || asked === 'en' || asked === 'zh-CN') return asked ?? fallback;
  throw new ProtocolError('ARGUMENT_INVALID', { argument: '--lang', reason: 'en | zh-CN' });
}

function statusText(status: NodeStatus, locale: Locale): string {
  const { log, anchoring, chain, alerts } = status;
  const seconds = (ms: number): number => Math.round(ms / 1000);
  const lines: readonly (readonly [ErrorCode, Readonly<Record<string, unknown>>])[] = [
    [status.isReady ? 'STATUS_READY' : 'STATUS_STARTING', { org: status.org, seconds: seconds(status.uptimeMs) }],
    [
      'STATUS_LOG',
      {
        size: log.size,
        kinds: Object.entries(log.kinds)
          .map((pair) => pair.join(' '))
          .join(', '),
      },
    ],
    ['STATUS_ANCHORING', { ...anchoring, seconds: seconds(anchoring.oldestAgeMs) }],
    ...(anchoring.lastError === null
      ? []
      : [['STATUS_ANCHOR_ERROR', { code: anchoring.lastError, failures: anchoring.failures }] as const]),
    chain.ageMs === null
      ? ['STATUS_CHAIN_UNSEEN', {}]
      : ['STATUS_CHAIN', { head: chain.head, seenBlock: chain.seenBlock, seconds: seconds(chain.ageMs) }],
    ...alerts.map((code) => ['STATUS_ALERT', { code }] as const),
  ];
  return lines.map(([code, details]) => `${messageFor(code, details, locale)}\n`).join('');
}
