/**
 * Reading a call's body: its declared size, its signed digest, a deadline that follows from its size, and no long pause.
 *
 * No parser sees a byte of it before the digest has held. A body that comes too slowly is refused while its socket still
 * lives, so that the sender learns why.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import { equalBytes } from '@sealedger/protocol/bytes.ts';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import type { LimitsConfig } from './limits.ts';

/**
 * Checks what the header says of the body, before anything of it is read.
 * @throws {ProtocolError} BODY_ENCODED, BODY_LENGTH_MISSING, BODY_TOO_LARGE
 */
export function assertBodySize({ headers }: IncomingMessage, limitBytes: number): void {
  if (headers['content-encoding'] !== undefined) throw new ProtocolError('BODY_ENCODED', {});
  if (headers['transfer-encoding'] !== undefined) throw new ProtocolError('BODY_LENGTH_MISSING', {});
  const declaredBytes = Number(headers['content-length'] ?? 0);
  if (declaredBytes > limitBytes) throw new ProtocolError('BODY_TOO_LARGE', { declaredBytes, limitBytes });
}

export interface BodyTerms {
  /** Signed SHA-256; without one there is no body. */
  readonly digest: Uint8Array | undefined;
  readonly limitBytes: number;
  readonly pace: LimitsConfig['body'];
}

/** @throws {ProtocolError} BODY_TOO_LARGE, BODY_TOO_SLOW, BODY_TRUNCATED, BODY_DIGEST_MISMATCH */
export async function readBody(request: IncomingMessage, terms: BodyTerms): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  await consume(request, terms, (part) => {
    parts.push(part);
    return undefined;
  });
  return Buffer.concat(parts);
}

/**
 * Streams the body into `sink`; discard what was written where the promise rejects.
 * @throws {ProtocolError} as {@link readBody}
 */
export async function pipeBody(
  request: IncomingMessage,
  sink: NodeJS.WritableStream & { destroy?(error?: Error): unknown },
  terms: BodyTerms,
): Promise<void> {
  const written = finished(sink);
  let hasFailed = false;
  written.catch(() => {
    hasFailed = true;
  });
  try {
    await consume(request, terms, (part) => {
      if (hasFailed) return written;
      return sink.write(part) ? undefined : Promise.race([once(sink, 'drain'), written]);
    });
    sink.end();
    await written;
  } catch (error) {
    sink.destroy?.(error as Error);
    throw error;
  }
}

/** @param take - gets each part; the sender waits while what it returns is pending. */
async function consume(
  request: IncomingMessage,
  { digest, limitBytes, pace }: BodyTerms,
  take: (part: Buffer) => Promise<unknown> | undefined,
): Promise<void> {
  const hash = createHash('sha256');
  const declaredBytes = Number(request.headers['content-length'] ?? 0);
  const ended = Promise.withResolvers<void>();
  let receivedBytes = 0;
  const onData = (part: Buffer): void => {
    receivedBytes += part.length;
    if (receivedBytes > limitBytes) {
      ended.reject(new ProtocolError('BODY_TOO_LARGE', { declaredBytes: receivedBytes, limitBytes }));
      return;
    }
    hash.update(part);
    stall.refresh();
    const taken = take(part);
    if (taken === undefined) return;
    request.pause();
    taken.then(() => {
      stall.refresh();
      request.resume();
    }, ended.reject);
  };
  const onEnd = (): void => ended.resolve();
  const onBreak = (): void => ended.reject(new ProtocolError('BODY_TRUNCATED', { receivedBytes }));
  const startedMs = performance.now();
  const tooSlow = (): void => {
    const seconds = Math.ceil((performance.now() - startedMs) / 1000);
    ended.reject(new ProtocolError('BODY_TOO_SLOW', { receivedBytes, seconds }));
  };
  const deadline = setTimeout(tooSlow, 1000 * (pace.graceSeconds + declaredBytes / pace.bytesPerSecond));
  const stall = setTimeout(tooSlow, 1000 * pace.graceSeconds);
  request.on('data', onData).once('end', onEnd).once('close', onBreak).once('error', onBreak);
  try {
    if (request.destroyed && !request.readableEnded) onBreak();
    await ended.promise;
  } finally {
    clearTimeout(deadline);
    clearTimeout(stall);
    request.off('data', onData).off('end', onEnd).off('close', onBreak);
  }
  if (digest === undefined || !equalBytes(hash.digest(), digest)) throw new ProtocolError('BODY_DIGEST_MISMATCH', {});
}
