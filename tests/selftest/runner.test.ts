import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countReport, failuresOf } from '../tools/count-report.ts';
import { TreeCopy } from './tree-copy.ts';

const TIMEOUT_MS = 120_000;

describe('counting a report', () => {
  const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

  it('counts a file that does not load as one failure', () => {
    const testResults = [{ status: 'failed', assertionResults: [] }];
    expect(countReport({ ...none, testResults }, false)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('counts a failed test once, not again for its file', () => {
    const testResults = [
      { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] },
    ];
    const report = { ...none, numPassedTests: 1, numFailedTests: 1, testResults };
    expect(countReport(report, false)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it('never says 0 failed of a run that failed', () => {
    expect(countReport({ ...none, numPassedTests: 9 }, false)).toEqual({ passed: 9, failed: 1, skipped: 0 });
  });

  it('counts neither skipped nor planned tests as passed', () => {
    const report = { ...none, numPendingTests: 2, numTodoTests: 1 };
    expect(countReport(report, true)).toEqual({ passed: 0, failed: 0, skipped: 3 });
  });
});

describe('telling what failed', () => {
  const none = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };

  it('names each test that failed or did not end, with why', () => {
    const assertionResults = [
      { status: 'passed', fullName: 'adds' },
      { status: 'failed', fullName: 'halves', failureMessages: ['expected 1 to be 2'] },
      { status: 'pending', fullName: 'hangs', failureMessages: [] },
    ];
    const testResults = [{ name: 'a.test.ts', status: 'failed', assertionResults }];
    expect(failuresOf({ ...none, testResults })).toEqual([
      'failed: a.test.ts: halves\nexpected 1 to be 2',
      'pending: a.test.ts: hangs',
    ]);
  });

  it('names a file that failed as a whole', () => {
    const testResults = [
      { name: 'b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
    ];
    expect(failuresOf({ ...none, testResults })).toEqual(['failed: b.test.ts\nno such module']);
  });
});

describe('the test command', () => {
  let copy: TreeCopy;
  beforeAll(() => {
    copy = new TreeCopy();
    copy.plant({
      'tests/planted/good.test.ts': `import { expect, it } from 'vitest';\nit('holds', () => expect(1).toBe(1));\n`,
      'tests/planted/bad.test.ts': `import { expect, it } from 'vitest';\nit('fails', () => expect(1).toBe(2));\n`,
      'tests/planted/broken.test.ts': `import './not-there.ts';\n`,
    });
  });
  afterAll(() => copy.remove());

  const runUnit = async (filter: string): Promise<{ exitCode: number; lastLine: string | undefined }> => {
    const { exitCode, stdout } = await copy.run('tests/tools/run-tests.ts', 'unit', filter);
    return { exitCode, lastLine: stdout.trimEnd().split('\n').at(-1) };
  };

  it('passes when all that ran passed', { timeout: TIMEOUT_MS }, async () => {
    expect(await runUnit('tests/planted/good')).toEqual({ exitCode: 0, lastLine: '1 passed, 0 failed' });
  });

  it('fails and says so when a test fails or does not load', { timeout: TIMEOUT_MS }, async () => {
    expect(await runUnit('tests/planted/')).toEqual({ exitCode: 1, lastLine: '1 passed, 2 failed' });
  });

  it('tells at the end which ones failed, and why', { timeout: TIMEOUT_MS }, async () => {
    const { stdout } = await copy.run('tests/tools/run-tests.ts', 'unit', 'tests/planted/');
    const end = stdout.slice(stdout.lastIndexOf('report.json'));
    expect(end).toMatch(/failed: .*bad\.test\.ts: fails\n.*expected 1 to be 2/);
    expect(end).toMatch(/failed: .*broken\.test\.ts\n.*not-there/);
  });

  it('fails when no test ran', { timeout: TIMEOUT_MS }, async () => {
    expect(await runUnit('tests/planted/none')).toEqual({ exitCode: 1, lastLine: '0 passed, 0 failed' });
  });
});
