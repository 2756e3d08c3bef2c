import { readFileSync } from 'node:fs';
import type { AuditEntry } from '../../src/traceback/audit/audit.ts';

/** A traceback of a peer that was granted, with another request and case for each number. */
export function auditEntry(number: number, parts: Partial<AuditEntry> = {}): AuditEntry {
  return {
    kind: 'traceback',
    peer: 'node.example.net',
    request: numbered(number),
    case: numbered(1000 + (number % 3)),
    name: `w${number}.example.org`,
    decision: 'granted',
    hosts: ['192.0.2.7', '2001:db8::7'],
    gaps: number % 2,
    ...parts,
  };
}

/** A UUID that ends with this number. */
export function numbered(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}
