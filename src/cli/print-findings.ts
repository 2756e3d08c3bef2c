import pc from 'picocolors';
import type { Finding } from '../doctor/finding.ts';
import type { PaintedLine } from './output.ts';

/** One line for each finding, and one below it for its remedy. */
export function printFindings(findings: readonly Finding[]): (string | PaintedLine)[] {
  const width = Math.max(0, ...findings.map(({ check }) => check.length));
  return findings.flatMap(({ check, ok, message, remedy }) => {
    const { word, paint } = ok === null ? UNKNOWN : ok ? GOOD : BAD;
    const line = { text: `${word}  ${check.padEnd(width)}  ${message}`, paint };
    return remedy === undefined ? [line] : [line, `      ${' '.repeat(width)}  → ${remedy}`];
  });
}

const GOOD = { word: 'ok  ', paint: String };
const BAD = { word: 'FAIL', paint: pc.red };
const UNKNOWN = { word: '?   ', paint: pc.yellow };
