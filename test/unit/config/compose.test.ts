import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeConfig, composeYaml } from '../../../src/config/compose.ts';
import { formatDuration, parseDuration } from '../../../src/config/fields.ts';
import { defaultConfig, parseConfig } from '../../../src/config/load.ts';

const FULL = `
mode: enforce
on_failure: closed
warmup: 90m
inside: { networks: [192.0.2.0/24, '2001:db8::/32', 0.0.0.0/0] }
outside: { ports: [eth1, 3, '7', 'yes', '0x1f', "a b: c # d", 'null', '~'] }
trusted_resolvers: [192.0.2.2, '2001:DB8:0::2']
allow: ['2001:db8:1::53', 203.0.113.1]
teach: chain
root_hints: 'named.root'
seed: [203.0.113.1]
openflow:
  listen: '[::1]:6633'
  connect: ['ssl:[2001:DB8::1]', ssl:switch-1.example:6640, tcp:127.0.0.1:6634]
  tls: { key: key.pem, certificate: cert.pem, ca: ca.pem }
  plain: anywhere
  switches: 4
  connection_rate: 5
capture: { interfaces: [eth1], direction: networks }
hold: { time: 0, packets: 10, bytes: 10000 }
ttl: {floor: 1s, cap: 30d}
store: { kind: memory, flush: 1500ms, events: 0, file: '/var/lib/x.db' }
eve: { file: /var/log/eve.json }
control: { socket: /tmp/x.sock }
log: { level: debug, rate: 10 }
`;

describe('composeYaml', () => {
  it.each([
    ['all defaults', ''],
    ['every key', FULL],
    ['the example', readFileSync(join(import.meta.dirname, '../../../docs/gluewall.example.yaml'), 'utf8')],
    ['an anchor', 'allow: [&a 192.0.2.1]\nseed: [*a]'],
    ['a long list', `allow: [${Array.from({ length: 100 }, (_, n) => `192.0.2.${n}`).join(', ')}]`],
  ])('%s reads back to the same', (_what, text) => {
    const config = parseConfig(text, 'gluewall.yaml');
    const composed = composeYaml(config);
    expect(parseConfig(composed, 'composed')).toEqual(config);
    expect(composeYaml(parseConfig(composed, 'composed'))).toBe(composed);
  });

  it('writes as people do', () => {
    const composed = composeYaml(parseConfig(FULL, 'gluewall.yaml'));
    expect(composed).toContain('warmup: 90m\n');
    expect(composed).toContain('  flush: 1500ms\n');
    expect(composed).toContain('  networks: [192.0.2.0/24, 2001:db8::/32, 0.0.0.0/0]\n');
    expect(composed).toContain('trusted_resolvers: [192.0.2.2, 2001:db8::2]\n');
    expect(composed).toContain('  cap: 30d\n');
  });

  it('any text survives, and none of it reaches the terminal as more than text', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', minLength: 1 }), { maxLength: 10 }), (ports) => {
        const config = { ...defaultConfig(), outside: { ports } };
        const composed = composeYaml(config);
        expect(composed).not.toMatch(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/u);
        expect(parseConfig(composed, 'composed')).toEqual(config);
      }),
      { numRuns: 500 },
    );
  });
});

it('composeConfig leaves out what has no value', () => {
  const composed = composeConfig(defaultConfig());
  expect(composed).not.toHaveProperty('teach');
  expect(composed.control).toEqual({});
  expect(composed.hold).toEqual({ time: '50ms', packets: 1024, bytes: 1_048_576 });
});

describe('formatDuration', () => {
  it.each([
    [0, '0'],
    [1, '1ms'],
    [1500, '1500ms'],
    [60_000, '1m'],
    [172_800_000, '2d'],
    [90_000, '90s'],
  ])('%i is %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it('reads back', () => {
    fc.assert(fc.property(fc.nat(1e12), (durationMs) => parseDuration(formatDuration(durationMs)) === durationMs));
  });
});
