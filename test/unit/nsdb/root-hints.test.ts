import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/address.ts';
import { GluewallError } from '../../../src/core/errors.ts';
import { formatName, ROOT } from '../../../src/dns/name.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import {
  BUILT_IN_ROOT_HINTS_DATE,
  builtInRootHints,
  keepRootHints,
  parseRootHints,
} from '../../../src/nsdb/root-hints.ts';
import { historyOptions } from '../../support/learning.ts';
import { nameOf } from '../../support/observations.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const read = (text: string) =>
  parseRootHints(text, 'named.root').map(
    ({ nameServer, address }) => `${formatName(nameServer)} ${formatAddress(address)}`,
  );

function problemOf(text: string): GluewallError {
  try {
    parseRootHints(text, 'named.root');
  } catch (error) {
    if (error instanceof GluewallError) return error;
    throw error;
  }
  throw new Error('the file was taken');
}

describe('builtInRootHints', () => {
  it('holds 13 servers with an address of each family, all different, and has a date', () => {
    const hints = builtInRootHints();
    expect(hints).toHaveLength(26);
    expect(new Set(hints.map(({ nameServer }) => nameServer)).size).toBe(13);
    expect(new Set(hints.map(({ address }) => address)).size).toBe(26);
    expect(hints.filter(({ address }) => typeof address === 'number')).toHaveLength(13);
    expect(new Date(BUILT_IN_ROOT_HINTS_DATE).toISOString().slice(0, 10)).toBe(BUILT_IN_ROOT_HINTS_DATE);
  });
});

describe('keepRootHints', () => {
  it('makes them serve the root, for good', () => {
    const clock = new VirtualClock();
    const history = new NsHistory(clock, historyOptions({ size: 100 }));
    const hints = builtInRootHints();
    keepRootHints(history, hints);
    clock.advance(1e12);
    history.expire(1000);
    for (const { address } of hints) {
      expect(history.standing(address)?.origin).toBe('rootHints');
      expect(history.closestServedZone(address, nameOf('www.example.org'))).toBe(ROOT);
    }
  });
});

describe('parseRootHints', () => {
  it('reads the form of named.root', () => {
    const text = [
      ';       This file holds the information on root name servers',
      '',
      '.                        3600000      NS    A.ROOT-SERVERS.EXAMPLE.',
      'A.ROOT-SERVERS.EXAMPLE.  3600000      A     192.0.2.1   ; comment',
      'A.ROOT-SERVERS.EXAMPLE.  3600000      AAAA  2001:db8::1',
      '; End of file',
    ].join('\r\n');
    expect(read(text)).toEqual(['a.root-servers.example 192.0.2.1', 'a.root-servers.example 2001:db8::1']);
  });

  it.each([
    ['with class', 'a.example. 3600 IN A 192.0.2.1'],
    ['without TTL', 'a.example. A 192.0.2.1'],
    ['lower case, no final dot', 'a.example 3600 in a 192.0.2.1'],
    ['tabs and leading space', '\ta.example.\t3600\tIN\tA\t192.0.2.1\t'],
  ])('reads a record %s', (_form, line) => {
    expect(read(line)).toEqual(['a.example 192.0.2.1']);
  });

  it('takes a server called a or ns at its word', () => {
    expect(read('A 3600 A 192.0.2.1\nns 3600 AAAA 2001:db8::1')).toEqual(['a 192.0.2.1', 'ns 2001:db8::1']);
  });

  it.each([
    ['a word alone', 'hello'],
    ['another type', 'a.example. 3600 TXT "x"'],
    ['no address', 'a.example. 3600 A'],
    ['a bad address', 'a.example. 3600 A 192.0.2.256'],
    ['an IPv6 address as A', 'a.example. 3600 A 2001:db8::1'],
    ['an IPv4 address as AAAA', 'a.example. 3600 AAAA 192.0.2.1'],
    ['a bad name', `${'x'.repeat(64)}.example. 3600 A 192.0.2.1`],
    ['a name server record without a name', '. 3600 NS'],
    ['a bad name server name', `. 3600 NS ${'x'.repeat(64)}.example`],
    ['a directive', '$INCLUDE other.root'],
    ['something behind the address', 'a.example. 3600 A 192.0.2.1 192.0.2.2'],
  ])('says file and line of %s', (_what, line) => {
    const problem = problemOf(`; first line\na.example. 3600 A 192.0.2.1\n${line}\nb.example. 3600 A 192.0.2.2`);
    expect(problem.code).toBe('root-hints');
    expect(problem.message).toMatch(/^named\.root:3: not a root hint: /);
    expect(problem.message).toContain(line.trim());
  });

  it.each(['', '; nothing\n\n', '. 3600 NS a.example.'])('refuses a file without an address: %j', (text) => {
    expect(problemOf(text).message).toMatch(/^named\.root: holds no A or AAAA record/);
  });
});
