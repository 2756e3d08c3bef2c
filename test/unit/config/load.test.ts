import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultConfig, loadConfig, parseConfig } from '../../../src/config/load.ts';
import { formatAddress, parseNetwork } from '../../../src/core/address.ts';
import { GluewallError } from '../../../src/core/errors.ts';

function mistakesOf(text: string): string[] {
  try {
    parseConfig(text, 'gluewall.yaml');
  } catch (error) {
    if (error instanceof GluewallError && error.code === 'config') return error.message.split('\n');
    throw error;
  }
  return [];
}

const accepts = (text: string) => expect(mistakesOf(text)).toEqual([]);

describe('defaults', () => {
  it('are those of the docs, in milliseconds and octets', () => {
    expect(defaultConfig()).toEqual({
      mode: 'monitor',
      on_failure: 'open',
      warmup: 48 * 3_600_000,
      inside: { networks: [], zones: [] },
      outside: { ports: [] },
      trusted_resolvers: [],
      allow: [],
      seed: [],
      openflow: {
        listen: { host: '127.0.0.1', port: 6653 },
        connect: [],
        plain: 'loopback',
        switches: 64,
        connection_rate: 50,
        learn: false,
        learn_rate: 5000,
      },
      capture: { direction: 'port', fallback: 3_600_000, syns: false },
      groups: [],
      rules: [],
      strictness: {
        check: 'address',
        minimum_age: 0,
        minimum_zones: 1,
        minimum_teachers: 1,
        recursion: 'ignore',
      },
      packs: { bytes: 67_108_864, entries: 1_000_000, bad_percent: 5, least_percent: 50, time: 120_000 },
      lists: [],
      events: { allowed_every: 600_000 },
      install: { default: 'reactive', proactive: [], reactive: [] },
      metrics: {},
      console: { session: { idle: 1_800_000, absolute: 43_200_000 } },
      dnstap: { access: 'owner', plain: 'loopback' },
      hold: { time: 50, packets: 1024, bytes: 1_048_576 },
      allow_flow: { total: 65_536, all_switches: 1_048_576 },
      drop_flow: { life: 10_000, per_client: 16, total: 8192 },
      copy: { observed_rate: 5000, allowed_rate: 1000, blocked_rate: 100 },
      ask: { rate: 5000, waiting: 256 },
      ttl: { floor: 60_000, cap: 7 * 86_400_000 },
      glue: { wait: 2000 },
      learn: { rules_off: [], client_quota: 600, inside_servers: false, resolver_links: [] },
      pending: { time: 5000, size: 65_536 },
      history: { size: 1_000_000, keep: 7 * 86_400_000, stale: 0 },
      clients: {
        leases: [],
        lease_check: 10_000,
        resolver_timeout: 2000,
        queries: 8,
        waiting: 1024,
        name_life: 3_600_000,
        no_name_life: 600_000,
        size: 65_536,
        addresses: 32,
        keep: 7 * 86_400_000,
      },
      store: { kind: 'sqlite', tls: 'auto', journal_size: 256 * 1024 * 1024, flush: 1000, events: 100_000 },
      querylog: { size: 20 * 1024 ** 3, capture: false, dnstap: true, sources: [] },
      behaviour: {
        client_side: { interfaces: [], dnstap: false },
        hosts: 100_000,
        pairs: 10_000_000,
        half_life: 6 * 3_600_000,
        min_score: 0.8,
        round: 30_000,
        mail_servers: [],
      },
      response: { rules: [], never: [], most_hosts: 20 },
      eve: {},
      control: {},
      log: { level: 'info', rate: 1000 },
    });
  });

  it.each(['', '# nothing\n', '---\n', '{}'])('hold for an empty file: %j', (text) => {
    expect(parseConfig(text, 'gluewall.yaml')).toEqual(defaultConfig());
  });
});

describe('a full file', () => {
  it('is read', () => {
    const text = `
mode: enforce
on_failure: closed
warmup: 0
inside: { networks: [192.0.2.0/24, '2001:db8::/32'] }
outside: { ports: [eth1, 3] }
trusted_resolvers: [192.0.2.2]
allow: ['2001:db8:1::53']
teach: matched
root_hints: named.root
seed: [203.0.113.1]
openflow:
  listen: '[::1]:6633'
  connect: ['ssl:[2001:db8::1]', 'ssl:switch-1.example:6640', tcp:127.0.0.1:6634]
  tls: { key: a-key.pem, certificate: a-cert.pem, ca: /etc/ca.pem }
  plain: anywhere
  switches: 4
  connection_rate: 5
  learn: true
  learn_rate: 300
capture: { interfaces: [eth1], direction: networks }
hold: { time: 100ms, packets: 10, bytes: 10000 }
control: { socket: /tmp/x.sock }
log: { level: debug, rate: 10 }
`;
    const config = parseConfig(text, 'gluewall.yaml');
    expect(config).toMatchObject({
      mode: 'enforce',
      on_failure: 'closed',
      warmup: 0,
      teach: 'matched',
      root_hints: 'named.root',
    });
    expect(config.inside.networks).toEqual(['192.0.2.0/24', '2001:db8::/32'].map((text) => parseNetwork(text)));
    expect(config.outside.ports).toEqual(['eth1', 3]);
    expect(config.trusted_resolvers.map(formatAddress)).toEqual(['192.0.2.2']);
    expect(config.allow.map(formatAddress)).toEqual(['2001:db8:1::53']);
    expect(config.openflow).toEqual({
      listen: { host: '::1', port: 6633 },
      connect: [
        { scheme: 'ssl', host: '2001:db8::1', port: 6653 },
        { scheme: 'ssl', host: 'switch-1.example', port: 6640 },
        { scheme: 'tcp', host: '127.0.0.1', port: 6634 },
      ],
      tls: { key: 'a-key.pem', certificate: 'a-cert.pem', ca: '/etc/ca.pem' },
      plain: 'anywhere',
      switches: 4,
      connection_rate: 5,
      learn: true,
      learn_rate: 300,
    });
    expect(config.capture).toEqual({ interfaces: ['eth1'], direction: 'networks', fallback: 3_600_000, syns: false });
    expect(config.hold).toEqual({ time: 100, packets: 10, bytes: 10_000 });
  });
});

describe('limits', () => {
  const nested = (path: string, value: string) =>
    path
      .split('.')
      .reduceRight((inner, key, depth) => (depth === 0 ? `${key}: ${inner}` : `{${key}: ${inner}}`), value);

  it.each([
    ['warmup', ['0', '30d'], ['31d', '-1s']],
    ['hold.time', ['0', '1s'], ['1001ms']],
    ['hold.packets', ['0', '65536'], ['-1', '65537', '1.5']],
    ['hold.bytes', ['0', '67108864'], ['-1', '67108865']],
    ['allow_flow.all_switches', ['0', '16777216'], ['-1', '16777217']],
    ['allow_flow.total', ['0', '131072'], ['-1', '1000001']],
    ['drop_flow.life', ['1s', '15s'], ['999ms', '16s', '1500ms']],
    ['drop_flow.per_client', ['1', '16777216'], ['0', '16777217']],
    ['drop_flow.total', ['0', '16777216'], ['-1', '16777217']],
    ['copy.observed_rate', ['1', '1000000'], ['0', '1000001']],
    ['copy.blocked_rate', ['1', '1000000'], ['0', '1000001']],
    ['ttl.floor', ['1s', '1d'], ['999ms', '25h']],
    ['ttl.cap', ['60s', '30d'], ['31d', '0']],
    ['glue.wait', ['0', '60s'], ['61s']],
    ['learn.client_quota', ['0', '1000000'], ['-1', '1000001']],
    ['pending.time', ['100ms', '60s'], ['99ms', '61s']],
    ['pending.size', ['1', '1000000'], ['0', '1000001']],
    ['history.size', ['1', '10000000'], ['0', '10000001']],
    ['history.keep', ['0', '365d'], ['366d', '1']],
    ['history.stale', ['0', '7d'], ['8d']],
    ['openflow.switches', ['1', '1024'], ['0', '1025']],
    ['openflow.connection_rate', ['1', '10000'], ['0', '10001']],
    ['log.rate', ['10', '100000'], ['9', '100001']],
  ])('%s', (path, good, bad) => {
    for (const value of good) accepts(nested(path, value));
    for (const value of bad) {
      const [mistake, ...more] = mistakesOf(nested(path, value));
      expect(mistake, `${path}: ${value}`).toMatch(/^gluewall\.yaml:1:\d+: /);
      expect(mistake).toContain(path);
      expect(more).toEqual([]);
    }
  });

  it.each([
    ['inside', 'networks', 1024, (n: number) => `198.18.${n >> 8}.${n & 255}/32`],
    ['outside', 'ports', 64, (n: number) => `eth${n}`],
    ['capture', 'interfaces', 64, (n: number) => `eth${n}`],
  ])('%s.%s: so many and no more', (group, key, most, entry) => {
    const list = (count: number) =>
      `${group}: {${key}: [${Array.from({ length: count }, (_, n) => entry(n)).join(', ')}]}`;
    accepts(list(most));
    expect(mistakesOf(list(most + 1))).toHaveLength(1);
  });

  it('trusted_resolvers: 256 and no more', () => {
    const list = (count: number) =>
      `trusted_resolvers: [${Array.from({ length: count }, (_, n) => `198.18.${n >> 8}.${n & 255}`).join(', ')}]`;
    accepts(list(256));
    expect(mistakesOf(list(257))).toHaveLength(1);
  });

  it('names and paths have a length', () => {
    accepts(`capture: {interfaces: [${'x'.repeat(15)}]}`);
    expect(mistakesOf(`capture: {interfaces: [${'x'.repeat(16)}]}`)).toHaveLength(1);
    expect(mistakesOf("capture: {interfaces: ['']}")).toHaveLength(1);
    accepts(`control: {socket: ${'x'.repeat(107)}}`);
    expect(mistakesOf(`control: {socket: ${'x'.repeat(108)}}`)).toHaveLength(1);
    accepts('outside: {ports: [1, 4294967039]}');
    expect(mistakesOf('outside: {ports: [0]}')).toHaveLength(1);
    expect(mistakesOf('outside: {ports: [4294967040]}')).toHaveLength(1);
  });
});

describe('mistakes', () => {
  const FILE = `
mode: enforced
warmup: 2 days
inside:
  networks:
    - 192.0.2.0/24
    - 192.0.2.1/24
    - nonsense
colour: blue
hold:
  tiem: 50ms
trusted_resolvers: 192.0.2.2
`;

  it('are told all at once, each with file, line, column and key', () => {
    const mistakes = mistakesOf(FILE);
    expect(mistakes.map((line) => line.split(': ').slice(0, 2).join(': ')).sort()).toEqual([
      'gluewall.yaml:11:3: unknown key "hold.tiem"; did you mean "hold.time"?',
      'gluewall.yaml:12:20: trusted_resolvers',
      'gluewall.yaml:2:7: mode',
      'gluewall.yaml:3:9: warmup',
      'gluewall.yaml:7:7: inside.networks.1',
      'gluewall.yaml:8:7: inside.networks.2',
      'gluewall.yaml:9:1: unknown key "colour" (docs/configuration.md lists all keys)',
    ]);
  });

  it('an unknown key is named by its own place, not by that of its value', () => {
    expect(mistakesOf('mode: monitor\ncolour:\n\n  dark: blue\n')).toEqual([
      'gluewall.yaml:2:1: unknown key "colour" (docs/configuration.md lists all keys)',
    ]);
    expect(mistakesOf('ttl:\n  floor: 60s\n  roof:\n    - 1\n')).toEqual([
      'gluewall.yaml:3:3: unknown key "ttl.roof"; ttl has floor, cap',
    ]);
    expect(mistakesOf('mode: monitor\ncolour:\n')).toEqual([
      'gluewall.yaml:2:1: unknown key "colour" (docs/configuration.md lists all keys)',
    ]);
  });

  it.each([
    '__proto__: {a: 1}',
    'constructor: 1',
    'toString: 1',
    '1: 2',
    'true: 1',
    'null: 1',
    '? [a, b]\n: 1',
    'inside: {__proto__: 1}',
  ])('an odd key is unknown too: %s', (text) => {
    const [mistake] = mistakesOf(text);
    expect(mistake).toMatch(/^gluewall\.yaml:1:\d+: unknown key /);
  });

  it.each([
    ['a list', '- mode', 'gluewall.yaml:1:1: '],
    ['a word', 'monitor', 'gluewall.yaml:1:1: '],
    ['a group without keys', 'mode: monitor\nhold:\n', 'gluewall.yaml:2:1: hold: '],
    ['a group that is a word', 'hold: 50ms', 'gluewall.yaml:1:7: hold: '],
    ['a number for a word', 'mode: 1', 'gluewall.yaml:1:7: mode: '],
    ['a word for a number', 'history: {size: many}', 'gluewall.yaml:1:17: history.size: '],
    ['a number for a duration', 'hold: {time: 50}', 'gluewall.yaml:1:14: hold.time: '],
    ['a number for an address', 'allow: [1]', 'gluewall.yaml:1:9: allow.0: '],
    ['a network for an address', 'allow: [192.0.2.0/24]', 'gluewall.yaml:1:9: allow.0: '],
    ['an address with a zone index', 'allow: ["fe80::1%eth0"]', 'gluewall.yaml:1:9: allow.0: '],
    ['a listen address without port', 'openflow: {listen: 127.0.0.1}', 'gluewall.yaml:1:20: openflow.listen: '],
    ['TLS without a certificate', 'openflow: {tls: {key: k, ca: c}}', 'gluewall.yaml:1:12: openflow.tls.certificate: '],
    ['a switch without a scheme', 'openflow: {connect: [192.0.2.1]}', 'gluewall.yaml:1:22: openflow.connect.0: '],
    ['a number for a switch', 'openflow: {connect: [6653]}', 'gluewall.yaml:1:22: openflow.connect.0: '],
    ['null for a word', 'mode: ~', 'gluewall.yaml:1:7: mode: '],
    ['not a number', 'history: {size: .nan}', 'gluewall.yaml:1:17: history.size: '],
  ])('%s', (_what, text, start) => {
    const [mistake, ...more] = mistakesOf(text);
    expect(mistake?.startsWith(start), mistake).toBe(true);
    expect(more).toEqual([]);
  });

  it.each([
    ['bad indentation', 'hold:\n  time: 50ms\n packets: 5\n', 3],
    ['an open bracket', 'mode: monitor\nallow: [192.0.2.1\n', 2],
    ['a tab', 'hold:\n\ttime: 50ms\n', 2],
    ['a key twice', 'mode: monitor\nwarmup: 1h\nmode: enforce\n', 3],
    ['an unknown alias', 'mode: monitor\nallow: *nowhere\n', 2],
    ['two documents', 'mode: monitor\n---\nmode: monitor\n', 2],
  ])('of YAML syntax have their line: %s', (_what, text, line) => {
    const [mistake] = mistakesOf(text);
    const named = Number(/^gluewall\.yaml:(\d+):\d+: ./.exec(mistake ?? '')?.[1]);
    expect(Math.abs(named - line), mistake).toBeLessThanOrEqual(1);
  });

  it('an alias bomb is refused, not unfolded', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 12; level++) lines.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(10)}]`);
    const [mistake] = mistakesOf(lines.join('\n'));
    expect(mistake).toMatch(/^gluewall\.yaml:\d+:\d+: /);
  });

  it('no text makes it throw anything else', () => {
    const word = fc.constantFrom(
      'mode',
      'hold',
      'inside',
      'networks',
      '*a',
      '&a',
      '<<',
      '- ',
      ': ',
      '\n',
      '  ',
      '[',
      '}',
      '"',
      '!!x ',
      '? ',
      '|',
      '0',
      '%TAG',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 4 })), { maxLength: 12 }), (parts) => {
        for (const mistake of mistakesOf(parts.join(''))) expect(mistake).toMatch(/\S/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('contradictions', () => {
  it('OpenFlow without TLS that would leave the machine is refused where it stands', () => {
    const mistakes = mistakesOf(
      'openflow:\n  listen: 0.0.0.0:6653\n  connect:\n    - tcp:[::1]\n    - tcp:192.0.2.9\n    - ssl:192.0.2.9\n',
    );
    const stays = 'OpenFlow without TLS, neither authenticated nor encrypted, stays on loopback';
    const otherwise = 'or openflow.plain: anywhere where only switches reach it';
    const secured = 'set openflow.tls (gluewall pki init makes keys for a lab)';
    const redialled = 'write ssl: for tcp: and set openflow.tls (the switch then listens with pssl:)';
    expect(mistakes).toEqual([
      `gluewall.yaml:2:3: openflow.listen on 0.0.0.0: ${stays}; ${secured}, ${otherwise}`,
      `gluewall.yaml:5:7: openflow.connect to tcp:192.0.2.9:6653: ${stays}; ${redialled}, ${otherwise}`,
      'gluewall.yaml:6:7: openflow.connect: ssl: needs openflow.tls, with a key and a certificate of ours',
    ]);
  });

  it.each(['127.0.0.1', '127.255.0.254', 'localhost', '[::1]'])('%s is this machine', (host) => {
    accepts(`openflow: {listen: "${host}:0", connect: ["tcp:${host}"]}`);
  });

  it.each([
    '0.0.0.0',
    '[::]',
    '192.0.2.1',
    '128.0.0.1',
    '127.0.0.256',
    '127.1',
    '127.0.0.1.example',
    'localhost.example',
    'LOCALHOST',
    '[::ffff:192.0.2.1]',
    '[::2]',
  ])('%s is not, or nobody can tell', (host) => {
    expect(mistakesOf(`openflow: {listen: "${host}:0"}`)).toHaveLength(1);
    expect(mistakesOf(`openflow: {connect: ["tcp:${host}"]}`)).toHaveLength(1);
    accepts(`openflow: {listen: "${host}:0", connect: ["tcp:${host}"], plain: anywhere}`);
  });

  it('more switches to connect to than openflow.switches', () => {
    expect(mistakesOf('openflow: {switches: 1, connect: [tcp:127.0.0.1:1, tcp:127.0.0.1:2]}')).toEqual([
      'gluewall.yaml:1:25: openflow.connect names 2 switches, openflow.switches is 1: raise it',
    ]);
  });

  const inside = 'inside: {networks: [192.0.2.0/24]}';
  const outside = 'outside: {ports: [eth1]}';

  it.each([
    ['neither', 'mode: enforce'],
    ['only inside', `${inside}\nmode: enforce`],
    ['only outside', `${outside}\nmode: enforce`],
  ])('enforce is refused with %s', (_what, text) => {
    const line = text.split('\n').length;
    expect(mistakesOf(text)).toEqual([
      `gluewall.yaml:${line}:1: mode: enforce needs inside.networks and outside.ports, else nobody can tell which queries are outbound`,
    ]);
  });

  it('learning from switches that cannot tell what left', () => {
    expect(mistakesOf(`${inside}\nopenflow:\n  learn: true`)).toEqual([
      'gluewall.yaml:3:3: openflow.learn needs inside.networks and outside.ports, else nobody can tell what left',
    ]);
    accepts(`${inside}\n${outside}\nopenflow: {learn: true, learn_rate: 1}`);
  });

  it('enforce with both is taken, monitor with neither', () => {
    accepts(`${inside}\n${outside}\nmode: enforce`);
    accepts('mode: monitor');
  });

  it('floor above cap', () => {
    expect(mistakesOf('mode: monitor\nttl:\n  floor: 2h\n  cap: 1h')).toEqual([
      'gluewall.yaml:3:3: ttl.floor is above ttl.cap',
    ]);
    accepts('ttl: {floor: 1h, cap: 1h}');
  });

  it('store.kind: mariadb without store.url, and the other way round', () => {
    expect(mistakesOf('store:\n  kind: mariadb')).toEqual(['gluewall.yaml:2:3: store.kind: mariadb needs store.url']);
    expect(mistakesOf('store:\n  url: mysql://gw@192.0.2.1/x')).toEqual([
      'gluewall.yaml:2:3: store.url is for store.kind: mariadb',
    ]);
    accepts('store: {kind: mariadb, url: "mysql://gw@192.0.2.1/x"}');
  });

  it('teach: resolvers without a trusted resolver', () => {
    expect(mistakesOf('mode: monitor\nteach: resolvers')).toEqual([
      'gluewall.yaml:2:1: teach: resolvers needs trusted_resolvers, else nobody teaches',
    ]);
    accepts('teach: resolvers\ntrusted_resolvers: [192.0.2.53]');
  });
});

describe('what should stand there', () => {
  it('is said in the order of the file, in words of ours', () => {
    const text = 'outside: {ports: [-1]}\nmode: blok\nallow: 192.0.2.1\nhold: 7\npending: {size: 0}\nroot_hints: 5';
    expect(mistakesOf(text)).toEqual([
      expect.stringContaining('gluewall.yaml:1:19: outside.ports.0: want'),
      'gluewall.yaml:2:7: mode: want one of: monitor, enforce',
      'gluewall.yaml:3:8: allow: want a list, such as [ONE, OTHER]',
      'gluewall.yaml:4:7: hold: want keys below it, such as "hold: {time: 50ms}"',
      'gluewall.yaml:5:17: pending.size: want 1 or more',
      'gluewall.yaml:6:13: root_hints: want text',
    ]);
  });
});

describe('loadConfig', () => {
  it('reads a file and names it in its messages', () => {
    const directory = mkdtempSync(join(tmpdir(), 'gluewall-config-'));
    try {
      const file = join(directory, 'gluewall.yaml');
      writeFileSync(file, 'warmup: 1h\n');
      expect(loadConfig(file).warmup).toBe(3_600_000);
      writeFileSync(file, '\nmode: x\n');
      expect(() => loadConfig(file)).toThrowError(new RegExp(`^${file}:2:7: mode: `));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('says what it cannot read', () => {
    expect(() => loadConfig('/nowhere/gluewall.yaml')).toThrowError(
      /^\/nowhere\/gluewall\.yaml: cannot be read \(ENOENT\)/,
    );
  });
});
