/** Gates that count, and banks that ask them for much. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { isProtocolError } from '@sealedger/protocol/errors.ts';
import type { RequestDocument } from '@sealedger/protocol/request.ts';
import type { UnlockOrder } from '@sealedger/protocol/unlocking.ts';
import { type Gate, type GateSetting, openGate, orderFor } from '../node/support/gate-fixture.ts';
import { kindOf } from '../node/support/node-state.ts';
import { subjectsOf } from '../node/support/subjects.ts';
import { temporaryDirectory } from '../node/support/temporary.ts';

export async function gateOf(
  t: TestContext,
  change: Partial<RequestDocument> = {},
  setting: GateSetting = {},
): Promise<Gate> {
  const gate = await openGate(join(await temporaryDirectory(t), 'state'), change, undefined, setting);
  t.after(gate.node.close);
  return gate;
}

let nextLane = 0;

/** Unlocks so many subjects in a lane of its own. @returns the code of the refusal, or null. */
export async function unlock(gate: Gate, count: number, change: Partial<UnlockOrder> = {}): Promise<string | null> {
  const lane = nextLane;
  nextLane = (nextLane + 1) % 65_536;
  const { frame } = orderFor(gate, subjectsOf(count), { lane, ...change });
  try {
    await gate.unlocking.unlock('bank', frame);
    return null;
  } catch (error) {
    if (isProtocolError(error)) return error.code;
    throw error;
  }
}

/** How many of the events are of this kind, in order; alerts with their code and count. */
export async function eventsOf(gate: Gate, kind: string): Promise<Readonly<Record<string, unknown>>[]> {
  const events = (await gate.node.logged()).filter((event) => kindOf(event) === kind);
  return events.map(({ openings }) =>
    Object.fromEntries(Object.entries(openings).map(([name, { value }]) => [name, value])),
  );
}
