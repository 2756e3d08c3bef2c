import { describe, expect, it } from 'vitest';
import { dnstapFindings } from '../../../src/doctor/dnstap-findings.ts';

describe('dnstapFindings', () => {
  it.each([
    [0, {}, false, 'no resolver is connected'],
    [1, {}, null, 'so far'],
    [1, { 'resolver query': 5, 'resolver response': 4 }, true, '5 queries and 4 responses'],
    [1, { 'resolver response': 4 }, false, '0 queries and 4 responses'],
    [1, { 'client query': 4, 'client response': 4 }, false, '0 queries and 0 responses'],
    [1, { 'resolver query': 5, 'forwarder query': 9, 'forwarder response': 9 }, false, '18 dnstap messages'],
    [1, { unreadable: 3 }, false, '0 queries'],
  ])('%i connected, frames %o', (connected, frames, ok, said) => {
    const findings = dnstapFindings({ connected, frames });
    expect(findings).toMatchObject([{ check: 'dnstap', ok, message: expect.stringContaining(said) }]);
    if (ok === false) expect(findings[0]!.remedy).toBeTruthy();
  });
});
