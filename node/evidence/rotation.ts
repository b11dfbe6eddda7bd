/**
 * What must be done before a signing key of this organisation is replaced on chain.
 *
 * An event says nothing reliable of when it was signed; only an anchor from before the replacement does. What is signed
 * under the old key and not anchored by then looks, to everybody else, like the work of somebody who found that key.
 */
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { Clock } from '../ports.ts';
import type { Anchorer } from './anchor.ts';

const PAUSE_MS = 250;

/**
 * Anchors everything logged so far and waits until it is confirmed. The caller lets nothing be appended from before this
 * call until the log signs under the new key.
 * @param timeoutMs - how long to go on while the chain is away or confirmations are missing.
 * @returns the number of events that the old key signed for good.
 * @throws {ProtocolError} ROTATION_NOT_ANCHORED: the key must not be replaced now; ANCHOR_LOG_REWOUND, ANCHOR_ROOT_DIFFERS
 */
export async function anchorUnderOldKey(
  anchorer: Pick<Anchorer, 'flush' | 'status'>,
  clock: Clock,
  timeoutMs: number,
): Promise<number> {
  const endMs = clock.now() + timeoutMs;
  for (;;) {
    await anchorer.flush();
    const { logSize, confirmedSize } = await anchorer.status();
    if (confirmedSize === logSize) return logSize;
    if (clock.now() >= endMs)
      throw new ProtocolError('ROTATION_NOT_ANCHORED', { size: logSize, confirmed: confirmedSize });
    await clock.sleep(PAUSE_MS);
  }
}
