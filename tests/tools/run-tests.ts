// Runs the suites and counts what really ran.
//
//   node tests/tools/run-tests.ts                    build, then unit, browser and e2e
//   node tests/tools/run-tests.ts unit [FILTER...]   one suite, further arguments go to Vitest
//
// What failed is told once more at the end. The last line is always `N passed, N failed`. A build that fails, a test
// file that does not load and a suite that breaks off count as one failure each, so that the line never says 0 failed
// when something did.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from './chromium.ts';
import { countReport, failuresOf } from './count-report.ts';
import type { Count } from './count-report.ts';

const SUITES = ['unit', 'browser', 'e2e'] as const;
type Suite = (typeof SUITES)[number];

const ROOT = join(import.meta.dirname, '../..');

/** What went wrong in all suites, told once more at the end. */
const failures: string[] = [];

const FAILED_ONCE: Count = { passed: 0, failed: 1, skipped: 0 };

function run(script: string, args: readonly string[]): boolean {
  const { status, signal } = spawnSync(process.execPath, [join(ROOT, script), ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (signal !== null) console.error(`${script} was ended by ${signal}`);
  return status === 0;
}

function runSuite(suite: Suite, filters: readonly string[]): Count {
  const directory = mkdtempSync(join(tmpdir(), 'roost-tests-'));
  const reportFile = join(directory, 'report.json');
  try {
    const ok = run('node_modules/vitest/vitest.mjs', [
      'run',
      '--project',
      suite,
      '--passWithNoTests',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
      ...filters,
    ]);
    let report: string;
    try {
      report = readFileSync(reportFile, 'utf8');
    } catch {
      failures.push(`The ${suite} suite ended without a report`);
      return FAILED_ONCE;
    }
    const parsed = JSON.parse(report);
    const told = failuresOf(parsed);
    failures.push(...told);
    if (!ok && told.length === 0) {
      failures.push(`failed: the ${suite} suite, in which no test failed: its own output says why`);
    }
    return countReport(parsed, ok);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function main(args: readonly string[]): Promise<Count> {
  const only = SUITES.find((suite) => suite === args[0]);
  if (args.length > 0 && only === undefined) {
    console.error(`No suite is called ${args[0] ?? ''}: there are ${SUITES.join(', ')}`);
    return FAILED_ONCE;
  }
  const suites = only === undefined ? SUITES : [only];
  const filters = args.slice(1);
  const counts: Count[] = [];

  const needsBuild = only === undefined || only === 'e2e';
  const vite = 'node_modules/vite/bin/vite.js';
  // The app, and the command line as it is started when it is built.
  const built = !needsBuild || (run(vite, ['build']) && run(vite, ['build', '--ssr']));
  if (!built) {
    console.error('The build failed: the e2e suite, which needs it, does not run');
    counts.push(FAILED_ONCE);
  }

  let chromium: string | undefined;
  if (suites.some((suite) => suite !== 'unit')) {
    try {
      chromium = await findChromium();
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
      counts.push(FAILED_ONCE);
    }
  }

  for (const suite of suites) {
    if (suite === 'e2e' && !built) continue;
    if (suite !== 'unit' && chromium === undefined) continue;
    counts.push(runSuite(suite, filters));
  }
  return counts.reduce(
    (sum, count) => ({
      passed: sum.passed + count.passed,
      failed: sum.failed + count.failed,
      skipped: sum.skipped + count.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}

const total = await main(process.argv.slice(2));
for (const failure of failures) console.log(failure);
if (total.skipped > 0) console.log(`${total.skipped} skipped`);
if (total.passed + total.failed === 0) console.error('No test ran, which is a failure');
if (total.failed > 0 || total.passed === 0) process.exitCode = 1;
console.log(`${total.passed} passed, ${total.failed} failed`);
