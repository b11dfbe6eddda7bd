/** Worker thread for passwords: Argon2id takes a tenth of a second and 64 MiB, which nobody else should wait for. */
import { parentPort } from 'node:worker_threads';
import sodium from 'libsodium-wrappers-sumo';
import { respond } from '../worker-pool.ts';

const port = parentPort!;

port.on('message', ({ password, hash }: { readonly password: string; readonly hash: string | null }) => {
  void respond(
    (answer) => port.postMessage(answer),
    async () => {
      await sodium.ready;
      return hash === null
        ? sodium.crypto_pwhash_str(
            password,
            sodium.crypto_pwhash_OPSLIMIT_INTERACTIVE,
            sodium.crypto_pwhash_MEMLIMIT_INTERACTIVE,
          )
        : sodium.crypto_pwhash_str_verify(hash, password);
    },
  );
});
