import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../../../src/openflow/message.ts';
import { errorNumbers } from '../../../src/openflow/schema/errors.ts';
import { describeIf } from '../../support/describe-if.ts';
import { loxigenJson, loxigenVectors } from './vectors.ts';

type Fields = Readonly<Record<string, unknown>>;

/** loxigen's names of numbers, as the specification defines them. */
const CONSTANTS: Readonly<Record<string, number>> = {
  OFPBMC_BAD_MASK: errorNumbers('OFPBMC_BAD_MASK').errorCode,
  OFPBRC_BUFFER_UNKNOWN: errorNumbers('OFPBRC_BUFFER_UNKNOWN').errorCode,
  OFPC_FLOW_STATS: 1,
  OFPC_PORT_BLOCKED: 0x100,
  OFPC_FRAG_REASM: 2,
  OFPRR_DELETE: 2,
  OFPPR_MODIFY: 2,
  OFPPC_NO_RECV: 4,
  OFPPC_NO_FWD: 0x20,
  OFPPS_BLOCKED: 2,
  OFPPF_10MB_HD: 1,
  OFPPF_10MB_FD: 2,
  OFPPF_100MB_HD: 4,
  OFPPF_100MB_FD: 8,
  OFPGT_FF: 3,
};
/** Our names where they are not loxigen's in camel case. */
const RENAMED: Readonly<Record<string, string>> = { oxm_list: 'match', desc: 'port', max_len: 'maxLength' };
/** Messages of Big Switch, which this codec does not know and keeps whole. */
const BIG_SWITCH = 0x005c16c7;

let compared = 0;

function numberOf(expression: string): number {
  return expression
    .split('|')
    .map((name) => CONSTANTS[name.trim().replace('ofp.', '')]!)
    .reduce((sum, value) => sum | value, 0);
}

function expectValue(ours: unknown, theirs: unknown, where: string): void {
  if (Array.isArray(theirs)) expectList(ours, theirs, where);
  else if (typeof theirs === 'object' && theirs !== null) expectObject(ours, theirs as Fields, where);
  else {
    compared++;
    expect(String(ours), where).toBe(String(theirs));
  }
}

function expectList(ours: unknown, theirs: readonly unknown[], where: string): void {
  if (typeof ours === 'string') {
    expectOctets(ours, Buffer.from(theirs as number[]), where);
    return;
  }
  const items = ours as readonly unknown[];
  expect(items.length, where).toBe(theirs.length);
  for (const [index, item] of theirs.entries()) expectValue(items[index], item, `${where}[${index}]`);
}

/** An Ethernet address, an IPv6 address or plain octets. */
function expectOctets(ours: unknown, theirs: Buffer, where: string): void {
  compared++;
  if (Buffer.isBuffer(ours)) expect(ours.toString('hex'), where).toBe(theirs.toString('hex'));
  else if (theirs.length === 6) expect((ours as string).replaceAll(':', ''), where).toBe(theirs.toString('hex'));
  else expect(ours, where).toBe(theirs.toString('latin1'));
}

function expectObject(ours: unknown, theirs: Fields, where: string): void {
  const { _class: className, _expr: expression, bytes, ...fields } = theirs;
  const [family, name] = String(className).split('.');
  if (bytes !== undefined) expectOctets(ours, Buffer.from(bytes as string, 'hex'), where);
  else if (expression !== undefined) expectValue(ours, numberOf(expression as string), where);
  else if (className === 'match') expectValue(ours, fields.oxm_list ?? (fields._args as unknown[])[0], where);
  else if (family === 'oxm') expectOxm(ours as Fields, name!, fields, where);
  else expectFields(ours as Fields, fields, where);
}

function expectOxm(ours: Fields, name: string, theirs: Fields, where: string): void {
  expect(ours.field, where).toBe(name.replace(/_masked$/, ''));
  expectValue(ours.value, theirs.value, `${where}.value`);
  if (name.endsWith('_masked')) expectValue(ours.mask, theirs.value_mask, `${where}.mask`);
  else expect(ours.mask).toBeUndefined();
}

function expectFields(ours: Fields, theirs: Fields, where: string): void {
  for (const [key, value] of Object.entries(theirs)) {
    const name = RENAMED[key] ?? key.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
    expectValue(ours[name] ?? (key === 'entries' ? ours.bands : undefined), value, `${where}.${key}`);
  }
}

describeIf(['shared'], "loxigen's messages hold", () => {
  const messages = loxigenVectors();
  it.each(messages.map(({ name, bytes }) => [name, bytes] as const))('what its authors expect of %s', (name, bytes) => {
    const { _class: className, ...expected } = loxigenJson(name) as Fields;
    const result = decodeMessage(bytes);
    if (!result.ok) throw result.error;
    const ours = result.message as unknown as Fields;
    if (String(className).includes('.bsn_')) {
      const body = (ours.body ?? ours) as Fields;
      expect(body).toMatchObject({ type: 'experimenter', experimenter: BIG_SWITCH });
    } else expectFields({ ...(ours.body as Fields | undefined), ...ours }, expected, name);
  });

  it('in number', () => {
    expect(compared).toBeGreaterThan(180);
  });
});

describe('the names of numbers that loxigen uses', () => {
  it('can be joined', () => {
    expect(numberOf('ofp.OFPC_FLOW_STATS | ofp.OFPC_PORT_BLOCKED')).toBe(0x101);
  });
});
