import { describe, expect, it } from 'vitest';
import { formatAddress, type Ipv4Address, type Ipv6Address } from '../../../src/core/address.ts';
import { ip4, ip6, type Kind } from '../../../src/openflow/kinds.ts';
import { decodeMessage } from '../../../src/openflow/message.ts';
import { oxmRow } from '../../../src/openflow/oxm.ts';
import { actionIds } from '../../../src/openflow/schema/actions.ts';
import { instructionIds } from '../../../src/openflow/schema/instructions.ts';
import { Writer } from '../../../src/openflow/wire.ts';
import { compareNicira } from './os-ken-nicira.ts';
import { osKenJson, readable } from './vectors.ts';

type Fields = Readonly<Record<string, unknown>>;

/** os-ken's field names where they are not ours in snake case. */
const RENAMED: Readonly<Record<string, string>> = {
  exp_type: 'experimenterType',
  max_len: 'maxLength',
  ethertype: 'etherType',
};
/** What our types leave out: lengths and discriminators, which the round trip checks. */
const LEFT_OUT = new Set(['len', 'length', 'type', 'actions_len']);
const ROLES = ['noChange', 'equal', 'master', 'slave'];
const COMMANDS = ['add', 'modify', 'modifyStrict', 'delete', 'deleteStrict'];

/** Compares one of our values with os-ken's JSON of it; `compared` counts the leaves. */
class Comparer {
  compared = 0;

  message(actual: Fields, expected: Fields): void {
    const [className, fields] = unwrapped(expected);
    if (className === 'OFPErrorMsg') this.#error(actual, fields);
    else if (actual.type === 'multipartRequest') this.#multipartRequest(actual, fields);
    else if (actual.type === 'multipartReply') this.#multipartReply(actual, fields);
    else this.#fields(actual, className, fields);
  }

  #multipartRequest(actual: Fields, { flags, body: _nested, ...fields }: Fields): void {
    this.#leaf(actual.flags, flags, 'flags');
    this.#fields(actual.body as Fields, 'body', fields);
  }

  #multipartReply(actual: Fields, { flags, body }: Fields): void {
    this.#leaf(actual.flags, flags, 'flags');
    const ours = actual.body as Fields;
    const list = ours.entries ?? ours.ports;
    if (list !== undefined) this.#value(list, body, 'body');
    else this.#value(ours, Array.isArray(body) ? body[0] : body, 'body');
  }

  #error(actual: Fields, expected: Fields): void {
    this.#leaf(actual.errorType, expected.type, 'type');
    this.#leaf(actual.data, expected.data, 'data');
    if (expected.type === 0xffff) this.#leaf(actual.experimenter, expected.experimenter, 'experimenter');
    this.#leaf(actual.code, expected.type === 0xffff ? expected.exp_type : expected.code, 'code');
  }

  #fields(actual: Fields, className: string, expected: Fields): void {
    for (const [key, value] of Object.entries(expected)) {
      if (LEFT_OUT.has(key)) continue;
      const name = RENAMED[key] ?? key.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
      if (className === 'OFPPortStatus' && key === 'desc') this.#value(actual.port, value, key);
      else if (className === 'OFPActionSetField' && key === 'field') this.#value(actual.oxm, value, key);
      else if (className === 'OFPGroupFeaturesStats' && Array.isArray(value)) this.#perGroupType(actual, name, value);
      else this.#value(actual[name], value, `${className}.${key}`);
    }
  }

  #perGroupType(actual: Fields, name: string, expected: readonly unknown[]): void {
    for (const [index, suffix] of ['All', 'Select', 'Indirect', 'FastFailover'].entries()) {
      this.#leaf(actual[name + suffix], expected[index], name);
    }
  }

  #value(actual: unknown, expected: unknown, where: string): void {
    if (Array.isArray(expected)) {
      const items = actual as readonly unknown[];
      expect(items.length, where).toBe(expected.length);
      for (const [index, item] of expected.entries()) this.#value(items[index], item, `${where}[${index}]`);
    } else if (typeof expected === 'object' && expected !== null) {
      this.#object(actual as Fields, expected as Fields);
    } else {
      this.#leaf(actual, expected, where);
    }
  }

  #object(actual: Fields, wrapped: Fields): void {
    const [className, expected] = unwrapped(wrapped);
    if (className === 'OFPMatch') this.#value(actual, expected.oxm_fields, className);
    else if (className === 'OXMTlv') this.#oxm(actual, expected);
    else if (className === 'OFPHelloElemVersionBitmap') this.#versions(actual, expected);
    else if (/^OFP(Instruction|Action)Id$/.test(className)) this.#id(className, actual, expected);
    else if (className === 'OFPOxmId') this.#oxmId(actual, expected);
    else if (className.startsWith('OFPTableFeatureProp')) this.#tableProperty(actual, expected);
    else if (actual.type === 'unknown') this.#unknown(actual, expected);
    else if (className.startsWith('NX')) this.#nicira(actual, className, expected);
    else if (className !== 'Packet') {
      const named = /^OFP(?:Action|MeterBand(?!Stats)|Instruction(?!Actions))(\w+?)(?:Unknown)?$/.exec(className)?.[1];
      if (named !== undefined) this.#leaf(actual.type, named[0]!.toLowerCase() + named.slice(1), className);
      this.#fields(actual, className, expected);
    }
  }

  #nicira(actual: Fields, className: string, expected: Fields): void {
    const { experimenter, subtype: _subtype, ...fields } = expected;
    if (className.endsWith('Unknown')) {
      this.#leaf(actual.experimenter, experimenter, className);
      return;
    }
    this.compared += compareNicira(actual, className, fields, (ours, theirs) => this.#value(ours, theirs, className));
  }

  #id(className: string, actual: Fields, expected: Fields): void {
    const kind: Kind<readonly object[]> = className === 'OFPActionId' ? actionIds : instructionIds;
    const writer = new Writer();
    kind.encode(writer, [actual]);
    this.#leaf(writer.finish().readUInt16BE(0), expected.type, className);
    this.#leaf(writer.finish().readUInt16BE(2), expected.len, className);
  }

  #oxmId(actual: Fields, expected: Fields): void {
    this.#leaf(actual.field, expected.type, 'field');
    this.#leaf(Number(actual.hasMask), expected.hasmask, 'hasMask');
    this.#leaf(actual.lengthBytes, expected.length, 'length');
  }

  /** Only the experimenter's property has its words as numbers. */
  #tableProperty(actual: Fields, expected: Fields): void {
    const { instruction_ids: instructions, action_ids: actions, oxm_ids: fields, data, ...others } = expected;
    for (const [name, value] of Object.entries({ instructions, actions, fields })) {
      if (value !== undefined) this.#value(actual[name], value, name);
    }
    if (data !== undefined) this.#value(words(actual.data as Buffer), data, 'data');
    this.#fields(actual, 'OFPTableFeatureProp', others);
  }

  #unknown(actual: Fields, expected: Fields): void {
    this.#leaf(actual.typeCode, expected.type, 'type');
    this.#leaf((actual.raw as Buffer).length, (expected.length as number) - 4, 'length');
  }

  #versions(actual: Fields, { versions }: Fields): void {
    const [word = 0] = actual.bitmaps as readonly number[];
    const set = [...Array(32).keys()].filter((bit) => ((word >>> bit) & 1) === 1);
    expect(set).toEqual(versions);
    this.compared++;
  }

  #oxm(actual: Fields, expected: Fields): void {
    const name = expected.field as string;
    const row = oxmRow(name);
    expect(actual.field).toBe(row === undefined ? 'unknown' : name);
    this.compared++;
    if (row === undefined) return;
    const isAddress = row.kind === ip4 || row.kind === ip6;
    const shown = (value: unknown) => (isAddress ? formatAddress(value as Ipv4Address | Ipv6Address) : value);
    this.#leaf(shown(actual.value), expected.value, name);
    if (expected.mask === null) expect(actual.mask).toBeUndefined();
    else this.#leaf(shown(actual.mask), expected.mask, `${name} mask`);
  }

  #leaf(actual: unknown, expected: unknown, where: string): void {
    this.compared++;
    if (actual instanceof Buffer) expect(actual.toString('base64'), where).toBe(expected);
    else if (ROLES.includes(actual as string)) expect(ROLES.indexOf(actual as string), where).toBe(expected);
    else if (COMMANDS.includes(actual as string)) expect(COMMANDS.indexOf(actual as string), where).toBe(expected);
    else if (typeof actual === 'string') expect(Buffer.from(actual, 'latin1').toString('utf8'), where).toBe(expected);
    else expect(String(actual), where).toBe(String(expected));
  }
}

function words(bytes: Buffer): readonly number[] {
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32BE(index * 4));
}

/** `{ Class: fields }` as its two parts. */
function unwrapped(value: Fields): readonly [string, Fields] {
  const [entry] = Object.entries(value);
  return entry as [string, Fields];
}

describe('the values that os-ken reads', () => {
  const comparer = new Comparer();
  const messages = readable.filter(({ name }) => name.startsWith('os-ken/'));

  it.each(messages.map(({ name, bytes }) => [name, bytes] as const))('%s', (name, bytes) => {
    const result = decodeMessage(bytes);
    if (!result.ok) throw result.error;
    comparer.message(result.message as unknown as Fields, osKenJson(name) as Fields);
  });

  it('were many', () => {
    expect(comparer.compared).toBeGreaterThan(2000);
  });
});
