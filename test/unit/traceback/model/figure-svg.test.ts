import { describe, expect, it } from 'vitest';
import { figureSvg } from '../../../../src/traceback/model/figure-svg.ts';
import { type ModelQuestion, successFigure } from '../../../../src/traceback/model/success-model.ts';

const FIGURE_13: ModelQuestion = { participation: 0.9, queryRates: [0.55, 1], forwarders: [0], hops: 30 };

function draw(more: Partial<ModelQuestion> = {}): string {
  return figureSvg(successFigure({ ...FIGURE_13, ...more }));
}

/** Elements of a kind, with their attributes and their text. */
function elements(svg: string, kind: string) {
  return [...svg.matchAll(new RegExp(`<${kind} ([^>]*?)/?>([^<]*)`, 'g'))].map(([, attributes, content]) => ({
    ...Object.fromEntries([...attributes!.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!])),
    content: content!,
  })) as readonly Readonly<Record<string, string>>[];
}

function points(svg: string): readonly (readonly { readonly x: number; readonly y: number }[])[] {
  return elements(svg, 'polyline').map((line) =>
    line.points!.split(' ').map((point) => ({ x: Number(point.split(',')[0]), y: Number(point.split(',')[1]) })),
  );
}

describe('figureSvg', () => {
  it('is one document: every element is closed, and no text breaks it', () => {
    const svg = draw();
    const open: string[] = [];
    for (const [tag, isEnd, name, isWhole] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[^>]*?)?(\/?)>/g)) {
      if (isEnd === '/') expect(open.pop(), tag).toBe(name);
      else if (isWhole === '') open.push(name!);
    }
    expect(open).toEqual([]);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('draws a curve for each, from left to right, high where they succeed', () => {
    const [conventional, ...dnsLogs] = points(draw());
    expect(dnsLogs).toHaveLength(2);
    for (const line of [conventional!, ...dnsLogs]) {
      expect(line).toHaveLength(30);
      expect(line.map(({ x }) => x)).toEqual(line.map(({ x }) => x).toSorted((one, other) => one - other));
    }
    // More success is further up, where y is less.
    expect(conventional!.map(({ y }) => y)).toEqual(
      conventional!.map(({ y }) => y).toSorted((one, other) => one - other),
    );
    expect(dnsLogs[1]!.at(-1)!.y).toBeLessThan(dnsLogs[0]!.at(-1)!.y);
    expect(dnsLogs[0]!.at(-1)!.y).toBeLessThan(conventional!.at(-1)!.y);
  });

  it('marks the crossings at 8 and 3 hops, on the curves', () => {
    const svg = draw();
    const [, low, high] = points(svg);
    const rings = elements(svg, 'circle').map(({ cx, cy }) => ({ x: Number(cx), y: Number(cy) }));
    expect(rings).toEqual([low![7], high![2]]);
    const labels = elements(svg, 'text').map(({ content }) => content);
    expect(labels).toEqual(
      expect.arrayContaining(['from 8 hops', 'from 3 hops', 'routing hops', '0.0', '1.0', '1', '30']),
    );
    expect(labels).toEqual(expect.arrayContaining(['DNS logs, q = 0.55: from 8 hops', 'conventional: p^hops']));
    expect(svg).toContain('better from 8 hops on; ');
  });

  it('says nothing of crossings that are none, or lie beyond its end', () => {
    expect(elements(draw({ participation: 1 }), 'circle')).toEqual([]);
    expect(elements(draw({ hops: 7, queryRates: [0.55] }), 'circle')).toEqual([]);
  });

  it('no two labels of crossings lie on each other, and all is within the picture', () => {
    const svg = draw({ forwarders: [0, 1, 2, 5], hops: 255, participation: 0.8 });
    const width = Number(/width="(\d+)"/.exec(svg)![1]);
    const texts = elements(svg, 'text');
    const labels = texts.filter(({ content }) => /^from \d+ hops$/.test(content!));
    for (const [index, one] of labels.entries()) {
      for (const other of labels.slice(index + 1)) {
        const isApart =
          Math.abs(Number(one.y) - Number(other.y)) > 15 || Math.abs(Number(one.x) - Number(other.x)) > 90;
        expect(isApart, `${one.content} and ${other.content}`).toBe(true);
      }
    }
    for (const { x, content, 'text-anchor': anchor } of texts) {
      if (anchor === undefined) expect(Number(x) + 7 * content!.length, content).toBeLessThan(width);
    }
    expect(elements(svg, 'circle')).toHaveLength(8);
  });

  it('has colours for light and for dark', () => {
    const style = /<style>([\s\S]*)<\/style>/.exec(draw())![1]!;
    const [light, dark] = style.split('@media (prefers-color-scheme: dark)');
    const paper = (part: string) => /\.paper { fill: (#\w+); }/.exec(part)![1];
    expect(paper(light!)).toBe('#ffffff');
    expect(paper(dark!)).not.toBe('#ffffff');
    for (let index = 0; index < 8; index++) expect(dark).toContain(`.curve-${index} `);
  });

  it.each([2, 10, 11, 64, 255])('has ticks that do not touch at %i hops', (hops) => {
    const ticks = elements(draw({ hops }), 'text').filter(({ y, content }) => y === '440' && /^\d+$/.test(content!));
    const places = ticks.map(({ x }) => Number(x));
    for (let index = 1; index < places.length; index++) expect(places[index]! - places[index - 1]!).toBeGreaterThan(16);
    expect(ticks[0]!.content).toBe('1');
  });
});
