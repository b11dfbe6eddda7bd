/** Assertions on refusals: code, details, and that nothing planted shows anywhere in an error. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { type ErrorDetails, isProtocolError, type ProtocolError } from '@sealedger/protocol/errors.ts';
import type { ErrorCode } from '@sealedger/protocol/messages/catalogue.ts';

/** Whether an error has this code and at least these details; for assert.throws and assert.rejects. */
export function refusal(code: ErrorCode, details: ErrorDetails = {}): (error: unknown) => true {
  return (error) => {
    assert.ok(isProtocolError(error), inspect(error));
    assert.equal(error.code, code, inspect(error.details));
    assert.deepEqual({ ...error.details, ...details }, { ...error.details });
    return true;
  };
}

/** The error that a task ends with. */
export async function refusalOf(task: () => unknown): Promise<ProtocolError> {
  try {
    await task();
  } catch (error) {
    assert.ok(isProtocolError(error), inspect(error));
    return error;
  }
  assert.fail('nothing was refused');
}

/** Everything that a log, a peer or a debugger could show of a value, causes included. */
export function everythingOf(value: unknown): string {
  const json = JSON.stringify(value, (_, item: unknown) =>
    item instanceof Error ? { ...item, message: item.message, stack: item.stack, cause: item.cause } : item,
  );
  return `${json}\n${inspect(value, { depth: 20, maxStringLength: null, maxArrayLength: null, showHidden: true })}`;
}

/** Asserts that none of the planted texts is in `value`. */
export function assertFree(value: unknown, planted: readonly string[]): void {
  const text = typeof value === 'string' ? value : everythingOf(value);
  for (const secret of planted)
    assert.ok(!text.includes(secret), `a planted text of ${secret.length} characters shows`);
}
