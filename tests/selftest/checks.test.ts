// The checks are only worth something if they can fail: faults are planted in a copy of the tree, and each
// must be caught by the tool and the rule that is there for it. The copy without them must pass.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TreeCopy } from './tree-copy.ts';

const TIMEOUT_MS = 300_000;

const PLANTS = {
  'src/core/planted-node.ts': `import { readFileSync } from 'node:fs';\nexport const planted = readFileSync;\n`,
  'src/core/planted-package.ts': `import { encode } from 'uqr';\nexport const planted = encode;\n`,
  'src/core/planted-type.ts': `export const planted: number = 'not a number';\n`,
  'src/core/planted-index.ts': `export const planted = (xs: number[]): number => xs[0];\n`,
  'src/core/planted-dom.ts': `export const planted = (): string => document.title;\n`,
  'src/core/planted-process.ts': `export const planted = (): string => process.cwd();\n`,
  'src/core/planted-syntax.ts': `export enum Planted {\n  One,\n}\n`,
  'src/core/planted-date.ts': `export const planted = (): number => Date.now();\n`,
  'src/core/planted-hidden-date.ts': `export const planted = (): number => new globalThis.Date().getTime();\n`,
  'src/core/planted-chance.ts': `export const planted = (): number => Math.random();\n`,
  'src/core/planted-any.ts': `export const planted = (x: unknown): number => (x as any).length;\n`,
  'src/core/planted-default.ts': `export default 1;\n`,
  'src/core/planted-floating.ts': `export function planted(): void {\n  Promise.resolve(1);\n}\n`,
  'src/core/planted-cycle-a.ts': `import { b } from './planted-cycle-b.ts';\nexport const a = (): number => b();\n`,
  'src/core/planted-cycle-b.ts': `import { a } from './planted-cycle-a.ts';\nexport const b = (): number => a();\n`,
  'src/core/planted-test-import.ts': `export { planted } from '../../tests/planted-helper.ts';\n`,
  'tests/planted-helper.ts': `export const planted = 1;\n`,
  'src/agent/planted-agent.ts': `export const planted = 1;\nexport type Planted = number;\n`,
  'src/agent/planted-adapter-import.ts': `export { planted } from '../adapters/web/planted-adapter.ts';\n`,
  'src/agent/planted-date.ts': `export const planted = (): Date => new Date();\n`,
  'src/adapters/web/planted-adapter.ts': `export const planted = 1;\n`,
  'src/app/planted-value.ts': `export { planted } from '../agent/planted-agent.ts';\n`,
  'src/app/planted-type-only.ts': `export type { Planted } from '../agent/planted-agent.ts';\n`,
} as const;

type Plant = keyof typeof PLANTS;

interface CruiseResult {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

type LintResult = readonly {
  readonly filePath: string;
  readonly messages: readonly { readonly ruleId: string | null }[];
}[];

let clean: TreeCopy;
let planted: TreeCopy;

beforeAll(() => {
  clean = new TreeCopy();
  planted = new TreeCopy();
  planted.plant(PLANTS);
});

afterAll(() => {
  clean.remove();
  planted.remove();
});

describe('dependency-cruiser', () => {
  const cruise = async (copy: TreeCopy): Promise<string[]> => {
    const roots = ['src', 'workers', 'signaling', 'tests'];
    const config = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json'];
    const { stdout, stderr } = await copy.run(
      'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
      ...config,
      ...roots,
    );
    if (stdout === '') throw new Error(stderr);
    const { summary } = JSON.parse(stdout) as CruiseResult;
    return summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
  };

  it('lets the tree as it is pass', { timeout: TIMEOUT_MS }, async () => {
    expect(await cruise(clean)).toEqual([]);
  });

  it('catches every forbidden import and cycle, and no allowed one', { timeout: TIMEOUT_MS }, async () => {
    const violations = await cruise(planted);
    const ofPlants = violations.filter((violation) => violation.includes('/planted-'));
    expect(new Set(ofPlants)).toEqual(
      new Set([
        'src/core/planted-node.ts: not-in-allowed',
        'src/core/planted-package.ts: not-in-allowed',
        'src/core/planted-test-import.ts: not-in-allowed',
        'src/core/planted-test-import.ts: nothing-imports-tests',
        'src/core/planted-cycle-a.ts: no-cycles',
        'src/agent/planted-adapter-import.ts: not-in-allowed',
        'src/app/planted-value.ts: not-in-allowed',
      ]),
    );
  });
});

describe('tsc', () => {
  const compile = async (copy: TreeCopy): Promise<string[]> => {
    const { stdout } = await copy.run(
      'node_modules/typescript/bin/tsc',
      '--noEmit',
      '--pretty',
      'false',
      '-p',
      'tsconfig.core.json',
    );
    return stdout
      .split('\n')
      .map((line) => /^(\S+)\(\d+,\d+\): error (TS\d+)/.exec(line))
      .filter((match) => match !== null)
      .map((match) => `${match[1] ?? ''}: ${match[2] ?? ''}`);
  };

  it('lets the tree as it is pass', { timeout: TIMEOUT_MS }, async () => {
    expect(await compile(clean)).toEqual([]);
  });

  it('catches type errors and every global of a platform in core', { timeout: TIMEOUT_MS }, async () => {
    const errors = await compile(planted);
    expect(errors).toContain('src/core/planted-type.ts: TS2322');
    expect(errors).toContain('src/core/planted-index.ts: TS2322');
    expect(errors).toContain('src/core/planted-dom.ts: TS2584');
    expect(errors).toContain('src/core/planted-node.ts: TS2591');
    expect(errors).toContain('src/core/planted-process.ts: TS2591');
    expect(errors).toContain('src/core/planted-syntax.ts: TS1294');
  });
});

describe('eslint', () => {
  const lint = async (copy: TreeCopy, ...paths: string[]): Promise<string[]> => {
    const { stdout, stderr } = await copy.run(
      'node_modules/eslint/bin/eslint.js',
      '--no-error-on-unmatched-pattern',
      '--format',
      'json',
      ...paths,
    );
    if (stdout === '') throw new Error(stderr);
    return (JSON.parse(stdout) as LintResult).flatMap(({ filePath, messages }) =>
      messages.map(({ ruleId }) => `${filePath.slice(copy.path.length + 1)}: ${ruleId ?? 'cannot be read'}`),
    );
  };

  it('lets core and agent as they are pass', { timeout: TIMEOUT_MS }, async () => {
    expect(await lint(clean, 'src/core', 'src/agent')).toEqual([]);
  });

  it('catches time, chance and loose ends in core and agent', { timeout: TIMEOUT_MS }, async () => {
    const expected: readonly [Plant, string][] = [
      ['src/core/planted-date.ts', 'no-restricted-globals'],
      ['src/core/planted-hidden-date.ts', 'no-restricted-globals'],
      ['src/agent/planted-date.ts', 'no-restricted-globals'],
      ['src/core/planted-chance.ts', 'no-restricted-properties'],
      ['src/core/planted-any.ts', 'no-restricted-syntax'],
      ['src/core/planted-default.ts', 'no-restricted-syntax'],
      ['src/core/planted-floating.ts', '@typescript-eslint/no-floating-promises'],
    ];
    const errors = await lint(planted, ...expected.map(([file]) => file));
    for (const [file, rule] of expected) expect(errors).toContain(`${file}: ${rule}`);
  });
});
