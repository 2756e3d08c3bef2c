import { describe, expect, it } from 'vitest';
import type { Kind } from '../../../src/openflow/kinds.ts';
import { actions } from '../../../src/openflow/schema/actions.ts';
import { instructions } from '../../../src/openflow/schema/instructions.ts';
import { Reader, WireFault, Writer } from '../../../src/openflow/wire.ts';
import { jsonLines } from './vectors.ts';

/** Lists that Open vSwitch refuses for what they mean; this codec keeps them, as its README says. */
const KEPT = new Map([
  ['OFPBAC_BAD_SET_TYPE', 'a set_field of an unknown field'],
  ['OFPBIC_DUP_INST', 'an instruction twice'],
  ['OFPBIC_BAD_EXPERIMENTER', 'an unknown experimenter'],
]);

const rows = jsonLines('ovs', 'fragments.jsonl').map(({ id, hex, expect: wanted }) => {
  const { layout, ovs_text: text } = wanted as unknown as { layout: string; ovs_text: readonly string[] };
  const kind: Kind<readonly object[]> = layout.startsWith('actions') ? actions : instructions;
  const refusal = /bad OpenFlow\d+ \w+: (\w+)/.exec(text[0] ?? '')?.[1];
  return { id, bytes: Buffer.from(hex, 'hex'), kind, refusal, text };
});

function encoded(kind: Kind<readonly object[]>, values: readonly object[]): string {
  const writer = new Writer();
  kind.encode(writer, values);
  return writer.finish().toString('hex');
}

/** Open vSwitch's own notes `# NN: aa -> bb` of padding that is written back as zero. */
function withoutPaddingNoise(bytes: Buffer, text: readonly string[]): string {
  const copy = Buffer.from(bytes);
  const isInstruction =
    text.some((line) => /^ 7: 01 -> 00$/.test(line)) || text.some((line) => / 7: 01 -> \(none\)/.test(line));
  if (isInstruction) copy[7] = 0;
  return copy.toString('hex');
}

describe("Open vSwitch's action and instruction lists", () => {
  it('are all here', () => {
    expect(rows.length).toBe(42);
    expect(rows.filter(({ refusal }) => refusal !== undefined).length).toBe(7);
  });

  const good = rows.filter(({ refusal }) => refusal === undefined || KEPT.has(refusal));
  it.each(good.map((row) => [row.id, row] as const))('%s comes back unchanged', (_id, { kind, bytes, text }) => {
    const values = kind.decode(new Reader(bytes));
    expect(values.length).toBeGreaterThan(0);
    expect(encoded(kind, values)).toBe(withoutPaddingNoise(bytes, text));
  });

  const bad = rows.filter(({ refusal }) => refusal !== undefined && !KEPT.has(refusal));
  it.each(bad.map((row) => [row.id, row.refusal, row] as const))('%s is refused with %s', (_id, refusal, row) => {
    expect(() => row.kind.decode(new Reader(row.bytes))).toThrow(expect.objectContaining({ codeName: refusal }));
  });

  it('are refused or read whole when cut', () => {
    for (const { kind, bytes } of rows) {
      for (let end = 0; end < bytes.length; end++) {
        try {
          expect(encoded(kind, kind.decode(new Reader(bytes, 0, end))).length).toBe(end * 2);
        } catch (error) {
          expect(error).toBeInstanceOf(WireFault);
        }
      }
    }
  });
});
