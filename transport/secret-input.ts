/**
 * How a command gets a secret: from a file, from a descriptor, or typed at a terminal that shows nothing of it. Never
 * from an argument or from the environment, which other processes can read.
 *
 * Here because the commands of the node and of the SDK, which do not know each other, ask in the same way.
 */
import { createReadStream } from 'node:fs';
import type { ReadStream } from 'node:tty';
import { ProtocolError } from '@sealedger/protocol/errors.ts';
import { type ErrorCode, type Locale, messageFor } from '@sealedger/protocol/messages/catalogue.ts';
import { MAX_SECRET_BYTES, secretLine, type Typed, typeKeys } from '@sealedger/protocol/passphrase.ts';
import { readSecretFile } from './secret-file.ts';

/** Options by which commands name where the keystore's passphrase is. */
export const PASSPHRASE_OPTIONS = {
  'passphrase-file': { type: 'string' },
  'passphrase-fd': { type: 'string' },
} as const;

/** What `PASSPHRASE_OPTIONS` gave. */
export interface PassphraseValues {
  readonly 'passphrase-file'?: string | undefined;
  readonly 'passphrase-fd'?: string | undefined;
}

/** Where a secret is; with neither it is asked for. */
export interface SecretPlace {
  readonly file?: string | undefined;
  readonly fd?: string | undefined;
}

/** The place that a command's options name. */
export function placeOf({ 'passphrase-file': file, 'passphrase-fd': fd }: PassphraseValues): SecretPlace {
  return { file, fd };
}

/** A terminal, or what stands for one. */
export interface Terminal {
  readonly input: Pick<ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause' | 'setEncoding'>;
  readonly show: (text: string) => void;
}

export const processTerminal: Terminal = {
  input: process.stdin,
  show: (text) => void process.stderr.write(text),
};

/**
 * Reads a secret from where it is said to be, or asks.
 * @param question - text to ask with.
 * @param missing - code for where neither a place is named nor a terminal is there.
 * @throws {ProtocolError} SECRET_FILE_MODE, SECRET_UNREADABLE, ARGUMENT_INVALID, `missing`
 */
export async function readSecret(
  { file, fd }: SecretPlace,
  question: string,
  missing: ErrorCode,
  terminal: Terminal = processTerminal,
): Promise<string> {
  if (file !== undefined && fd !== undefined) {
    throw new ProtocolError('ARGUMENT_INVALID', { argument: '-file, -fd', reason: 'one of the two' });
  }
  if (file !== undefined) return secretFrom(await readSecretFile(file));
  if (fd !== undefined) return secretFrom(await readDescriptor(fd));
  if (!terminal.input.isTTY) throw new ProtocolError(missing, {});
  return ask(terminal, question);
}

/** Reads a keystore's passphrase. @throws {ProtocolError} PASSPHRASE_MISSING, and as readSecret */
export function readPassphrase(place: SecretPlace, locale: Locale, terminal?: Terminal): Promise<string> {
  return readSecret(place, messageFor('PASSPHRASE_ASK', {}, locale), 'PASSPHRASE_MISSING', terminal);
}

/** Reads a new one; what is typed is typed twice. @throws {ProtocolError} PASSPHRASE_MISSING, PASSPHRASE_DIFFERS, and as readSecret */
export async function readNewPassphrase(
  place: SecretPlace,
  locale: Locale,
  terminal: Terminal = processTerminal,
): Promise<string> {
  const read = (code: 'PASSPHRASE_ASK_NEW' | 'PASSPHRASE_ASK_AGAIN'): Promise<string> =>
    readSecret(place, messageFor(code, {}, locale), 'PASSPHRASE_MISSING', terminal);
  const passphrase = await read('PASSPHRASE_ASK_NEW');
  if (place.file !== undefined || place.fd !== undefined) return passphrase;
  if ((await read('PASSPHRASE_ASK_AGAIN')) !== passphrase) throw new ProtocolError('PASSPHRASE_DIFFERS', {});
  return passphrase;
}

function secretFrom(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) throw new ProtocolError('SECRET_UNREADABLE', {});
  return secretLine(bytes);
}

async function readDescriptor(text: string): Promise<Uint8Array> {
  if (!/^[0-9]{1,6}$/.test(text)) {
    throw new ProtocolError('ARGUMENT_INVALID', { argument: '-fd', reason: 'number of an open descriptor' });
  }
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of createReadStream('', { fd: Number(text) }) as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size > MAX_SECRET_BYTES) break;
    }
  } catch (cause) {
    throw new ProtocolError('SECRET_UNREADABLE', {}, { cause });
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** Asks at a terminal without showing what is typed. @throws {ProtocolError} SECRET_UNREADABLE where it is broken off */
export async function ask({ input, show }: Terminal, question: string): Promise<string> {
  show(question);
  input.setEncoding('utf8');
  input.setRawMode(true);
  input.resume();
  try {
    const { text, state } = await new Promise<Typed>((resolve) => {
      let typed: Typed = { text: '', state: 'typing' };
      const take = (keys: string): void => {
        typed = typeKeys(typed, keys);
        if (typed.state === 'typing') return;
        input.off('data', take);
        resolve(typed);
      };
      input.on('data', take);
    });
    if (state === 'aborted') throw new ProtocolError('SECRET_UNREADABLE', {});
    return secretLine(new TextEncoder().encode(text));
  } finally {
    input.setRawMode(false);
    input.pause();
    show('\n');
  }
}
