import { describe, expect, it } from 'vitest';
import { barChart } from '../../../src/charts/bar-chart.ts';
import type { ChartTexts } from '../../../src/charts/chart-frame.ts';
import { csvTable } from '../../../src/charts/csv-table.ts';
import { lineChart } from '../../../src/charts/line-chart.ts';
import { scatterChart } from '../../../src/charts/scatter-chart.ts';

const LINEAR = { label: 'x', scale: 'linear' } as const;
const TEXTS: ChartTexts = { title: 'T', x: LINEAR, y: LINEAR };

/** Attributes of the elements of a kind with a class that matches. */
function elements(svg: string, kind: string, classes: RegExp) {
  return [...svg.matchAll(new RegExp(`<${kind} ([^>]*?)/?>`, 'g'))]
    .map(([, attributes]) => attributeMap(attributes!))
    .filter((found) => classes.test(found.class ?? ''));
}

function attributeMap(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]));
}

function expectDocument(svg: string): void {
  const open: string[] = [];
  for (const [tag, isEnd, name, isWhole] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^>]*?)?(\/?)>/g)) {
    if (isEnd === '/') expect(open.pop(), tag).toBe(name);
    else if (isWhole === '') open.push(name!);
  }
  expect(open).toEqual([]);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
}

const HOSTILE = '</text><script>alert("x")</script> & \u0000\u001b[2J \ud800';

describe('texts of strangers', () => {
  it.each([
    [
      'lines',
      lineChart({ ...TEXTS, title: HOSTILE, notes: [HOSTILE], series: [{ name: HOSTILE, points: [{ x: 1, y: 1 }] }] }),
    ],
    ['points', scatterChart({ ...TEXTS, description: HOSTILE, name: HOSTILE, points: [] })],
    ['bars', barChart({ ...TEXTS, x: { ...LINEAR, label: HOSTILE }, name: HOSTILE, bars: [] })],
  ])('do not break a chart of %s', (_, svg) => {
    expectDocument(svg);
    expect(svg).not.toContain('<script');
    for (const bad of ['\u0000', '\u001b', '\ud800']) expect(svg).not.toContain(bad);
    expect(svg).toContain('&lt;script&gt;');
  });
});

describe('lineChart', () => {
  const points = [
    { x: 0, y: 0 },
    { x: 1, y: 2 },
    { x: 2, y: Number.NaN },
    { x: 3, y: 4 },
  ];

  it('breaks a curve where there is no value, and shows a point that stands alone', () => {
    const svg = lineChart({ ...TEXTS, series: [{ name: 'a', points }] });
    expect(elements(svg, 'polyline', /curve-0/)).toHaveLength(1);
    expect(elements(svg, 'circle', /fill curve-0/)).toHaveLength(1);
    expectDocument(svg);
  });

  it('gives each series its colour and each style its class; a reference has none', () => {
    const line = points.slice(0, 2);
    const styles = ['solid', 'reference', 'thin', 'dashed', 'dotted'] as const;
    const svg = lineChart({ ...TEXTS, series: styles.map((style) => ({ name: style, style, points: line })) });
    const classes = elements(svg, 'polyline', /line/).map((found) => found.class);
    expect(classes).toEqual([
      'line curve-0',
      'line reference',
      'line thin curve-1',
      'line dashed curve-2',
      'line dotted curve-3',
    ]);
  });

  it('shades ranges, which it names once', () => {
    const bands = {
      name: 'alarm',
      ranges: [
        { from: 0, to: 1 },
        { from: 2, to: 3 },
      ],
    };
    const svg = lineChart({ ...TEXTS, series: [{ name: 'a', points }], bands });
    expect(elements(svg, 'rect', /^band$/)).toHaveLength(3);
    expect(svg.match(/>alarm</g)).toHaveLength(1);
    expect(lineChart({ ...TEXTS, series: [], bands: { name: 'alarm', ranges: [] } })).not.toContain('>alarm<');
  });

  it('has lower values further down', () => {
    const svg = lineChart({ ...TEXTS, series: [{ name: 'a', points: points.slice(0, 2) }] });
    const [first, second] = elements(svg, 'polyline', /curve-0/)[0]!
      .points!.split(' ')
      .map((place) => place.split(','));
    expect(Number(first![1])).toBeGreaterThan(Number(second![1]));
    expect(Number(first![0])).toBeLessThan(Number(second![0]));
  });
});

describe('scatterChart', () => {
  it('draws the part of the line that is within the plot', () => {
    const points = [
      { x: 0, y: 0 },
      { x: 10, y: 10 },
    ];
    const svg = scatterChart({ ...TEXTS, name: 'p', points, line: { name: 'R² = 1', slope: 2, intercept: -4 } });
    const place = (line: string) => line.split(',').map(Number);
    const [low, high] = elements(svg, 'polyline', /curve-1/)[0]!
      .points!.split(' ')
      .map(place);
    const dots = elements(svg, 'circle', /dot curve-0" cx|dot curve-0/).filter(({ r }) => r === '3');
    // From (2, 0) to (7, 10), between the points (0, 0) and (10, 10).
    const [origin, corner] = dots.map(({ cx, cy }) => [Number(cx), Number(cy)]);
    const across = corner![0]! - origin![0]!;
    expect(low![0]).toBeCloseTo(origin![0]! + 0.2 * across, 0);
    expect(low![1]).toBeCloseTo(origin![1]!, 0);
    expect(high![0]).toBeCloseTo(origin![0]! + 0.7 * across, 0);
    expect(high![1]).toBeCloseTo(corner![1]!, 0);
  });

  it('draws thousands of points, not millions', () => {
    const points = Array.from({ length: 100_000 }, (_, index) => ({ x: index, y: index }));
    const svg = scatterChart({ ...TEXTS, name: 'p', points });
    expect(elements(svg, 'circle', /dot/).length).toBeLessThanOrEqual(4002);
  });
});

describe('barChart', () => {
  it('has a bar for what is more than nothing, also on a logarithmic axis', () => {
    const bars = [1, 0, 100].map((value, index) => ({ from: index, to: index + 1, value }));
    const svg = barChart({ ...TEXTS, y: { label: 'n', scale: 'log' }, name: 'b', bars, curves: [] });
    const drawn = elements(svg, 'rect', /fill curve-0/).filter(({ height }) => height !== '12');
    expect(drawn).toHaveLength(2);
    expect(Number(drawn[1]!.height)).toBeGreaterThan(Number(drawn[0]!.height));
    expectDocument(svg);
  });
});

describe('csvTable', () => {
  it('quotes what needs it, leaves out null, and keeps text from being a formula', () => {
    expect(
      csvTable(
        ['a', 'b'],
        [
          ['x,"y"', null],
          ['=1+1', -5],
        ],
      ),
    ).toBe('a,b\n"x,""y""",\n\'=1+1,-5\n');
  });
});
