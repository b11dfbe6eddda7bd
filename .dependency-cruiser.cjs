/**
 * Who may import whom: DESIGN §6 and the stages' order as errors, not as advice. `npm run check` runs it.
 *
 * Files that are named in `new URL('./x-worker.ts', import.meta.url)` are no imports; as sources they stand under the rules
 * of their folder like all others.
 */
const { builtinModules } = require('node:module');

/** The data's way. A stage imports to its left only. */
const STAGES = ['catalogue', 'quality', 'request', 'approval', 'match', 'compute', 'release', 'evidence'];
/** What any stage may use beside the stages to its left. */
const STAGE_TOOLS = '^node/(ports|crypto|mutex|people|worker-pool)[.]ts$';
/** The parts that put a node together; all others are put together by them. */
const ROOTS = '^node/((main|node|assemble|maintenance|config)[.]ts$|services/|cli/)';

const npm = (...names) => `(^|/)node_modules/(${names.join('|')})/`;
const core = `^(node:)?(${builtinModules.map((name) => name.replace(/^node:/, '')).join('|')})$`;

const onlyIn = (name, packages, allowed) => ({
  name,
  severity: 'error',
  from: { path: '^(protocol|sdk|node|transport|console|demo|deploy|bench|test|scripts)/', pathNot: allowed },
  to: { path: npm(...packages) },
});

const folderImports = (folder, allowed, comment) => ({
  name: `${folder}-imports`,
  comment,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: { pathNot: [`^${folder}/`, ...allowed] },
});

const stageRules = STAGES.map((stage, index) => ({
  name: `stage-${stage}`,
  comment: 'A stage imports its own folder, stages to its left, and the tools of all stages.',
  severity: 'error',
  from: { path: `^node/${stage}/` },
  to: {
    path: '^node/',
    pathNot: [`^node/(${STAGES.slice(0, index + 1).join('|')})/`, STAGE_TOOLS],
  },
}));

const packageRules = [
  folderImports(
    'protocol',
    [
      npm(
        '@noble/curves',
        '@noble/hashes',
        'zod',
        'ethers',
        'libsodium-wrappers-sumo',
        '@types/libsodium-wrappers-sumo',
        'canonicalize',
      ),
    ],
    'protocol is pure: no Node built-in and no other part of the repository.',
  ),
  onlyIn('ethers-in-protocol', ['ethers'], ['^protocol/(ledger|evidence)/', '^(demo|deploy|bench|test)/']),
  onlyIn(
    'libsodium-in-few-places',
    ['libsodium-wrappers-sumo'],
    ['^protocol/(poprf[.]ts$|poprf/|(sealed-box|sealed-record|keystore)[.]ts$)', '^node/keys/', '^test/'],
  ),
  onlyIn('canonicalize-in-one-place', ['canonicalize'], ['^protocol/canonical[.]ts$', '^test/']),
  onlyIn('ethereumjs-as-oracle', ['@ethereumjs'], ['^test/']),
  folderImports(
    'sdk',
    ['^(protocol|transport)/', npm('node-seal', 'zod', '@noble/hashes', 'yaml'), core],
    'The SDK stands on the protocol; it never sees a node.',
  ),
  folderImports(
    'transport',
    ['^protocol/', npm('undici'), core],
    'What carries calls knows the protocol and nothing of who calls.',
  ),
  {
    name: 'transport-in-cli',
    comment: 'The SDK runs in a browser; it takes the transport as a port, and its command line fills it in.',
    severity: 'error',
    from: { path: '^sdk/', pathNot: '^sdk/cli/' },
    to: { path: '^transport/' },
  },
  onlyIn('yaml-in-cli', ['yaml'], ['^sdk/cli/', '^node/', '^test/']),
  onlyIn('undici-in-transport', ['undici'], ['^transport/', '^test/']),
  {
    name: 'sdk-built-ins-in-cli',
    comment: 'The SDK runs in a browser; what reads files is its command line.',
    severity: 'error',
    from: { path: '^sdk/', pathNot: '^sdk/cli/' },
    to: { path: core },
  },
  onlyIn('seal-in-he', ['node-seal'], ['^sdk/he-[^/]*[.]ts$', '^(bench|test)/']),
  folderImports('console', ['^sdk/', npm('[^@/][^/]*', '@[^/]+/[^/]+')], 'The console stands on the SDK alone.'),
];

const nodeRules = [
  folderImports(
    'node',
    ['^(protocol|transport)/', npm('libsodium-wrappers-sumo', '@types/libsodium-wrappers-sumo', 'rate-limiter-flexible', 'express', '@types/express', 'level', '@duckdb/node-api', '@duckdb/node-bindings', 'zod', 'yaml', 'croner', 'pg', 'pg-copy-streams', '@types/pg', '@types/pg-copy-streams', 'prom-client'), core],
    'A node stands on the protocol; it never sees the SDK.',
  ),
  onlyIn('express-in-server', ['express', '@types/express'], ['^node/server/']),
  onlyIn('rate-limiter-in-server', ['rate-limiter-flexible'], ['^node/server/', '^test/']),
  onlyIn('level-in-stores', ['level'], ['^node/store/', '^node/evidence/level-store[.]ts$', '^(bench|test)/']),
  onlyIn('duckdb-in-tables', ['@duckdb/node-api', '@duckdb/node-bindings'], ['^node/(catalogue|quality)/', '^(bench|test)/']),
  onlyIn('postgres-in-sources', ['pg', 'pg-copy-streams'], ['^node/catalogue/', '^test/']),
  {
    name: 'evidence-behind-the-roots',
    comment: 'Stages emit evidence through node/ports.ts; only the roots, and the store beside it, know the log.',
    severity: 'error',
    from: { path: '^node/', pathNot: ['^node/evidence/', ROOTS] },
    to: { path: '^node/evidence/', pathNot: '^node/evidence/level-store[.]ts$' },
  },
  {
    name: 'tools-below-stages',
    comment: 'What all stages use knows no stage.',
    severity: 'error',
    from: { path: ['^node/(chain|keys|peer)/', STAGE_TOOLS, '^node/log[.]ts$'] },
    to: { path: `^node/(server|store|${STAGES.join('|')})/` },
  },
  {
    name: 'store-knows-its-like',
    comment: "One Level database holds the node's state and the log: the two stores share the form of a batch.",
    severity: 'error',
    from: { path: '^node/store/' },
    to: { path: '^node/', pathNot: ['^node/store/', '^node/ports[.]ts$', '^node/evidence/level-store[.]ts$'] },
  },
  {
    name: 'server-knows-no-work',
    comment: 'Routes call what they are given; they may know sizes and formats of the request stage, and the roles of people.',
    severity: 'error',
    from: { path: '^node/server/' },
    to: { path: '^node/', pathNot: ['^node/server/', '^node/request/', '^node/(ports|log|crypto|people)[.]ts$'] },
  },
  {
    name: 'roots-on-top',
    comment: 'What puts a node together is imported by nothing in the node but its like.',
    severity: 'error',
    from: { path: '^node/', pathNot: ROOTS },
    to: { path: ROOTS },
  },
];

const placeRules = [
  {
    name: 'nothing-imports-the-outside',
    comment: 'demo may import all; demo, bench and test are imported by nothing but tests.',
    severity: 'error',
    from: { path: '^(protocol|sdk|node|transport|console|deploy|scripts)/' },
    to: { path: '^(demo|bench|test)/' },
  },
  {
    name: 'demo-and-bench-stand-alone',
    comment: 'A benchmark may start what the tests start, through their support files.',
    severity: 'error',
    from: { path: '^(demo|bench)/' },
    to: { path: '^(demo|bench|test)/', pathNot: ['^$1/', '^test/[^/]+/support/'] },
  },
  {
    name: 'deploy-imports',
    comment: 'A chain and its contracts need no node and no SDK.',
    severity: 'error',
    from: { path: '^deploy/' },
    to: { path: '^(node|sdk|console)/' },
  },
  onlyIn('hardhat-in-deploy', ['hardhat', '@nomicfoundation', 'solc'], ['^(deploy|test|scripts)/']),
];

const graphRules = [
  {
    name: 'no-built-in-in-a-browser',
    comment: 'From what a browser loads no Node built-in is reachable through our own files.',
    severity: 'error',
    from: { path: '^sdk/(index|verify/verify-bundle)[.]ts$' },
    to: { path: core, reachable: true },
  },
  {
    name: 'no-cycles',
    comment: 'Cycles of types alone vanish with the types and are left out.',
    severity: 'error',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
];

module.exports = {
  forbidden: [...packageRules, ...nodeRules, ...stageRules, ...placeRules, ...graphRules],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(protocol/rlwe|node/catalogue)/assembly/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    preserveSymlinks: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
