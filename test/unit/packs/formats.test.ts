import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress, parseNetwork } from '../../../src/core/address.ts';
import { formatEntry } from '../../../src/packs/entry.ts';
import { EntryBook } from '../../../src/packs/entry-book.ts';
import { addBatch, type ListFormat, type ListSummary, type ReadOrder, readList } from '../../../src/packs/read-list.ts';

const NOW_MS = Date.UTC(2026, 10, 21);

const ORDER: ReadOrder = {
  file: '',
  format: 'plain',
  maxBytes: 1 << 20,
  maxEntries: 10_000,
  maxBadPercent: 100,
  guard: { trustedResolvers: [], insideNetworks: [], isBroad: false },
  nowMs: NOW_MS,
};

interface Read {
  readonly book: EntryBook;
  /** In the order of the alphabet; exceptions begin with `not`. */
  readonly entries: readonly string[];
  readonly summary: ListSummary;
}

function read(format: ListFormat, list: string | Buffer, more: Partial<ReadOrder> = {}): Read {
  const book = new EntryBook();
  const batches = readList(Buffer.from(list as string), { ...ORDER, format, ...more });
  for (;;) {
    const step = batches.next();
    if (step.done === true) {
      const entries = [...book.entries()].map(({ entry, passes }) => `${passes ? 'not ' : ''}${formatEntry(entry)}`);
      return { book, entries: entries.sort(), summary: step.value };
    }
    addBatch(step.value, book);
  }
}

/** Every cut, every octet changed to others that matter, and random octets: nothing may throw. */
function abuse(format: ListFormat, good: string): void {
  const octets = Buffer.from(good);
  for (let end = 0; end <= octets.length; end++) read(format, octets.subarray(0, end));
  for (let at = 0; at < octets.length; at++) {
    for (const octet of [0, 0x0a, 0x22, 0x5b, 0x5c, 0xff, octets[at]! ^ 1]) {
      const changed = Buffer.from(octets);
      changed[at] = octet;
      read(format, changed);
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => void read(format, Buffer.from(noise))));
  fc.assert(
    fc.property(fc.nat(octets.length), fc.nat(octets.length), fc.nat(octets.length), (from, to, at) => {
      const part = octets.subarray(Math.min(from, to), Math.max(from, to));
      read(format, Buffer.concat([octets.subarray(0, at), part, octets.subarray(at)]));
    }),
  );
}

const PLAIN = `\ufeff# a list
192.0.2.7
198.51.100.0/24 ; SBL4711
2001:db8::7\t# in IPv6
evil.example
*.wild.example
.dotted.example
UPPER.example.
bücher.example
_dmarc.under.example
esc\\;aped.example

0.0.0.0 one.hosts.example two.hosts.example
127.0.0.1 localhost three.hosts.example # comment
::1 ip6-localhost ip6-loopback
255.255.255.255 broadcasthost
`;

describe('a plain list', () => {
  it('holds addresses, networks, names and the names of hosts lines', () => {
    const { entries, summary } = read('plain', PLAIN);
    expect(entries).toEqual(
      [
        '192.0.2.7',
        '198.51.100.0/24',
        '2001:db8::7',
        '_dmarc.under.example',
        'dotted.example',
        'esc\\;aped.example',
        'evil.example',
        'one.hosts.example',
        'three.hosts.example',
        'two.hosts.example',
        'upper.example',
        'wild.example',
        'xn--bcher-kva.example',
      ].sort(),
    );
    expect(summary).toMatchObject({
      problem: undefined,
      bad: 0,
      leftOut: 0,
      unused: { 'names of the host itself': 4 },
    });
  });

  it('tells lines that are none', () => {
    const lines = [
      '192.0.2.256',
      '192.0.2.1/24',
      'a..b',
      '192.0.2.9 www.example',
      'two words',
      'x'.repeat(5000),
      'caf\xe9.',
      'hxxp://x',
    ];
    const { summary } = read('plain', Buffer.from(lines.join('\n'), 'latin1'));
    expect(summary.bad).toBe(8);
    expect(summary.badExamples).toEqual([
      'line 1: "192.0.2.256" is no IPv4 address: write four numbers up to 255',
      'line 2: "192.0.2.1/24" has bits set beyond its length: write 192.0.2.0/24, or 192.0.2.1',
      'line 3: "a..b" is no domain name: labels have 1 to 63 octets, and all together at most 255',
      'line 4: sends names to "192.0.2.9", which is no way to block them',
      'line 5: has more than one word',
    ]);
  });

  it('bears anything', () => abuse('plain', PLAIN), 60_000);
});

const RPZ = `$TTL 1h
@ 3600 IN SOA localhost. root.localhost. ( 2026112101 ; serial
    1h 15m 30d 2h )
  NS localhost.
evil.example          CNAME .
*.evil.example        CNAME .
nodata.example        IN CNAME *.
dropped.example 60    CNAME rpz-drop.
garden.example        CNAME garden.operator.example.
local.example         A 192.0.2.80
local.example         TXT "two ; words" "(more)"
*.wild.example        IN 60 CNAME .
ok.wild.example       CNAME rpz-passthru.
old.wild.example      CNAME old.wild.example.
tcp.example           CNAME rpz-tcp-only.
32.7.2.0.192.rpz-nsip CNAME .
24.0.100.51.198.rpz-ip CNAME .
32.9.100.51.198.rpz-ip CNAME rpz-passthru.
128.57.zz.db8.2001.rpz-nsip CNAME .
48.zz.1.db8.2001.rpz-nsip CNAME .
8.0.0.0.10.rpz-client-ip CNAME .
ns.evil.example.rpz-nsdname CNAME .
$ORIGIN sub.example.
relative              CNAME .
`;

describe('a response policy zone', () => {
  it('holds what is denied and what is taken out', () => {
    const { entries, summary, book } = read('rpz', RPZ);
    expect(entries).toEqual(
      [
        '*.wild.example',
        '192.0.2.7',
        '198.51.100.0/24',
        '2001:db8:1::/48',
        '2001:db8::57',
        '=dropped.example',
        '=garden.example',
        '=local.example',
        '=nodata.example',
        '=relative.sub.example',
        'evil.example',
        'not 198.51.100.9',
        'not =ok.wild.example',
        'not =old.wild.example',
      ].sort(),
    );
    expect(summary).toMatchObject({
      problem: undefined,
      bad: 0,
      unused: { 'rpz-tcp-only': 1, 'rpz-client-ip': 1, 'rpz-nsdname': 1 },
    });
    expect(book.hasDestination(parseAddress('198.51.100.9')!)).toBe(false);
    expect(book.hasDestination(parseAddress('198.51.100.8')!)).toBe(true);
  });

  it('is read relative to the name in its SOA, as a transfer writes it', () => {
    const transfer = `rpz.example. 60 IN SOA ns.example. host.example. 1 2 3 4 5
rpz.example. 60 IN NS ns.example.
evil.example.RPZ.example. 60 IN CNAME .
*.evil.example.rpz.example. 60 IN CNAME .
other.example. 60 IN CNAME .
rpz.example. 60 IN RRSIG NS 8 1 60 20261221000000 20261121000000 1 rpz.example. aaaa
`;
    const { entries, summary } = read('rpz', transfer);
    expect(entries).toEqual(['evil.example']);
    expect(summary.badExamples).toEqual(['line 5: other.example lies outside of the zone rpz.example']);
  });

  it.each([
    ['x CNAME rpz-passthru', 'line 2: has an action "rpz-passthru" that is none'],
    ['x CNAME', 'line 2: has an action "" that is none'],
    ['x CNAME a b', 'line 2: has an action "a b" that is none'],
    ['33.7.2.0.192.rpz-ip CNAME .', 'is no rpz-ip address'],
    ['24.7.2.0.192.rpz-ip CNAME .', 'is no rpz-ip address'],
    ['rpz-nsip CNAME .', 'is no rpz-nsip address'],
    ['32.zz.zz.1.rpz-ip CNAME .', 'is no rpz-ip address'],
    ['a.*.example CNAME .', 'has a wildcard that is not its first label'],
    ['$INCLUDE /etc/passwd', 'line 2: "$INCLUDE" is not followed'],
    ['$GENERATE 1-1000000 x$ CNAME .', 'line 2: "$GENERATE" is not followed'],
    ['$TTL never', 'is no time to live'],
    ['$ORIGIN a..b', 'is no domain name'],
    ['a..b CNAME .', 'is no domain name'],
    ['x ( CNAME .', 'opens a parenthesis that nothing closes'],
    ['x CNAME . )', 'has quotes or parentheses that do not match'],
    ['x TXT "open', 'has quotes or parentheses that do not match'],
    ['x', 'has no record type'],
    ['x 60 IN', 'has no record type'],
  ])('tells %j', (line, problem) => {
    const { summary } = read('rpz', `@ SOA a. b. 1 2 3 4 5\n${line}\n`);
    expect(summary.badExamples).toHaveLength(1);
    expect(summary.badExamples[0]).toContain(problem);
  });

  it('does not give the records of a line that cannot be read to the owner above it', () => {
    const { entries, summary } = read('rpz', '@ SOA a. b. 1 2 3 4 5\ngood.example CNAME .\na..b CNAME .\n  CNAME .\n');
    expect(entries).toEqual(['=good.example']);
    expect(summary.bad).toBe(2);
  });

  it('is bounded over many lines', () => {
    const { summary } = read('rpz', `@ SOA a. b. (\n${'1\n'.repeat(5000)})\nx.example CNAME .\n`);
    expect(summary.bad).toBeGreaterThan(0);
  });

  it('without a record is none', () => {
    expect(read('rpz', '; nothing\n').summary.problem).toBe('holds no record of a zone');
  });

  it('bears anything', () => abuse('rpz', RPZ), 60_000);
});

const attribute = (type: string, value: string, more: object = {}) => ({
  type,
  value,
  to_ids: true,
  uuid: `u-${type}`,
  ...more,
});

const MISP_EVENT = {
  Event: {
    info: 'a campaign',
    Attribute: [
      attribute('ip-dst', '192.0.2.7'),
      attribute('ip-dst', '198.51.100.0/24'),
      attribute('ip-dst|port', '192.0.2.8|443'),
      attribute('domain', 'evil.example'),
      attribute('hostname', 'www.host.example', { to_ids: '1' }),
      attribute('hostname|port', 'c2.host.example|53'),
      attribute('domain|ip', 'both.example|2001:db8::7'),
      attribute('domain', 'context.example', { to_ids: false }),
      attribute('domain', 'gone.example', { deleted: true }),
      attribute('ip-src', '203.0.113.9'),
      attribute('sha256', 'ffff'),
    ],
    Object: [{ name: 'domain-ip', Attribute: [attribute('domain', 'object.example')] }],
  },
};
const MISP_ENTRIES = [
  '192.0.2.7',
  '192.0.2.8',
  '198.51.100.0/24',
  '2001:db8::7',
  '=c2.host.example',
  '=www.host.example',
  'both.example',
  'evil.example',
  'object.example',
].sort();

describe('an event of MISP', () => {
  it.each([
    ['alone', MISP_EVENT],
    ['in a list', [MISP_EVENT]],
    ['found by a search for events', { response: [MISP_EVENT] }],
    [
      'found by a search for attributes',
      { response: { Attribute: [...MISP_EVENT.Event.Attribute, ...MISP_EVENT.Event.Object[0]!.Attribute] } },
    ],
  ])('%s gives what is meant for detection', (_where, json) => {
    const { entries, summary } = read('misp', JSON.stringify(json));
    expect(entries).toEqual(MISP_ENTRIES);
    expect(summary).toMatchObject({
      problem: undefined,
      bad: 0,
      unused: { 'not meant for detection': 1, deleted: 1, 'ip-src': 1, sha256: 1 },
    });
  });

  it('tells attributes that are not what their type says', () => {
    const attributes = [
      attribute('ip-dst', 'evil.example'),
      attribute('domain', '192.0.2.1'),
      attribute('domain|ip', 'evil.example'),
      attribute('ip-dst|port', '192.0.2.1|53|54'),
      { type: 'domain' },
      7,
    ];
    const { summary } = read('misp', JSON.stringify({ Event: { Attribute: attributes } }));
    expect(summary.bad).toBe(6);
    expect(summary.badExamples[0]).toBe('attribute u-ip-dst: "evil.example" is no address, as its type says');
  });

  it.each([
    ['no JSON', '{', 'is no JSON'],
    ['something else', '{"type":"bundle"}', 'is no MISP event'],
    ['a text', '"Event"', 'is no MISP event'],
    ['too deep', '['.repeat(100_000), 'is nested deeper than 64 levels'],
    ['no UTF-8', Buffer.from('{"Event":"\xff"}', 'latin1'), 'is no JSON'],
    ['empty', '{"Event":{}}', 'holds no entry that can be used'],
  ])('is refused when it is %s', (_what, text, problem) => {
    expect(read('misp', text).summary.problem).toContain(problem);
  });

  it('names few kinds of what is unused, however many a list makes up', () => {
    const attributes = Array.from({ length: 200 }, (_, index) => attribute(`kind-${index}`, 'x'));
    const { summary } = read(
      'misp',
      JSON.stringify({ Event: { Attribute: [...attributes, attribute('__proto__', 'x')] } }),
    );
    expect(Object.keys(summary.unused).length).toBeLessThanOrEqual(65);
    expect(summary.unused['other types']).toBe(137);
  });

  it('bears anything', () => abuse('misp', JSON.stringify(MISP_EVENT)), 60_000);
});

const indicator = (pattern: string, more: object = {}) => ({
  type: 'indicator',
  id: 'indicator--1',
  pattern_type: 'stix',
  pattern,
  ...more,
});
const bundle = (...objects: readonly object[]) => JSON.stringify({ type: 'bundle', id: 'bundle--1', objects });
const STIX = bundle(
  { type: 'malware', name: 'x' },
  indicator("[ipv4-addr:value = '192.0.2.7']"),
  indicator("[ipv4-addr:value = '198.51.100.0/24' OR ipv6-addr:value = '2001:db8::7']", {
    valid_from: '2026-01-01T00:00:00Z',
  }),
  indicator("[domain-name:value = 'evil.example'] OR [domain-name:value IN ('a.example', 'b.example')]"),
  indicator("[ipv4-addr:value ISSUBSET '203.0.113.0/24']"),
  indicator("[url:value = 'http://u.example/' OR (domain-name:value = 'c.example')]"),
  indicator("[domain-name:value = 'and.example' AND domain-name:value = 'other.example']"),
  indicator("[domain-name:value = 'd.example' OR domain-name:value = 'e.example' AND url:value = 'x']"),
  indicator("[domain-name:value = 'gone.example']", { revoked: true }),
  indicator("[domain-name:value = 'old.example']", { valid_until: '2026-11-20T23:59:59.999Z' }),
  indicator("[domain-name:value = 'soon.example']", { valid_from: '2026-11-22T00:00:00Z' }),
  indicator("[domain-name:value = 'until.example']", { valid_until: '2026-12-01T00:00:00Z' }),
  indicator('alert tcp any', { pattern_type: 'snort' }),
);

describe('a bundle of STIX', () => {
  it('gives the comparisons that fulfil a pattern alone, of indicators that hold now', () => {
    const { entries, summary } = read('stix', STIX);
    expect(entries).toEqual(
      [
        '192.0.2.7',
        '198.51.100.0/24',
        '2001:db8::7',
        '203.0.113.0/24',
        'a.example',
        'b.example',
        'c.example',
        'd.example',
        'evil.example',
        'until.example',
      ].sort(),
    );
    expect(summary).toMatchObject({
      problem: undefined,
      bad: 0,
      unused: {
        'more than one comparison, or another than =': 2,
        'other objects': 1,
        revoked: 1,
        'no longer valid': 1,
        'not yet valid': 1,
        'patterns of other kinds': 1,
      },
      nextChangeMs: Date.UTC(2026, 10, 22),
    });
  });

  it.each([
    ["[domain-name:value != 'a.example']", 0, 1],
    ["[domain-name:value NOT = 'a.example']", 0, 1],
    ["[NOT domain-name:value = 'a.example']", 0, 1],
    ["[domain-name:value LIKE '%.example']", 0, 1],
    ["[domain-name:value MATCHES '^a']", 0, 1],
    ["[domain-name:value = 'a.example'] REPEATS 5 TIMES WITHIN 60 SECONDS", 0, 1],
    ["[domain-name:value = 'a.example'] START t'2026-01-01T00:00:00Z' STOP t'2026-02-01T00:00:00Z'", 0, 1],
    ["[domain-name:value = 'a.example'] FOLLOWEDBY [domain-name:value = 'b.example']", 0, 1],
    ["([domain-name:value = 'a.example'] OR [domain-name:value = 'b.example'])", 2, 0],
    ['[EXISTS domain-name:value]', 0, 1],
    ["[network-traffic:dst_ref.value = '192.0.2.1']", 1, 0],
    ['[network-traffic:dst_port = 53]', 0, 1],
    ["[file:hashes.'SHA-256' = 'aa' OR domain-name:value = 'it\\'s.example']", 0, 1],
    ["[ domain-name : value = 'a.example' ]", 0, 0],
    ["[domain-name:value = 'a.example'", 0, 0],
    ['[domain-name:value = ]', 0, 0],
    ['[]', 0, 0],
    ['', 0, 0],
    [`${'('.repeat(100)}[domain-name:value = 'a.example']${')'.repeat(100)}`, 0, 0],
    [`[${'('.repeat(100)}domain-name:value = 'a.example'${')'.repeat(100)}]`, 0, 0],
  ])('reads the pattern %j', (pattern, used, unused) => {
    const { entries, summary } = read('stix', bundle(indicator(pattern)));
    const counted = Object.values(summary.unused).reduce((sum, count) => sum + count, 0);
    expect([entries.length, counted]).toEqual([used, unused]);
    if (used + unused === 0) expect(summary.bad).toBe(1);
  });

  it.each([
    ['no JSON', '{', 'is no JSON'],
    ['no bundle', '{"type":"indicator"}', 'is no STIX bundle'],
    ['a list', '[]', 'is no STIX bundle'],
    ['empty', '{"objects":[]}', 'holds no entry that can be used'],
  ])('is refused when it is %s', (_what, text, problem) => {
    expect(read('stix', text).summary.problem).toContain(problem);
  });

  it('counts that there is more on further pages', () => {
    const page = { more: true, objects: [indicator("[domain-name:value = 'a.example']")] };
    expect(read('stix', JSON.stringify(page)).summary.unused).toEqual({ 'further pages': 1 });
  });

  it('tells indicators that are not what they say', () => {
    const { summary } = read('stix', bundle(indicator("[ipv4-addr:value = 'evil.example']"), { type: 'indicator' }));
    expect(summary.badExamples).toEqual(['indicator--1: "evil.example" is no address', 'object 2: has no pattern']);
  });

  it('bears anything', () => abuse('stix', STIX), 60_000);
});

describe('what would take for ever if it were tried in all ways', () => {
  const digits = '1'.repeat(60_000);
  it.each([
    ['plain' as const, Array.from({ length: 50 }, () => `${digits.slice(0, 4000)}x`).join('\n')],
    ['plain' as const, '.'.repeat(4000)],
    ['rpz' as const, `@ SOA a. b. 1 2 3 4 5\nx ${digits}x CNAME .\nx ${digits} CNAME .\n`],
    ['rpz' as const, `@ SOA a. b. 1 2 3 4 5\nx TXT ${'"'.repeat(60_001)}\n${'\\'.repeat(60_000)}a. CNAME .\n`],
    ['stix' as const, bundle(indicator(`[domain-name:value = ${"\\'".repeat(32_000)}]`))],
    ['stix' as const, bundle(indicator(`[${"a:b'".repeat(16_000)}]`))],
    ['misp' as const, `{"Event":${'['.repeat(60)}${']'.repeat(60)}}`],
  ])('is given up at once: %s, case %#', (format, list) => {
    const started = process.cpuUsage();
    read(format, list);
    const { user } = process.cpuUsage(started);
    expect(user / 1000).toBeLessThan(2000);
  });
});

describe('every list', () => {
  it.each(['<!DOCTYPE html><html>', '\n  <html lang="en">', '<?xml version="1.0"?>', '\ufeff<head>'])(
    'that is %j is refused',
    (page) => {
      for (const format of ['plain', 'rpz', 'misp', 'stix'] as const) {
        expect(read(format, `${page}\nevil.example\n`).summary.problem).toBe('is a page of HTML or XML, no list');
      }
    },
  );

  it('that is empty is refused', () => {
    for (const format of ['plain', 'rpz', 'misp', 'stix'] as const)
      expect(read(format, '').summary.problem).toBeDefined();
  });

  it('with too many bad entries is refused', () => {
    const list = `${'good.example\n'.repeat(19)}192.0.2.256\n`;
    expect(read('plain', list, { maxBadPercent: 5 }).summary.problem).toBeUndefined();
    expect(read('plain', `${list}192.0.2.256\n`, { maxBadPercent: 5 }).summary.problem).toContain(
      'has 2 bad entries of 21, more than 5 %',
    );
    expect(read('plain', list, { maxBadPercent: 0 }).summary.problem).toContain('line 20');
  });

  it('with too many entries is refused', () => {
    const list = Array.from({ length: 11 }, (_, index) => `192.0.2.${index}`).join('\n');
    expect(read('plain', list, { maxEntries: 11 }).summary.problem).toBeUndefined();
    expect(read('plain', list, { maxEntries: 10 }).summary.problem).toBe('holds more than 10 entries (packs.entries)');
  });
});

it('the portions of a list are small, whatever it holds', () => {
  const lines = Array.from({ length: 10_000 }, (_, index) => `n${index}.example`).join('\n');
  const batches = readList(Buffer.from(lines), ORDER);
  let entries = 0;
  for (let step = batches.next(); step.done !== true; step = batches.next()) {
    expect(step.value.values.length).toBeLessThanOrEqual(1000);
    entries += step.value.values.length;
  }
  expect(entries).toBe(10_000);
});

describe('what no list may deny', () => {
  const guard = {
    trustedResolvers: [parseAddress('203.0.113.53')!, parseAddress('2001:db8:5::53')!],
    insideNetworks: [parseNetwork('192.0.2.0/25')!, parseNetwork('2001:db8:1::/48')!],
    isBroad: false,
  };
  const leftOut = (line: string, isBroad = false) =>
    read('plain', `${line}\ngood.example\n`, { guard: { ...guard, isBroad } }).summary.leftOutExamples;

  it.each([
    ['203.0.113.53', 'line 1: 203.0.113.53 is a trusted resolver'],
    ['203.0.113.0/24', 'line 1: 203.0.113.0/24 is a trusted resolver'],
    ['2001:db8:5::/48', 'line 1: 2001:db8:5::/48 is a trusted resolver'],
    ['192.0.2.7', 'line 1: 192.0.2.7 is of an inside network'],
    ['192.0.2.64/26', 'line 1: 192.0.2.64/26 is of an inside network'],
    ['192.0.0.0/16', 'line 1: 192.0.0.0/16 is of an inside network'],
    ['2001:db8:1:2::7', 'line 1: 2001:db8:1:2::7 is of an inside network'],
    ['0.0.0.0/0', 'line 1: 0.0.0.0/0 is the whole Internet'],
    ['::/0', 'line 1: ::/0 is the whole Internet'],
    ['.', 'line 1: the root zone is all names'],
  ])('%s is left out, with an example', (line, example) => {
    expect(leftOut(line)).toEqual([example]);
    expect(leftOut(line, true)).toEqual([example]);
  });

  it.each(['64.0.0.0/7', '4000::/15', 'com', 'co.uk', 'XN--P1AI.'])(
    '%s is left out unless the list may be broad',
    (line) => {
      expect(leftOut(line)[0]).toContain('broad: true');
      expect(leftOut(line, true)).toEqual([]);
    },
  );

  it.each(['192.0.2.128', '64.0.0.0/8', '4000::/16', 'example.com', 'github.io', '203.0.113.54'])(
    '%s is denied',
    (line) => {
      expect(leftOut(line)).toEqual([]);
    },
  );

  it('does not count as bad, and is no list when there is nothing else', () => {
    const { summary } = read('plain', '0.0.0.0/0\n', { guard, maxBadPercent: 0 });
    expect(summary).toMatchObject({ bad: 0, leftOut: 1, problem: 'holds no entry that can be used' });
  });
});
