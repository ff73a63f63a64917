import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const CONFIG_FILES = ['*.js', '*.mjs', '*.cjs', 'vite.config.ts', 'vitest.config.ts'];

/** Code that gets time and chance as arguments. */
const PURE = ['src/core/**/*.ts', 'src/ports/**/*.ts', 'src/agent/**/*.ts', 'src/adapters/memory/**/*.ts'];

const TIME_AND_CHANCE = [
  ['Date', 'take the time from the clock port'],
  ['performance', 'take the time from the clock port'],
  ['setTimeout', 'wait on the clock port'],
  ['setInterval', 'wait on the clock port'],
  ['setImmediate', 'wait on the clock port'],
  ['clearTimeout', 'wait on the clock port'],
  ['clearInterval', 'wait on the clock port'],
  ['requestAnimationFrame', 'wait on the clock port'],
  ['crypto', 'take random bytes from the random port and ciphers from core/crypto'],
].map(([name, message]) => ({ name, message }));

const AS_ANY = {
  selector: ':matches(TSAsExpression, TSTypeAssertion) > TSAnyKeyword',
  message: 'Parse it, or give it its type.',
};
const DEFAULT_EXPORT = {
  selector: 'ExportDefaultDeclaration, ExportSpecifier[exported.name="default"]',
  message: 'Export by name.',
};

export default ts.config(
  {
    ignores: [
      'dist/',
      'build/',
      'data/',
      'coverage/',
      'node_modules/',
      'public/',
      'workers/kernel/assembly/',
    ],
  },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...svelte.configs.recommended,

  {
    languageOptions: {
      globals: globals.es2024,
      parserOptions: {
        // Named one by one, so that core is seen without DOM and Node.js here too.
        project: [
          './tsconfig.core.json',
          './tsconfig.web.json',
          './tsconfig.worker.json',
          './tsconfig.node.json',
          './tsconfig.tests.json',
        ],
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', AS_ANY, DEFAULT_EXPORT],
      'object-shorthand': 'error',
      'prefer-const': 'error',

      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, allowDefaultCaseForExhaustiveSwitch: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        {
          argsIgnorePattern: '^_',
          varsIgnorePattern: '^_',
          caughtErrorsIgnorePattern: '^_',
          destructuredArrayIgnorePattern: '^_',
        },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowNullish: false },
      ],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidOperator: true },
      ],
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // An index into a byte table is checked by its bounds, not by the compiler.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // A port's method is async whether or not this adapter has to wait.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/unified-signatures': 'off',
    },
  },

  {
    files: PURE,
    rules: {
      'no-restricted-globals': ['error', { globals: TIME_AND_CHANCE, checkGlobalObject: true }],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Take random bytes from the random port.' },
      ],
    },
  },

  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: ts.parser, svelteConfig },
    },
  },
  {
    files: ['**/*.svelte'],
    rules: {
      // TypeScript knows the names; ESLint's own list does not know the DOM's types.
      'no-undef': 'off',
      // A component is its file's default export.
      'no-restricted-syntax': ['error', AS_ANY],
      // `let { a } = $props()` is how runes are written.
      'prefer-const': 'off',
      'svelte/prefer-const': 'error',
    },
  },

  {
    files: ['src/cli/**/*.ts', 'signaling/main.ts', 'tests/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['tests/**/*.ts'],
    rules: {
      // Tests look into JSON, pages and deliberately wrong values; what they assert is what counts.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: CONFIG_FILES,
    languageOptions: { globals: globals.node },
    rules: { 'no-restricted-syntax': 'off' },
  },
  { files: ['**/*.js', '**/*.mjs', '**/*.cjs'], ...ts.configs.disableTypeChecked },
);
