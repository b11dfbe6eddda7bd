/** A file that is written from the network: private, new, no larger than it may be, on disk once it is finished. */
import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import type { ProtocolError } from '@sealedger/protocol/errors.ts';

/** How the name of a file ends while it is written. */
export const INCOMING = '.new';

/**
 * @param limitBytes - what it takes and no more.
 * @param tooLarge - what the writer is told then.
 * @param seen - called with each part that was taken.
 */
export function boundedFile(
  path: string,
  limitBytes: number,
  tooLarge: (bytes: number) => ProtocolError,
  seen: (part: Uint8Array) => void = () => undefined,
): Writable {
  let file: FileHandle | undefined;
  let bytes = 0;
  const settle = (work: Promise<unknown> | undefined, done: (error?: Error | null) => void): void => {
    void Promise.resolve(work).then(() => done(), done);
  };
  const sink = new Writable({
    construct: (done) =>
      settle(
        open(path, 'wx', 0o600).then((handle) => {
          file = handle;
        }),
        done,
      ),
    write: (part: Uint8Array, _encoding, done) => {
      bytes += part.length;
      if (bytes > limitBytes) {
        done(tooLarge(bytes));
        return;
      }
      seen(part);
      settle(file!.appendFile(part), done);
    },
    final: (done) => settle(file!.sync(), done),
    destroy: (error, done) => settle(file?.close(), (failure) => done(error ?? failure ?? null)),
  });
  // Whoever writes hears of a failure through its own promise.
  sink.on('error', () => undefined);
  return sink;
}

/** Resolves when nothing writes to the file any more. */
export function closed(sink: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (sink.closed) resolve();
    else sink.once('close', () => resolve()).destroy();
  });
}
