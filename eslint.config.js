// What the compiler cannot say: purity of the inner folders, handled promises, exhaustive switches, house style.

import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const house = { rules: { 'opening-line': openingLine(), 'documented-export': documentedExport() } };

const clocksAndDice = [
  ...['Date', 'performance'].map((name) => ({ name, message: 'Time enters as an argument or a tick: core/ports.ts has the Clock.' })),
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'].map((name) => ({ name, message: 'Waiting belongs to src/agent.' })),
  ...['crypto', 'Crypto'].map((name) => ({ name, message: 'Randomness enters as an argument: core/ports.ts has the Rng.' })),
  ...['process', 'console', 'fetch', 'WebSocket', 'navigator'].map((name) => ({
    name,
    message: 'This folder is pure: no input, no output.',
  })),
];

const impureImports = {
  paths: [
    {
      name: 'node:crypto',
      allowImportNames: ['createHash', 'createHmac', 'hash', 'hkdfSync', 'timingSafeEqual'],
      message: 'Only functions of their arguments here: randomness enters through the Rng port.',
    },
    { name: '@noble/hashes/utils.js', importNames: ['randomBytes'], message: 'Randomness enters through the Rng port.' },
  ],
  patterns: [
    {
      regex: '^(?!node:crypto$)node:|^(fs|net|http|https|os|dns|tls|child_process|crypto|timers|worker_threads)(/|$)',
      message: 'This folder is pure.',
    },
  ],
};

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'node_modules/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { house },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/restrict-plus-operands': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'typeLike', format: ['PascalCase'] },
        { selector: ['function', 'parameter', 'method'], format: ['camelCase'], leadingUnderscore: 'allow' },
        { selector: 'variable', format: ['camelCase', 'UPPER_CASE', 'PascalCase'], leadingUnderscore: 'allow' },
        { selector: ['variable', 'parameter'], modifiers: ['destructured'], format: null },
        // The one field of Nostr events with an underscore.
        { selector: ['variable', 'parameter'], filter: '^created_at$', format: null },
      ],
      eqeqeq: 'error',
      'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
      'no-control-regex': 'error',
      'no-empty': 'error',
      'no-fallthrough': 'error',
      'no-self-compare': 'error',
      'no-unreachable': 'error',
      'no-unsafe-finally': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  { files: ['**/*.test.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
  {
    files: ['{src,interop}/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.fixture.ts'],
    rules: {
      'house/opening-line': 'error',
      'house/documented-export': 'error',
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'No barrels: name what is exported.' },
        { selector: 'ExportDefaultDeclaration', message: 'Exports have names.' },
      ],
    },
  },
  {
    files: ['src/{core,negotiate,decide}/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.fixture.ts'],
    rules: {
      'no-restricted-globals': ['error', ...clocksAndDice],
      'no-restricted-imports': ['error', impureImports],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness enters through the Rng port.' },
        ...['Date', 'crypto', 'process', 'setTimeout', 'setInterval', 'fetch', 'performance'].map((property) => ({
          object: 'globalThis',
          property,
          message: 'This folder is pure.',
        })),
      ],
    },
  },
  {
    // Old Nodes must be able to read these to say what to do: ES2020 without what Node 12 lacks.
    files: ['bin/*.js'],
    languageOptions: { ecmaVersion: 2020, sourceType: 'module' },
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'ChainExpression', message: 'Node 12 cannot parse optional chaining.' },
        { selector: 'LogicalExpression[operator="??"]', message: 'Node 12 cannot parse "??".' },
        { selector: 'ImportDeclaration[source.value=/^node:/]', message: 'Node 12 before 12.20 does not know "node:" imports.' },
      ],
      'no-unused-vars': 'off',
      'no-var': 'error',
      'prefer-const': 'error',
      eqeqeq: 'error',
    },
  },
);

// House style 1: a file opens with one line that says what it is for.
function openingLine() {
  return {
    create: (context) => ({
      Program(node) {
        const [first] = context.sourceCode.getAllComments();
        const opens = first !== undefined && first.type === 'Line' && first.loc.start.line <= 2 && first.value.trim().length > 10;
        if (!opens)
          context.report({ node, loc: { line: 1, column: 0 }, message: 'Open the file with one comment line that says what it is for.' });
      },
    }),
  };
}

// House style 9: each export says in a sentence what it is.
function documentedExport() {
  return {
    create: (context) => ({
      ExportNamedDeclaration(node) {
        if (node.declaration === null) return;
        const before = context.sourceCode.getCommentsBefore(node).at(-1);
        if (before?.type !== 'Block' || !before.value.startsWith('*'))
          context.report({ node, message: 'Document the export in a /** … */ sentence.' });
      },
    }),
  };
}
