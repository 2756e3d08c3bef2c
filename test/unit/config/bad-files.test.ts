/** Files that are wrong in ways of their own: each is told in few clear words, and quickly. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/config/config-error.ts';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';

function refusal(text: string): ConfigError {
  try {
    parseConfig(text, 'f');
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('it was taken');
}

const messageOf = (text: string) => refusal(text).message;
const many = (count: number, part: (n: number) => string) => Array.from({ length: count }, (_, n) => part(n)).join('');

describe('YAML that is none', () => {
  it.each([
    ['a tab', 'hold:\n\ttime: 50ms\n', 'f:2:1: a tab stands here: YAML is indented with spaces'],
    ['a key twice', 'mode: monitor\nmode: enforce\n', 'f:2:1: the key "mode" stands here twice'],
    ['a key twice in a group', 'hold: {time: 1s, "time": 2s}', 'f:1:18: the key "time" stands here twice'],
    ['an alias of nothing', 'allow: *nowhere', 'f:1:8: no "&nowhere" stands before this'],
    ['an alias of itself', 'allow: *a\nseed: &a []', 'f:1:8: no "&a" stands before this'],
    [
      'two documents',
      'mode: monitor\n---\nmode: monitor\n',
      'f:2:1: a second document begins here: a configuration is one',
    ],
    [
      'a colon in a text',
      'mode: monitor: x\n',
      'f:1:7: a second ": " on this line: quote the text, or begin a new line',
    ],
    ['an open quote', 'mode: "x\nhold: 5', 'f:2:8: Missing closing "quote'],
  ])('%s', (_what, text, message) => {
    expect(messageOf(text)).toBe(message);
  });

  it('aliases are followed, and a mistake in what they stand for is told at their key', () => {
    expect(parseConfig('allow: [&a 192.0.2.1]\nseed: [*a]', 'f').seed).toHaveLength(1);
    expect(messageOf('allow: &a [x]\nseed: *a')).toBe(
      'f:1:12: allow.0: "x" is no IPv4 or IPv6 address\nf:2:1: seed.0: "x" is no IPv4 or IPv6 address',
    );
  });
});

describe('too much of it', () => {
  it.each([
    ['nested lists', `allow: ${'['.repeat(2_000_000)}`],
    ['nested lists that end', `allow: ${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['nested maps', '{a: '.repeat(100_000)],
    ['nested blocks', many(3000, (n) => `${' '.repeat(n)}a:\n`)],
    ['dashes', '- '.repeat(100_000)],
    ['question marks', '? '.repeat(50_000)],
  ])('%s are refused', (_what, text) => {
    expect(messageOf(text)).toMatch(/^f:\d+:\d+: this is nested too deep for a configuration$/);
  });

  it('aliases are a hundred at most', () => {
    expect(messageOf(`allow: [&a 192.0.2.1, ${'*a, '.repeat(50_000)}]`)).toMatch(
      /^f:1:\d+: a configuration has at most 100 aliases$/,
    );
  });

  it('aliases of aliases are not unfolded', () => {
    const bomb = many(9, (n) => `a${n}: &a${n} [${n === 0 ? 'x' : Array(10).fill(`*a${n - 1}`)}]\n`);
    expect(messageOf(bomb)).toMatch(/^f:2:10: aliases unfold to more than a configuration holds$/);
  });

  it('of many mistakes twenty are told, and how many more there are', () => {
    const error = refusal(`allow: [${'x, '.repeat(1000)}]`);
    const lines = error.message.split('\n');
    expect(error.mistakes).toHaveLength(1000);
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('f: and 980 more');
  });

  it('many keys are read in a time that grows as they do', () => {
    expect(messageOf(many(30_000, (n) => `key${n}: 1\n`)).split('\n')).toHaveLength(21);
  });

  it('long texts are cut short', () => {
    for (const text of [
      `mode: ${'x'.repeat(1e6)}`,
      `allow: [${'x'.repeat(1e6)}]`,
      `${'x'.repeat(1000)}: 1`,
      `warmup: ${'1'.repeat(1e6)}s`,
    ]) {
      expect(messageOf(text).length, text.slice(0, 10)).toBeLessThan(300);
    }
  });

  it('a text is told on its one line, whatever is in it', () => {
    expect(messageOf('"a\\nf:1:1: fine": 1')).toBe(
      'f:1:1: unknown key "a\\nf:1:1: fine" (docs/configuration.md lists all keys)',
    );
    expect(messageOf('allow: ["a\\nb\\e[2J"]')).toBe('f:1:9: allow.0: "a\\nb\\u001b[2J" is no IPv4 or IPv6 address');
  });
});

describe('suggestions', () => {
  it.each([
    ['trusted_resolver: []', 'unknown key "trusted_resolver"; did you mean "trusted_resolvers"?'],
    ['trustedResolvers: []', 'unknown key "trustedResolvers"; did you mean "trusted_resolvers"?'],
    ['ports: []', 'unknown key "ports"; did you mean "outside.ports"?'],
    ['inside: {ports: []}', 'unknown key "inside.ports"; did you mean "outside.ports"?'],
    ['inside: {network: []}', 'unknown key "inside.network"; did you mean "inside.networks"?'],
    ['histroy: {}', 'unknown key "histroy"; did you mean "history"?'],
    ['size: 1', 'unknown key "size"; did you mean "pending.size", "history.size" or "clients.size"?'],
    ['hold.time: 1s', 'unknown key "hold.time"; write hold: {time: …}'],
    ['hold: {colour: 1}', 'unknown key "hold.colour"; hold has time, packets, bytes'],
    ['colour: 1', 'unknown key "colour" (docs/configuration.md lists all keys)'],
    ['mode: enforced', 'mode: want one of: monitor, enforce; did you mean "enforce"?'],
    ['log: {level: warning}', 'log.level: want one of: debug, info, warn, error'],
    ['store: {kind: SQLite}', 'store.kind: want one of: sqlite, mariadb, memory; did you mean "sqlite"?'],
  ])('%s', (text, message) => {
    expect(messageOf(text).replace(/^f:\d+:\d+: /, '')).toBe(message);
  });
});

describe('loadConfig', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'gluewall-config-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('refuses a file that is too large without reading it', () => {
    const file = join(directory, 'huge.yaml');
    writeFileSync(file, '');
    truncateSync(file, 8 * 2 ** 30);
    expect(() => loadConfig(file)).toThrowError(/larger than 67108864 octets/);
  });

  it('refuses a device without end, a folder, and what is no text', () => {
    expect(() => loadConfig('/dev/zero')).toThrowError(/larger than/);
    expect(() => loadConfig(directory)).toThrowError(/EISDIR/);
    const file = join(directory, 'latin1.yaml');
    writeFileSync(file, Buffer.from('# caf\xe9\nmode: monitor\n', 'latin1'));
    expect(() => loadConfig(file)).toThrowError(/latin1\.yaml: is no UTF-8 text/);
  });

  it('relative paths start at its folder', () => {
    const file = join(directory, 'paths.yaml');
    writeFileSync(
      file,
      'root_hints: a/hints\nstore: {file: x.db}\neve: {file: /var/log/eve.json}\n' +
        'openflow: {tls: {key: pki/key.pem, certificate: cert.pem, ca: /etc/ca.pem}}\n',
    );
    expect(loadConfig(file)).toMatchObject({
      root_hints: join(directory, 'a', 'hints'),
      store: { file: join(directory, 'x.db') },
      eve: { file: '/var/log/eve.json' },
      openflow: {
        tls: { key: join(directory, 'pki', 'key.pem'), certificate: join(directory, 'cert.pem'), ca: '/etc/ca.pem' },
      },
    });
  });

  it('reads a pipe, and a file with a byte order mark', () => {
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    execFileSync('sh', ['-c', `printf 'warmup: 1h' > ${fifo} &`], { stdio: 'ignore' });
    expect(loadConfig(fifo).warmup).toBe(3_600_000);
    const file = join(directory, 'bom.yaml');
    writeFileSync(file, '\ufeffmode: enforced\n');
    expect(() => loadConfig(file)).toThrowError(`${file}:1:7: mode`);
  });
});
