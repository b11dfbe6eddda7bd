/** Hardhat 3: the compiler is npm's `solc`, so nothing is downloaded; the only network is the one in this process. */
import { createRequire } from 'node:module';
import { defineConfig } from 'hardhat/config';

const require = createRequire(import.meta.url);

export default defineConfig({
  paths: { sources: './contracts', artifacts: './contracts/artifacts', cache: './contracts/cache' },
  solidity: {
    version: '0.8.37',
    path: require.resolve('solc/soljson.js'),
    settings: { optimizer: { enabled: true, runs: 200 }, evmVersion: 'cancun', metadata: { bytecodeHash: 'none' } },
  },
});
