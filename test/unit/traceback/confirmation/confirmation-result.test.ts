import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confirmationResult } from '../../../../src/traceback/confirmation/confirmation-result.ts';
import type { Verdict } from '../../../../src/traceback/confirmation/confirmation-test.ts';
import { GAP_REASONS, type Gap } from '../../../../src/traceback/messages.ts';

const verdictsOf = (verdicts: readonly Verdict[]) =>
  verdicts.map((verdict, index) => ({ path: [`source${index}.example`], verdict }));
const gapsOf = (...reasons: readonly Gap['reason'][]) => reasons.map((reason): Gap => ({ reason, detail: 'x' }));

describe('confirmationResult', () => {
  it.each([
    [['match'], 'not spoofed'],
    [['no query', 'no match', 'match'], 'not spoofed'],
    [['no match'], 'spoofed'],
    [['no query', 'no match'], 'spoofed'],
    [['no query', 'no query'], 'no query'],
    [[], 'no query'],
  ] as const)('%j is %s', (verdicts, outcome) => {
    expect(confirmationResult(verdictsOf(verdicts), []).outcome).toBe(outcome);
  });

  it('says in words who has said what, and who has not', () => {
    expect(confirmationResult(verdictsOf(['no match', 'no match', 'no query']), []).words).toBe(
      'others asked for the name at 2 sources, the address did not (at 1 source more, nobody did)',
    );
    expect(confirmationResult(verdictsOf(['no match']), gapsOf('unreachable', 'unknown server', 'loop')).words).toBe(
      'others asked for the name at 1 source, the address did not; no answer from 2 servers or nodes, where it may have asked',
    );
    expect(confirmationResult(verdictsOf(['no query']), gapsOf('late', 'too many')).words).toBe(
      'nobody asked for the name at 1 source; no answer from 1 server or node, where it may have asked; 1 answer is cut',
    );
    expect(confirmationResult([], []).words).toBe('no DNS server asked for the name');
    expect(confirmationResult([], gapsOf('refused')).outcome).toBe('unknown');
    expect(confirmationResult([], gapsOf('refused')).words).toBe('no source answered; no answer from 1 server or node');
    expect(confirmationResult(verdictsOf(['match']), gapsOf('late')).words).toBe(
      'the address asked for the name itself, says 1 source',
    );
  });

  it('counts each verdict and each gap once, whatever they are', () => {
    const verdicts = fc.array(fc.constantFrom<Verdict>('match', 'no match', 'no query'), { maxLength: 20 });
    const reasons = fc.array(fc.constantFrom(...GAP_REASONS), { maxLength: 20 });
    fc.assert(
      fc.property(verdicts, reasons, (said, missing) => {
        const result = confirmationResult(verdictsOf(said), gapsOf(...missing));
        const loops = missing.filter((reason) => reason === 'loop').length;
        expect(result.matches + result.noMatches + result.noQueries).toBe(said.length);
        expect(result.missing + result.cut + loops).toBe(missing.length);
        expect(result.outcome === 'not spoofed').toBe(said.includes('match'));
        expect(result.outcome === 'unknown').toBe(said.length === 0 && missing.length > 0);
        // Silence confirms nothing.
        if (result.outcome === 'spoofed') expect(result.noMatches).toBeGreaterThan(0);
      }),
    );
  });
});
