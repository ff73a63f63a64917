export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The part of Vitest's JSON report that is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly FileResult[];
}

interface FileResult {
  readonly name?: string;
  readonly status: string;
  /** of a file that failed as a whole: why */
  readonly message?: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName?: string;
    readonly failureMessages?: readonly string[] | null;
  }[];
}

/** A file that failed without a failed test: it did not load, a hook threw. */
function brokeAsWhole(file: FileResult): boolean {
  return file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed');
}

/**
 * Counts one suite's report. A file that failed without a failed test (it did not load, a hook threw) is one
 * failure; so is a run that failed for a reason no file shows, such as an unhandled rejection.
 *
 * @param ok whether Vitest itself ended with exit code 0.
 */
export function countReport(report: Report, ok: boolean): Count {
  const brokenFiles = report.testResults.filter(brokeAsWhole).length;
  const failed = report.numFailedTests + brokenFiles;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && !ok ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * What failed and what did not run to its end, for the end of the output: where all that is kept of a run is its
 * last lines, they have to say what went wrong.
 *
 * @returns one text for each failure, of several lines when the failure has them.
 */
export function failuresOf(report: Report): string[] {
  return report.testResults.flatMap((file) => {
    const name = file.name ?? 'a file without a name';
    const tests = file.assertionResults
      .filter(({ status }) => status !== 'passed')
      .map(({ status, fullName, failureMessages }) =>
        [`${status}: ${name}: ${fullName ?? 'a test without a name'}`, ...(failureMessages ?? [])].join('\n'),
      );
    return brokeAsWhole(file) ? [`failed: ${name}\n${file.message ?? ''}`, ...tests] : tests;
  });
}
