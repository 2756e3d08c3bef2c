/** Composes DNS messages octet by octet, with names in every encoding that RFC 1035 §4.1.4 knows, good and bad. */
import fc from 'fast-check';

/** A name: labels, then the root, a pointer to the place of an earlier name (counted from the last), or to any octet. */
interface WireName {
  readonly labels: readonly Uint8Array[];
  readonly tail: { readonly kind: 'root' } | { readonly kind: 'earlier' | 'octet'; readonly to: number };
}

interface WireRecord {
  readonly owner: WireName;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly target: WireName;
  readonly data: Uint8Array;
  /** Added to the RDLENGTH. */
  readonly slip: number;
}

interface WireMessage {
  readonly question: WireName;
  readonly sections: readonly (readonly WireRecord[])[];
}

const mostly = <T>(usual: T, ...rare: fc.Arbitrary<T>[]) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 30 }, ...rare.map((arbitrary) => ({ arbitrary, weight: 1 })));

const TYPE = { A: 1, NS: 2, TXT: 16, AAAA: 28, OPT: 41 } as const;
// Few, in changing letter case, so that names meet again.
const text = fc.constantFrom('a', 'A', 'ns', 'Ns', 'ns1', 'example', 'EXAMPLE').map((label) => Buffer.from(label));
const label = fc.oneof(
  { arbitrary: text, weight: 8 },
  { arbitrary: fc.uint8Array({ minLength: 1, maxLength: 8 }), weight: 3 },
  { arbitrary: fc.uint8Array({ minLength: 60, maxLength: 63 }), weight: 1 },
);
const root = { arbitrary: fc.constant({ kind: 'root' } as const), weight: 10 };
const earlier = { arbitrary: fc.record({ kind: fc.constant('earlier' as const), to: fc.nat(12) }), weight: 30 };
const octet = { arbitrary: fc.record({ kind: fc.constant('octet' as const), to: fc.nat(300) }), weight: 1 };

function messages(
  labels: fc.Arbitrary<Uint8Array>,
  tail: fc.Arbitrary<WireName['tail']>,
  type: fc.Arbitrary<number>,
  recordClass: fc.Arbitrary<number>,
  slip: fc.Arbitrary<number>,
): fc.Arbitrary<Buffer> {
  const name: fc.Arbitrary<WireName> = fc.record({ labels: fc.array(labels, { maxLength: 4 }), tail });
  const data = fc.uint8Array({ minLength: 16, maxLength: 16 });
  const ttl = fc.nat(0xffffffff);
  const record = fc.record({ owner: name, type, class: recordClass, ttl, target: name, data, slip });
  const section = fc.array(record, { maxLength: 6 });
  return fc.record({ question: name, sections: fc.tuple(section, section, section) }).map(compose);
}

const kept = fc.constantFrom(TYPE.NS, TYPE.NS, TYPE.A, TYPE.AAAA);

/** Messages with all kinds of records and octets, of which most can be read. */
export const composedMessage = messages(
  label,
  fc.oneof(root, earlier, octet),
  fc.oneof({ arbitrary: kept, weight: 4 }, { arbitrary: fc.constantFrom(TYPE.TXT, TYPE.OPT), weight: 2 }),
  mostly(1, fc.nat(255)),
  mostly(0, fc.constantFrom(1, -1)),
);

/** Messages that only hold what other programs can show, too: plain names, and records of NS, A and AAAA. */
export const plainMessage = messages(text, fc.oneof(root, earlier), kept, mostly(1, fc.constant(3)), fc.constant(0));

function compose({ question, sections }: WireMessage): Buffer {
  const octets = Buffer.alloc(16_384);
  const places: number[] = [];
  let at = 12;
  const put = (data: Uint8Array) => {
    octets.set(data, at);
    at += data.length;
  };
  const putName = ({ labels, tail: end }: WireName) => {
    const place = at;
    for (const each of labels) {
      octets[at++] = each.length;
      put(each);
    }
    const earlier = end.kind === 'earlier' ? places.at(-1 - (end.to % Math.max(1, places.length))) : undefined;
    const target = end.kind === 'octet' ? end.to : earlier;
    if (target === undefined) octets[at++] = 0;
    else at = octets.writeUInt16BE(0xc000 | target, at);
    places.push(place);
  };
  octets.writeUInt16BE(0x8400, 2);
  octets.writeUInt16BE(1, 4);
  putName(question);
  put(Buffer.from([0, 1, 0, 1]));
  for (const [index, records] of sections.entries()) {
    octets.writeUInt16BE(records.length, 6 + 2 * index);
    for (const each of records) {
      putName(each.owner);
      at = octets.writeUInt16BE(each.type, at);
      at = octets.writeUInt16BE(each.class, at);
      at = octets.writeUInt32BE(each.ttl, at);
      const dataAt = at + 2;
      at = dataAt;
      if (each.type === TYPE.NS) putName(each.target);
      else put(each.data.subarray(0, each.type === TYPE.A ? 4 : 16));
      octets.writeUInt16BE(Math.max(0, at - dataAt + each.slip), dataAt - 2);
    }
  }
  return octets.subarray(0, at);
}
