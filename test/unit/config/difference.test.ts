import { describe, expect, it } from 'vitest';
import { composeConfig } from '../../../src/config/compose.ts';
import { configDifference, liveConfig } from '../../../src/config/difference.ts';
import { knownKeys } from '../../../src/config/known-keys.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { configSchema } from '../../../src/config/schema.ts';

const read = (text: string) => parseConfig(text, 'f');
const between = (before: string, after: string) => configDifference(read(before), read(after));
const paths = (before: string, after: string) => between(before, after).map(({ path, isLive }) => [path, isLive]);

/** Values that no default has, for keys that stand alone. */
const OTHERS = [
  'mode: enforce\ninside: { networks: [192.0.2.0/24] }\noutside: { ports: [eth0] }',
  'on_failure: closed',
  'warmup: 1h',
  'inside: { networks: [192.0.2.0/24] }',
  'outside: { ports: [eth0] }',
  'trusted_resolvers: [192.0.2.1]',
  'allow: [192.0.2.1]',
  'groups: [{ name: lab, clients: [192.0.2.1] }]',
  'strictness: { check: zone }',
  'rules: [{ action: deny, to: 192.0.2.1, reason: x }]',
  'copy: { observed_rate: 7 }',
  'capture: { fallback: 2h }',
  'capture: { interfaces: [eth0] }',
  'lists: [{ name: bad, from: bad.txt, format: plain }]',
  'hold: { time: 20ms }',
  'allow_flow: { total: 7 }',
  'install: { default: proactive }',
  'ttl: { floor: 1s }',
  'store: { kind: memory }',
  'log: { level: debug }',
  'openflow: { listen: "127.0.0.1:7" }',
];

describe('the difference between two configurations', () => {
  it('is none when they say the same, however it is written', () => {
    expect(between('mode: monitor\nwarmup: 2d', '# as before\nwarmup: 48h')).toEqual([]);
    expect(between('allow: ["2001:DB8::1"]', 'allow: ["2001:db8:0:0::1"]')).toEqual([]);
    expect(
      between(
        'rules: [{ action: deny, zone: A.example., reason: x }]',
        'rules: [{ reason: x, zone: a.EXAMPLE, action: deny }]',
      ),
    ).toEqual([]);
  });

  it('has a value that is another, with what it was', () => {
    expect(between('hold: { time: 20ms }', 'hold: { time: 10ms, packets: 5 }')).toEqual([
      { path: 'hold.time', removed: ['"20ms"'], added: ['"10ms"'], isLive: false },
      { path: 'hold.packets', removed: ['1024'], added: ['5'], isLive: false },
    ]);
  });

  it('has what of a list came and what went', () => {
    expect(between('allow: [192.0.2.1, 192.0.2.2, 192.0.2.2]', 'allow: [192.0.2.3, 192.0.2.2]')).toEqual([
      { path: 'allow', removed: ['"192.0.2.1"', '"192.0.2.2"'], added: ['"192.0.2.3"'], isLive: true },
    ]);
  });

  it('has that rules and groups stand in another order, for the first decides', () => {
    const one = '{ action: deny, to: 192.0.2.1, reason: x }';
    const two = '{ action: allow, to: 192.0.2.1, reason: y }';
    expect(between(`rules: [${one}, ${two}]`, `rules: [${two}, ${one}]`)).toEqual([
      { path: 'rules', removed: [], added: ['(in another order)'], isLive: true },
    ]);
  });

  it('has keys that are there only in one of them', () => {
    expect(between('', 'root_hints: hints')).toEqual([
      { path: 'root_hints', removed: [], added: ['"hints"'], isLive: false },
    ]);
    expect(paths('rules: [{ action: deny, reason: x }]', 'groups: [{ name: lab, clients: [192.0.2.1] }]')).toEqual([
      ['groups', true],
      ['rules', true],
    ]);
  });

  it.each(OTHERS)('is found for %j', (text) => {
    expect(between('', text)).not.toEqual([]);
  });
});

describe('what a running gluewall takes up', () => {
  it.each(OTHERS)('of %j is what the difference calls live, and nothing else', (text) => {
    const [before, after] = [read(''), read(text)];
    const live = liveConfig(before, after);
    const rest = configDifference(live, after);
    expect(rest.map(({ path }) => path)).toEqual(
      configDifference(before, after).flatMap(({ path, isLive }) => (isLive ? [] : [path])),
    );
    for (const { isLive } of configDifference(before, live)) expect(isLive).toBe(true);
  });

  it('is a whole configuration: no key is lost', () => {
    const everything = read(OTHERS.filter((text) => !/mode|interfaces|inside|outside/.test(text)).join('\n'));
    expect(composeConfig(liveConfig(everything, everything))).toEqual(composeConfig(everything));
    const known = knownKeys(configSchema).map(({ path }) => path.split(/\.|\[/)[0]!);
    expect(new Set(known)).toEqual(new Set([...Object.keys(everything), 'node', 'root_hints', 'teach']));
  });
});
