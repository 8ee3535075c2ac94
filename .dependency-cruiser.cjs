// Who may import whom: DESIGN's import table, held by scripts/checkLayers.ts. Tests and fixtures may import anything.

const CODE = '(?<!\\.(?:test|fixture))\\.ts$';
const STEPS = ['discover', 'verify', 'request', 'pay', 'deliver', 'attest'];

/** Each folder of src/ and the folders of src/ that it may import from. */
const LAYERS = {
  core: [],
  nostr: ['core'],
  marmot: ['core', 'nostr'],
  negotiate: ['core'],
  decide: ['core', 'negotiate'],
  ...Object.fromEntries(STEPS.map((step) => [step, ['core', 'nostr', 'negotiate']])),
  store: ['core'],
  agent: ['core', 'nostr', 'marmot', 'negotiate', 'decide', ...STEPS, 'store'],
  relay: ['core', 'nostr'],
  cli: ['core', 'agent', 'relay'],
  mcp: ['core', 'agent'],
  dashboard: ['core', 'agent'],
};

/** Libraries that one folder alone meets. */
const HOMES = {
  'ts-mls': ['marmot'],
  'smol-toml': ['agent'],
  'nostr-wasm': ['nostr'],
  commander: ['cli'],
  '@modelcontextprotocol': ['mcp'],
  hono: ['dashboard'],
};

const layerRules = Object.entries(LAYERS).map(([folder, allowed]) => ({
  name: `layer-${folder}`,
  comment: `src/${folder} imports from src only: ${allowed.join(', ') || 'nothing'} (and itself).`,
  severity: 'error',
  from: { path: `^src/${folder}/.*${CODE}` },
  // A program that is built on the public API alone may stand in cli as well.
  to: { path: '^src/', pathNot: `^src/(?:${[folder, ...allowed].join('|')})/${folder === 'cli' ? '|^src/index\\.ts$' : ''}` },
}));

const homeRules = Object.entries(HOMES).map(([library, folders]) => ({
  name: `home-of-${library.replace('@', '')}`,
  comment: `${library} is met in src/${folders.join(', src/')} alone.`,
  severity: 'error',
  from: { path: `^src/.*${CODE}`, pathNot: `^src/(?:${folders.join('|')})/` },
  to: { path: `node_modules/${library}/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layerRules,
    ...homeRules,
    {
      name: 'compose-alone-is-concrete',
      comment:
        'Only agent/compose.ts, composeSigner.ts, composeIdentity.ts and composeHome.ts meet the store, the relay pool, bunkers and the rails as concrete parts; the rest sees their types.',
      severity: 'error',
      from: { path: `^src/agent/.*${CODE}`, pathNot: '^src/agent/compose(?:Signer|Identity|Home)?\\.ts$' },
      to: { path: '^src/(?:store/|nostr/(?:relayPool|pool|bunker)|pay/(?:rails/|sandbox|nwc|hold))', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycle',
      comment: 'Files that need each other are one file, or miss a third one.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'tests-stay-outside',
      comment: 'The product imports no test, fixture, script, benchmark or interop driver.',
      severity: 'error',
      from: { path: `^src/.*${CODE}` },
      to: { path: '^(?:test|scripts|bench|interop)/|\\.(?:test|fixture)\\.ts$' },
    },
    {
      name: 'declared-dependencies',
      comment: 'The product imports only what package.json lists under dependencies.',
      severity: 'error',
      from: { path: `^src/.*${CODE}` },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'], dependencyTypesNot: ['npm', 'type-only'] },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
