/**
 * A clock that does not go back: what was too late once stays too late, and a day that is over does not come again.
 *
 * Whoever sets a node's clock back could otherwise use a grant after its term, outside its hours, or a period's budget
 * twice. The highest time seen is kept over restarts. A mark that lies more than a day ahead of the clock at a start is
 * taken for a clock that was once wrong, and dropped with a word in the log; so a wrong clock is mended by a restart.
 */
import type { Clock, Logger, StateStore } from './ports.ts';

const KEY = 'clock/highest';
const MAX_AHEAD_MS = 86_400_000;

export interface SteadyClock extends Clock {
  /** Makes the highest time durable. */
  keep(): Promise<void>;
}

export async function openSteadyClock(
  clock: Clock,
  state: StateStore,
  log: Pick<Logger, 'error'>,
): Promise<SteadyClock> {
  const stored = await state.get<number>(KEY);
  const aheadMs = (stored ?? 0) - clock.now();
  if (aheadMs > MAX_AHEAD_MS) log.error('the clock went back too far to be held', { aheadMs });
  let highest = stored !== undefined && aheadMs <= MAX_AHEAD_MS ? stored : clock.now();
  let kept = highest;
  const now = (): number => {
    highest = Math.max(highest, clock.now());
    return highest;
  };
  return {
    now,
    sleep: (ms) => clock.sleep(ms),
    keep: async () => {
      const value = now();
      if (value === kept) return;
      await state.write([{ type: 'put', key: KEY, value }]);
      kept = value;
    },
  };
}
