// Who may import whom. Unlisted is forbidden, and so are cycles: the tables are allow-lists.

const npm = (...names) => names.map((name) => `(^|/)node_modules/${name}/`);
const oneOf = (...patterns) => patterns.map((pattern) => `(?:${pattern})`).join('|');

const CORE = '^src/core/';
const PORTS = '^src/ports/';
const AGENT = '^src/agent/';
const APP = '^src/app/';
const WEB = '^src/adapters/web/';
const NODEJS = '^src/adapters/nodejs/';
const WEBSOCKET = '^src/adapters/websocket/';
const MEMORY = '^src/adapters/memory/';
const WORKERS = '^workers/';
const SIGNALING = '^signaling/';
const TESTS = '^tests/';

/** The browser's composition root: main.ts and what it is split into. */
const APP_ROOT = '^src/app/(main\\.ts$|boot/)';
const SERVICE_WORKER = '^workers/service-worker';
const WORKBOX = npm('workbox-(core|precaching|routing|strategies)');

const may = (from, ...to) => ({ from: { path: from }, to: { path: oneOf(...to) } });
const mayButNot = (from, except, ...to) => ({
  from: { path: from, pathNot: except },
  to: { path: oneOf(...to) },
});
/** `import type` only. */
const mayKnow = (from, ...to) => ({
  from: { path: from },
  to: { path: oneOf(...to), dependencyTypes: ['type-only'] },
});
const mayUseNode = (from) => ({ from: { path: from }, to: { dependencyTypes: ['core'] } });

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or need a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: 'resolvable',
      comment: 'Every import must lead to a file, a listed package or a Node.js module.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'shipped-code-uses-shipped-packages',
      comment: 'What a user runs must be in "dependencies"; types may come from anywhere.',
      severity: 'error',
      from: { path: '^(src|workers|signaling)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['type-only'],
      },
    },
  ],
  allowed: [
    may(CORE, CORE, ...npm('@noble/[^/]+', '@scure/bip39', 'cborg', 'fflate')),
    may(PORTS, CORE, PORTS),
    may(AGENT, AGENT, CORE, PORTS),

    may(MEMORY, MEMORY, CORE, PORTS),
    may(WEBSOCKET, WEBSOCKET, CORE, PORTS),
    may(WEB, WEB, WEBSOCKET, CORE, PORTS, ...npm('idb', 'comlink', 'peerjs', 'workbox-window')),
    mayKnow(WEB, WORKERS),
    may(NODEJS, NODEJS, WEBSOCKET, CORE, PORTS, ...npm('node-datachannel', 'ignore')),
    // The codec runs in a thread; both ends of it speak comlink.
    may('^src/adapters/nodejs/codec', ...npm('comlink')),
    may('^src/adapters/nodejs/codec-thread', '^workers/kernel/'),
    may('^src/adapters/nodejs/version', '^package[.]json$'),
    mayUseNode(NODEJS),

    mayButNot(APP, APP_ROOT, APP, CORE, ...npm('svelte', 'uqr', 'workbox-window')),
    mayKnow(APP, AGENT, PORTS),
    may(
      APP_ROOT,
      APP,
      CORE,
      AGENT,
      PORTS,
      WEB,
      WEBSOCKET,
      ...npm('svelte', 'uqr', 'workbox-window', 'comlink'),
    ),

    may('^src/cli/', '^src/cli/', AGENT, CORE, PORTS, NODEJS, WEBSOCKET, SIGNALING),
    mayUseNode('^src/cli/'),

    may(WORKERS, WORKERS, CORE, ...npm('comlink', '@bokuweb/zstd-wasm')),
    may(SERVICE_WORKER, ...WORKBOX),

    may(
      SIGNALING,
      SIGNALING,
      '^src/core/(bytes|cbor|schema|utf8|ids|errors|limits|wire|crypto|identity|roster|placement/reliability)(/|\\.ts$)',
      ...npm('ws', '@types/ws'),
    ),
    mayUseNode(SIGNALING),

    { from: { path: TESTS }, to: {} },
  ],
  allowedSeverity: 'error',
  options: {
    doNotFollow: { path: 'node_modules' },
    // AssemblyScript is compiled by its own compiler only.
    exclude: { path: ['^dist/', '^build/', '^workers/kernel/assembly/'] },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    skipAnalysisNotInRules: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'svelte', 'import', 'node', 'default'],
      mainFields: ['module', 'main', 'types', 'typings'],
      extensions: ['.ts', '.js', '.mjs', '.svelte', '.d.ts', '.json'],
    },
  },
};
