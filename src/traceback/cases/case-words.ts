import { counted, percent } from '../../core/words.ts';
import type { Case } from './case.ts';

/** How far a case has come that did not come to its end. */
export function howFar({ step, confirmation, hosts }: Case): string {
  const found = hosts.length > 0 ? `, with ${counted(hosts.length, 'host')} named` : '';
  const confirmed =
    confirmation === undefined ? 'nothing was confirmed' : `the confirmation said "${confirmation.outcome}"`;
  return step === 'opened' ? 'nothing was asked' : `it ended at ${step}: ${confirmed}${found}`;
}

/** What a case has found. */
export function foundWords({ hosts, reports, gaps }: Case): string {
  const withheld = reports.reduce((sum, report) => sum + report.withheld, 0);
  const best = hosts[0];
  const first = best === undefined ? '' : `, the most likely ${best.address} (${percent(best.confidence)})`;
  const not = withheld > 0 ? `; ${withheld} not named, as too unlikely` : '';
  const missing = gaps.length > 0 ? `; ${counted(gaps.length, 'gap')}` : '';
  return `${counted(hosts.length, 'host')} named by ${counted(reports.length, 'source')}${first}${not}${missing}`;
}
