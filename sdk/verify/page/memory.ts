/** The page's own last state: per chain in the browser's local storage, where the person wants it; nothing else is kept. */
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { Trust } from '@sealedger/protocol/evidence/trust.ts';
import { lastStateText, parseLastState } from '../last-state.ts';
import type { LastState } from '../log-claims.ts';

const PREFIX = 'sealedger/last-state/';

export type Memory = {
  /** Whether anything is remembered. */
  readonly isOn: () => boolean;
  /** @returns the last state, or `lost` where it cannot be read. */
  readonly recall: (trust: Trust) => LastState | 'lost';
  readonly keep: (trust: Trust, state: LastState) => void;
  readonly forget: () => void;
};

/** A browser may refuse storage to a page from a file; then nothing is remembered. */
export function createMemory(storage: Storage | null): Memory {
  const keyOf = ({ chainId, genesisHash }: Trust): string => `${PREFIX}${chainId}/${genesisHash}`;
  const keys = (): string[] => Object.keys(storage ?? {}).filter((key) => key.startsWith(PREFIX));
  return {
    isOn: () => keys().length > 0,
    recall: (trust) => {
      const text = storage?.getItem(keyOf(trust)) ?? '{}';
      try {
        return parseLastState(text, 'last state');
      } catch (error) {
        if (!isProtocolError(error)) throw error;
        return 'lost';
      }
    },
    keep: (trust, state) => storage?.setItem(keyOf(trust), lastStateText(state)),
    forget: () => {
      for (const key of keys()) storage?.removeItem(key);
    },
  };
}

/** The local storage, or null where the browser keeps it back. */
export function browserStorage(): Storage | null {
  try {
    return globalThis.localStorage;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}
