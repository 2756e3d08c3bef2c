import { describe, expect, it } from 'vitest';
import { figureLines, reportLine } from '../../../bench/support/report.ts';

const spread = (median: number) => ({ median, min: median / 2, max: median * 2 });

describe('reportLine', () => {
  it('gives medians with their spreads, and judges each target by its figure', () => {
    const line = reportLine('b', { ours: spread(123_456.7), ratio: spread(0.45678) }, [
      { figure: 'ratio', want: '>= 0.6' },
      { figure: 'ratio', want: '<= 1.5' },
      { figure: 'ours', want: '>= 123457' },
    ]);
    expect(JSON.parse(line)).toEqual({
      bench: 'b',
      figures: { ours: 123_457, ratio: 0.4568 },
      spreads: {
        ours: { median: 123_457, min: 61_728, max: 246_913 },
        ratio: { median: 0.4568, min: 0.2284, max: 0.9136 },
      },
      targets: [
        { figure: 'ratio', want: '>= 0.6', value: 0.4568, met: false },
        { figure: 'ratio', want: '<= 1.5', value: 0.4568, met: true },
        { figure: 'ours', want: '>= 123457', value: 123_457, met: true },
      ],
      leftOut: [],
    });
  });

  it('does not meet a target whose figure is missing, and says what was left out', () => {
    const leftOut = [{ what: 'peer', reason: 'not installed' }];
    const line = reportLine('b', { byPeer: undefined }, [{ figure: 'byPeer', want: '<= 1' }], leftOut);
    expect(JSON.parse(line)).toEqual({
      bench: 'b',
      figures: { byPeer: null },
      spreads: { byPeer: null },
      targets: [{ figure: 'byPeer', want: '<= 1', value: null, met: false }],
      leftOut,
    });
  });

  it('does not take a figure of 0 for a missing one', () => {
    const { targets } = JSON.parse(reportLine('b', { lost: spread(0) }, [{ figure: 'lost', want: '<= 0' }]));
    expect(targets).toEqual([{ figure: 'lost', want: '<= 0', value: 0, met: true }]);
  });
});

describe('figureLines', () => {
  it('shows the median and the spread with its unit', () => {
    const [line] = figureLines({ ours: spread(1000) }, { ours: { unit: 'answers/s', digits: 0 } });
    expect(line?.replace(/ +/g, ' ')).toBe('ours 1,000 answers/s (500 to 2,000)');
  });

  it('says what was not measured', () => {
    const [line] = figureLines({ ours: undefined }, {});
    expect(line?.replace(/ +/g, ' ')).toBe('ours not measured');
  });
});
