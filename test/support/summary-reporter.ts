/**
 * Vitest's own report, and after it what was skipped and why and what passed at its second try only, then one closing
 * line: `N passed, N failed, N skipped`. A run in which no test ran is a failure. With GLUEWALL_NO_SKIPS=1 a skip whose reason is not true of this machine is
 * a failure too.
 */
import { DefaultReporter, type TestCase, type TestModule, type TestRunEndReason } from 'vitest/node';
import { isHonest, skippedReason } from '../conditions.ts';

type UnhandledErrors = Parameters<DefaultReporter['onTestRunEnd']>[1];

export default class SummaryReporter extends DefaultReporter {
  #closing = '0 passed, 0 failed, 0 skipped\n';

  override onInit(vitest: Parameters<DefaultReporter['onInit']>[0]): void {
    super.onInit(vitest);
    // Whatever else the end of the run still prints comes before this line.
    process.once('exit', () => process.stdout.write(this.#closing));
  }

  override onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: UnhandledErrors,
    reason: TestRunEndReason,
  ): void {
    super.onTestRunEnd(modules, unhandledErrors, reason);
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    const brokenModules = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length;
    const failed = count('failed') + brokenModules + unhandledErrors.length;
    const lines = `${skippedLines(skipped)}${secondTryLines(tests)}`;
    this.#closing = `${lines}${count('passed')} passed, ${failed} failed, ${skipped.length} skipped\n`;
    if (failed > 0 || count('passed') === 0 || reason === 'interrupted') process.exitCode ||= 1;
    if (process.env.GLUEWALL_NO_SKIPS === '1') this.#refuseDishonest(skipped);
  }

  #refuseDishonest(skipped: readonly TestCase[]): void {
    for (const test of skipped) {
      const reason = skippedReason(test.name);
      if (reason !== undefined && isHonest(reason)) continue;
      process.exitCode = 1;
      this.#closing = `NOT ALLOWED TO SKIP HERE: ${test.module.relativeModuleId} > ${test.fullName}\n${this.#closing}`;
    }
  }
}

/** A test that is not steady is a fault, too: it is named. */
function secondTryLines(tests: readonly TestCase[]): string {
  const unsteady = tests.filter((test) => test.diagnostic()?.flaky === true);
  return unsteady
    .map((test) => `PASSED AT THE SECOND TRY: ${test.module.relativeModuleId} > ${test.fullName}\n`)
    .join('');
}

function skippedLines(skipped: readonly TestCase[]): string {
  return skipped.map((test) => `SKIPPED: ${test.module.relativeModuleId} > ${test.fullName}\n`).join('');
}
