/** Whether the log that was opened is the one that was anchored: an older copy that somebody restored is not. */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { AnchorChain, ReadableLog } from './ports.ts';

/**
 * Holds the log against the latest checkpoint on chain; sends nothing.
 * @throws {ProtocolError} ANCHOR_LOG_REWOUND, ANCHOR_ROOT_DIFFERS, CHAIN_UNREACHABLE
 */
export async function assertSameHistory(
  log: Pick<ReadableLog, 'size' | 'rootAt'>,
  chain: Pick<AnchorChain, 'latestAnchor'>,
): Promise<void> {
  const { size, root } = await chain.latestAnchor();
  if (size > log.size) throw new ProtocolError('ANCHOR_LOG_REWOUND', { anchored: size, size: log.size });
  if (size > 0 && (await log.rootAt(size)) !== root) throw new ProtocolError('ANCHOR_ROOT_DIFFERS', { size });
}
