/** Passive DNS in and out, as operators do it, on a store that no gluewall runs on. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runGluewall } from '../support/command-line.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  writeFileSync(join(directory, 'gluewall.yaml'), 'store: { file: gluewall.db }\n');
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const gluewall = (...args: string[]) => runGluewall(directory, args);
const nowSeconds = () => Math.floor(Date.now() / 1000);
const record = (rrname: string, rrtype: string, rdata: string | readonly string[], fields: object = {}) =>
  JSON.stringify({ rrname, rrtype, rdata, time_first: 1000, time_last: nowSeconds() - 10, count: 4, ...fields });

it('takes in NS records with the addresses of their servers, says what it left out, and writes the same', () => {
  const lines = [
    record('ns1.corp.example.', 'A', '198.51.100.21'),
    record('corp.example.', 'NS', ['ns1.corp.example.', 'ns2.corp.example.', 'ns3.corp.example.']),
    'no JSON',
    record('ns2.corp.example.', 'AAAA', '2001:db8:2::21', { time_last: 2000 }),
    record('corp.example.', 'MX', '10 mail.corp.example.'),
    record('other.example.', 'NS', 'ns1.corp.example.', { time_last: nowSeconds() + 7 * 86_400 }),
    record('early.example.', 'NS', 'ns1.corp.example.', { time_first: -1 }),
  ];
  writeFileSync(join(directory, 'passive.cof'), `${lines.join('\n')}\n`);
  const imported = gluewall('history', 'import', 'passive.cof');
  expect(imported).toMatchObject({ status: 1 });
  expect(imported.stderr).toMatch(/passive\.cof:3: no JSON\n.*passive\.cof:7: time_first/);
  expect(imported.stdout).toContain('2 triples taken from passive.cof; 1 had expired');
  expect(imported.stdout).toContain('2 rows could not be read');
  expect(imported.stdout).toContain('1 NS records left out');
  const written = gluewall('history', 'export', '--format', 'cof', '--zone', 'corp.example', '--output', 'out.cof');
  expect(written.status).toBe(0);
  const out = readFileSync(join(directory, 'out.cof'), 'utf8');
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { rrname: 'corp.example', rrtype: 'NS', rdata: 'ns1.corp.example', time_first: 1000, count: 4 },
    { rrname: 'ns1.corp.example', rrtype: 'A', rdata: '198.51.100.21', x_gluewall_trust: 'unverified' },
  ]);
  rmSync(join(directory, 'gluewall.db'));
  expect(gluewall('history', 'import', 'out.cof').stdout).toContain('1 triples taken');
  expect(gluewall('history', 'export', '--format', 'cof', '--zone', 'corp.example').stdout).toBe(out);
});

it('takes in CSV of three columns, for as long as is said', () => {
  writeFileSync(join(directory, 'plain.csv'), 'zone,nameServer,address\ncorp.example,ns1.corp.example,198.51.100.21\n');
  expect(gluewall('history', 'import', 'plain.csv', '--ttl', '2h').stdout).toContain('1 triples taken');
  const [row] = JSON.parse(gluewall('history', 'list', '--zone', 'corp.example', '--json').stdout);
  expect(row).toMatchObject({ address: '198.51.100.21', trust: 'unverified', sightings: 1, glue: 'none' });
  expect(Date.parse(row.expires) - Date.parse(row.lastSeen)).toBe(2 * 3_600_000);
});

it.each(['0', '31d', 'long'])('wants a life that can be, not %s', (ttl) => {
  expect(gluewall('history', 'import', 'plain.csv', '--ttl', ttl)).toMatchObject({ status: 2 });
});
