import { describe, expect, it } from 'vitest';
import { figureLines, reportLine } from '../../../bench/support/report.ts';

const spread = (median: number) => ({ median, min: median / 2, max: median * 2 });

describe('reportLine', () => {
  it('gives medians, and judges each target by its figure', () => {
    const line = reportLine('b', { ours: spread(123_456.7), ratio: spread(0.45678) }, [
      { figure: 'ratio', want: '>= 0.6' },
      { figure: 'ratio', want: '<= 1.5' },
      { figure: 'ours', want: '>= 123457' },
    ]);
    expect(JSON.parse(line)).toEqual({
      bench: 'b',
      figures: { ours: 123_457, ratio: 0.4568 },
      targets: [
        { figure: 'ratio', want: '>= 0.6', value: 0.4568, met: false },
        { figure: 'ratio', want: '<= 1.5', value: 0.4568, met: true },
        { figure: 'ours', want: '>= 123457', value: 123_457, met: true },
      ],
    });
  });

  it('does not meet a target whose figure is missing', () => {
    const { targets } = JSON.parse(reportLine('b', {}, [{ figure: 'gone', want: '<= 1' }]));
    expect(targets).toEqual([{ figure: 'gone', want: '<= 1', value: null, met: false }]);
  });
});

describe('figureLines', () => {
  it('shows the median and the spread with its unit', () => {
    const [line] = figureLines({ ours: spread(1000) }, { ours: { unit: 'answers/s', digits: 0 } });
    expect(line?.replace(/ +/g, ' ')).toBe('ours 1,000 answers/s (500 to 2,000)');
  });
});
