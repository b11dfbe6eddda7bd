/** The runner's child processes: started with their logs in files, watched, and all ended with the runner. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ProtocolError } from '@sealedger/protocol/errors.ts';

export interface Child {
  readonly name: string;
  readonly process: ChildProcess;
  /** First line on stdout, as JSON, that has `key` set. @throws {ChildFailure} where it says why it ended. @throws {ProtocolError} PROCESS_FAILED */
  line(key: string): Promise<Record<string, unknown>>;
  /** Answer to a message that asks by `ask`. */
  ask<T>(ask: string): Promise<T>;
  stop(): Promise<void>;
}

export interface Processes {
  start(name: string, script: URL, args: readonly string[]): Promise<Child>;
  readonly all: readonly Child[];
  /** Ends all, the last one started first. */
  stopAll(): Promise<void>;
}

const KILL_AFTER_MS = 15_000;

/** @param logDirectory - one `NAME.log` for each process. */
export function createProcesses(logDirectory: string): Processes {
  const children: Child[] = [];
  return {
    all: children,
    start: async (name, script, args) => {
      await mkdir(logDirectory, { recursive: true });
      const child = startChild(name, script, args, join(logDirectory, `${name}.log`));
      children.push(child);
      return child;
    },
    stopAll: async () => {
      for (const child of children.splice(0).reverse()) await child.stop();
    },
  };
}

function startChild(name: string, script: URL, args: readonly string[], logFile: string): Child {
  const child = fork(fileURLToPath(script), [...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [] });
  child.stderr!.pipe(createWriteStream(logFile, { flags: 'a' }));
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const look of waiting) look();
  };
  const reader = createInterface({ input: child.stdout! }).on('line', (text) => {
    lines.push(JSON.parse(text) as Record<string, unknown>);
    wake();
  });
  let closed = false;
  const exited = new Promise<void>((resolve) => {
    // The reader closes after the last line of output; the process may have exited before.
    void Promise.all([once(child, 'exit'), once(reader, 'close')]).then(() => {
      closed = true;
      resolve();
      wake();
    });
  });
  return {
    name,
    process: child,
    line: (key) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((line) => key in line);
          if (found === undefined && !closed) return;
          waiting.delete(look);
          const failure = lines.find((line) => 'failure' in line);
          if (found !== undefined) resolve(found);
          else if (failure !== undefined) reject(new ChildFailure(`${name}: ${String(failure['failure'])}`));
          else reject(new ProtocolError('PROCESS_FAILED', { name, exitCode: child.exitCode, log: logFile }));
        };
        waiting.add(look);
        look();
      }),
    ask: (ask) =>
      new Promise((resolve, reject) => {
        const onMessage = (message: { answer?: string; value?: unknown }): void => {
          if (message.answer !== ask) return;
          child.off('message', onMessage);
          resolve(message.value as never);
        };
        child.on('message', onMessage);
        child.send({ ask }, (error) => {
          if (error !== null)
            reject(
              new ProtocolError('PROCESS_FAILED', { name, exitCode: child.exitCode, log: logFile }, { cause: error }),
            );
        });
      }),
    stop: async () => {
      if (closed) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** What a child said before it ended, already in the reader's language. */
export class ChildFailure extends Error {
  override readonly name = 'ChildFailure';
}
