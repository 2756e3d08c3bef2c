import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { composeConfig, composeYaml } from '../../../src/config/compose.ts';
import { ConfigError } from '../../../src/config/config-error.ts';
import { configDifference, liveConfig } from '../../../src/config/difference.ts';
import { loadConfig, parseConfig } from '../../../src/config/load.ts';
import { summarise } from '../../../src/config/summary.ts';
import { parseAddress } from '../../../src/core/address.ts';
import { LOG_FORMATS } from '../../../src/querylog/readers/list.ts';

const parse = (querylog: object) => parseConfig(JSON.stringify({ querylog }), 'gluewall.yaml');
const withSource = (source: object) => parse({ sources: [{ name: 'ns1', ...source }] });

function mistakes(querylog: object): string {
  try {
    parse(querylog);
    return '';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}

describe('a source', () => {
  it('is read', () => {
    const written = { file: 'q.log', format: 'bind', zone: 'Europe/Vienna', server: '192.0.2.53', keep: '30d' };
    expect(withSource(written).querylog.sources).toEqual([
      { ...written, access: 'owner', name: 'ns1', server: parseAddress('192.0.2.53'), keep: 30 * 86_400_000 },
    ]);
  });

  it.each([
    ['udp:127.0.0.1:5514', { transport: 'udp', host: '127.0.0.1', port: 5514 }],
    ['tcp:[::1]:514', { transport: 'tcp', host: '::1', port: 514 }],
    ['tcp:localhost:514', { transport: 'tcp', host: 'localhost', port: 514 }],
    ['unix:/run/gluewall/syslog.sock', { transport: 'unix', path: '/run/gluewall/syslog.sock' }],
  ])('hears syslog at %s', (syslog, place) => {
    const config = withSource({ syslog });
    expect(config.querylog.sources[0]!.syslog).toEqual(place);
    expect(composeConfig(config).querylog!.sources![0]!.syslog).toBe(syslog);
  });

  it.each([
    '127.0.0.1:514',
    'udp:ns1.example:514',
    'udp:127.0.0.1',
    'udp:127.0.0.1:70000',
    'udp:0.0.0.0:0',
    'unix:relative',
    'tls:127.0.0.1:1',
  ])('hears no syslog at %s', (syslog) =>
    expect(mistakes({ sources: [{ name: 'ns1', syslog }] })).toContain('udp:HOST:PORT'),
  );

  it.each([
    [{ name: 'ns1' }, 'name the `file`'],
    [{ name: 'ns1', file: 'a', syslog: 'unix:/s' }, 'two sources'],
    [{ name: 'gate', file: 'a' }, 'choose another name'],
    [{ name: 'a/b', file: 'a' }, 'want letters'],
    [{ name: 'ns1', file: 'a', zone: 'Vienna' }, 'Europe/Vienna'],
    [{ name: 'ns1', file: 'a', format: 'named' }, 'want one of'],
    [{ name: 'ns1', file: 'a', keep: '11d' }, 'make that longer'],
  ])('%j is refused', (source, wanted) => expect(mistakes({ keep: '10d', sources: [source] })).toContain(wanted));

  it.each([
    [{ size: '10MB' }, 'querylog.size: want a whole number of octets'],
    [{ capture: 'maybe' }, 'querylog.capture: want true or false'],
  ])('%j is refused', (querylog, wanted) => expect(mistakes(querylog)).toContain(wanted));

  it('has a name of its own', () => {
    const twice = [
      { name: 'ns1', file: 'a' },
      { name: 'ns1', file: 'b' },
    ];
    expect(mistakes({ sources: twice })).toContain('there is another one of that name');
  });

  it.each([{ file: 'q.log' }, { syslog: 'udp:127.0.0.1:514' }])('reads what no other reads: %j', (place) => {
    const twice = [
      { name: 'a', ...place },
      { name: 'b', ...place },
    ];
    expect(mistakes({ sources: twice })).toContain('a reads the same');
  });

  it('may be of every format there is', () => {
    expect(LOG_FORMATS.length).toBeGreaterThan(0);
    for (const { name } of LOG_FORMATS)
      expect(withSource({ file: 'a', format: name }).querylog.sources[0]!.format).toBe(name);
  });
});

it('paths begin at the folder of the configuration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-config-'));
  const file = join(folder, 'gluewall.yaml');
  const querylog = { folder: 'log', anonymise: { key_file: 'key' }, sources: [{ name: 'ns1', file: 'q.log' }] };
  writeFileSync(file, JSON.stringify({ querylog }));
  const read = loadConfig(file).querylog;
  rmSync(folder, { recursive: true });
  expect([read.folder, read.anonymise?.key_file, read.sources[0]!.file]).toEqual(
    ['log', 'key', 'q.log'].map((name) => join(folder, name)),
  );
});

it('is written as it was read', () => {
  const querylog = { keep: '90d', size: 1 << 30, capture: true, sources: [{ name: 'ns1', file: 'q.log', keep: '2d' }] };
  const config = parse(querylog);
  expect(parseConfig(composeYaml(config), 'gluewall.yaml')).toEqual(config);
});

it('sources and what is kept change while gluewall runs, place and pseudonyms do not', () => {
  const before = parse({ folder: 'a' });
  const after = parse({ folder: 'b', keep: '1d', anonymise: { key_file: 'k' }, sources: [{ name: 'ns1', file: 'q' }] });
  const live = configDifference(before, after).map(({ path, isLive }) => [path, isLive]);
  expect(Object.fromEntries(live)).toEqual({
    'querylog.folder': false,
    'querylog.keep': true,
    'querylog.anonymise': false,
    'querylog.sources': true,
  });
  const { querylog } = liveConfig(before, after);
  expect([querylog.folder, querylog.anonymise, querylog.keep, querylog.sources.length]).toEqual([
    'a',
    undefined,
    86_400_000,
    1,
  ]);
});

it('a summary says what enters it, and warns of syslog that others reach', () => {
  const { sentences, warnings } = summarise(withSource({ syslog: 'udp:192.0.2.1:514' }));
  expect(sentences).toContain('query log: ns1, what the gate blocks');
  expect(warnings.join()).toContain('whoever reaches a syslog source');
});
