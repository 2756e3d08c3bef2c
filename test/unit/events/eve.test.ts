import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../../src/core/address.ts';
import { type Name, parseName } from '../../../src/dns/name.ts';
import { eveLine, eveRecord } from '../../../src/events/eve.ts';
import { eveRecordSchema } from '../../../src/events/eve-schema.ts';
import { SCOPE_FIELDS } from '../../../src/policy/verdict.ts';
import { anyVerdictEvent, verdictEvent } from '../../support/verdict-events.ts';

const published = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../docs/events/dns_verdict.schema.json'), 'utf8'),
);
const ajv = new Ajv2020();
// The plugin is made for CommonJS.
(addFormats as unknown as { default: (ajv: Ajv2020) => void }).default(ajv);
const validate = ajv.compile(published);

describe('eveRecord', () => {
  it('has the names of Suricata where it has them', () => {
    const hint = { zone: parseName('evil.test')!, nameServer: parseName('ns.evil.test')!, expiresAtMs: 1000 };
    expect(eveRecord(verdictEvent({ hint, heldMs: 49.6 }))).toEqual({
      timestamp: '2026-11-21T04:52:00.123+0000',
      event_type: 'dns_verdict',
      src_ip: '192.0.2.66',
      src_port: 40_000,
      src_mac: '02:00:00:00:00:42',
      src_name: null,
      group: 'default',
      dest_ip: '203.0.113.66',
      dest_port: 53,
      proto: 'UDP',
      switch: { datapath_id: '0000000000000001', in_port: 3 },
      dns: { name: 'seen', rrname: 'evil.test', rrtype: 'A' },
      verdict: {
        action: 'block',
        reason: 'unknown',
        rule: null,
        enforced: true,
        scope: ['destination', 'group'],
        alarm: null,
        held_ms: 50,
        hint: {
          zone: 'evil.test',
          name_server: 'ns.evil.test',
          expires: '1970-01-01T00:00:01.000+0000',
          expired: true,
        },
        message: '203.0.113.66 is unknown and block',
      },
      packets_at_least: 1,
    });
  });

  it('a block that is not enforced would block', () => {
    expect(eveRecord(verdictEvent({ enforced: false })).verdict).toMatchObject({
      action: 'would_block',
      enforced: false,
    });
    expect(eveRecord(verdictEvent({ enforced: false, verdict: 'allow' })).verdict.action).toBe('allow');
  });

  it('says null for what it does not know, and for never', () => {
    const hint = {
      zone: parseName('.')!,
      nameServer: parseName('a.root.test')!,
      expiresAtMs: Number.POSITIVE_INFINITY,
    };
    const record = eveRecord(verdictEvent({ queryName: undefined, queryType: undefined, transport: 'tcp', hint }));
    expect(record.dns).toEqual({ name: 'unseen', rrname: null, rrtype: null });
    expect(eveRecord(verdictEvent({ clientMac: undefined })).src_mac).toBeNull();
    expect(record.proto).toBe('TCP');
    expect(record.verdict.hint).toEqual({ zone: '.', name_server: 'a.root.test', expires: null, expired: false });
    expect(eveRecord(verdictEvent()).verdict.hint).toBeNull();
  });

  it('shows IPv6 addresses, unknown types and odd names', () => {
    const queryName = '\x04\x1b[2J\x03a.b\0' as Name;
    const client = parseAddress('2001:db8::66')!;
    const record = eveRecord(verdictEvent({ client, queryName, queryType: 65_280 }));
    expect(record.src_ip).toBe('2001:db8::66');
    expect(record.dns).toEqual({ name: 'seen', rrname: '\\027[2J.a\\.b', rrtype: 'TYPE65280' });
  });

  it('tells who asked, of which group, by which rule it was judged and what is odd', () => {
    const record = eveRecord(
      verdictEvent({
        clientName: 'laptop.corp.test',
        group: 'office',
        verdict: 'allow',
        reason: 'allowRule',
        ruleId: 'update-servers',
        scope: SCOPE_FIELDS,
        alarm: 'recursionDesired',
      }),
    );
    expect(record).toMatchObject({ src_name: 'laptop.corp.test', group: 'office' });
    expect(record.verdict).toMatchObject({ reason: 'allow_rule', rule: 'update-servers', alarm: 'recursion_desired' });
    expect(record.verdict.scope).toHaveLength(SCOPE_FIELDS.length);
    expect(record.verdict.scope).toContain('query_name');
  });

  it.each([
    ['seen', { transport: 'tcp', scope: ['destination'] }],
    ['unseen', { queryName: undefined, transport: 'tcp', scope: ['destination', 'group'] }],
    ['unreadable', { queryName: undefined, transport: 'tcp', scope: ['destination', 'queryName'] }],
    ['unreadable', { queryName: undefined, transport: 'udp', scope: ['destination'] }],
  ] as const)('says that a name is %s: %j', (word, changes) => {
    expect(eveRecord(verdictEvent(changes)).dns.name).toBe(word);
  });

  it('whatever the event, its line is one JSON object that the published schema takes', () => {
    fc.assert(
      fc.property(anyVerdictEvent, (event) => {
        const line = eveLine(event);
        expect(line).not.toMatch(/\p{Cc}/u);
        expect(validate(JSON.parse(line)), JSON.stringify(validate.errors)).toBe(true);
        expect(eveRecordSchema.safeParse(JSON.parse(line)).success).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('a line escapes what a terminal would act on, wherever it stands', () => {
    const line = eveLine(verdictEvent({ message: 'odd\u007f\u009b31m' }));
    expect(line).toContain('odd\\u007f\\u009b31m');
    expect(JSON.parse(line)).toEqual(eveRecord(verdictEvent({ message: 'odd\u007f\u009b31m' })));
  });
});

describe('the published schema', () => {
  const good = eveRecord(verdictEvent());

  it('takes the example of the page beside it, which is what is written', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/events/README.md'), 'utf8');
    const example = /```json\n(.+)\n```/.exec(page)?.[1];
    expect(example).toBe(JSON.stringify(good));
    expect(validate(JSON.parse(example!))).toBe(true);
  });

  it.each([
    ['another type', { event_type: 'dns' }],
    ['a time without zone', { timestamp: '2026-11-21T04:52:00.123' }],
    ['a time without milliseconds', { timestamp: '2026-11-21T04:52:00+0000' }],
    ['a name for an address', { src_ip: 'corp.example' }],
    ['a port beyond 16 bits', { src_port: 65_536 }],
    ['an action of its own', { verdict: { ...good.verdict, action: 'drop' } }],
    ['an unknown key', { flow_id: 1 }],
    ['no packets', { packets_at_least: 0 }],
    ['no verdict', { verdict: undefined }],
    ['a scope of its own', { verdict: { ...good.verdict, scope: ['everything'] } }],
    ['no group', { group: '' }],
    ['a datapath id as a number', { switch: { datapath_id: 1, in_port: 1 } }],
  ])('refuses %s', (_what, change) => {
    expect(validate(good)).toBe(true);
    expect(validate(JSON.parse(JSON.stringify({ ...good, ...change })))).toBe(false);
  });
});
