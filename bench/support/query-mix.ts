/** The queries of the benchmark `policy`, which lie in octets until each is asked, as in a frame. */
import { type Address, addressOctets, parseAddress, readIpv4, readIpv6 } from '../../src/core/address.ts';
import { parseMac } from '../../src/core/mac-address.ts';
import { type Name, parseName } from '../../src/dns/name.ts';
import { parseRecordType } from '../../src/dns/registry.ts';
import type { QueryClient, QueryQuestion } from '../../src/policy/query.ts';
import {
  allowedAddress,
  clientOf,
  queryOfRule,
  STRICT_GROUP,
  unknownAddress,
  type WrittenQuery,
} from './many-rules.ts';

/** An address of the history, with a zone that it serves. */
export interface Served {
  readonly address: Address;
  readonly zone: Name;
}

/**
 * Of a hundred queries. `known`: to a server of the history; `served`: the same, from the group that is checked by zone;
 * `elsewhere`: the same, for a name in no zone of the server; `ruled`: decided by one of the rules.
 */
const SHARES = { known: 40, served: 8, elsewhere: 2, allowed: 20, unknown: 15, ruled: 15 } as const;
export type QueryKind = keyof typeof SHARES;
const KINDS = Object.entries(SHARES).flatMap(([kind, share]) => Array<QueryKind>(share).fill(kind as QueryKind));

/** A query as it comes out of a frame: nobody has looked anything of it up before. */
export interface TakenQuery {
  readonly client: QueryClient;
  readonly destination: Address;
  readonly transport: 'udp' | 'tcp';
  readonly message: QueryQuestion;
}

export interface MixOptions {
  readonly queries: number;
  readonly rules: number;
  readonly allowed: number;
  readonly served: readonly Served[];
}

const RECORD_BYTES = 96;
/** The first of those that no rule is about. */
const OTHER_MACS = 0x02_00_00_ff_00_00;
const MAX_NAME_BYTES = 60;
/** Where in its record each part of a query lies. */
const AT = {
  isIpv6: 0,
  isTcp: 1,
  nameBytes: 2,
  port: 4,
  type: 6,
  mac: 8,
  client: 14,
  destination: 18,
  name: 34,
} as const;
/** Greater than any count here, and no factor of it: multiples of it visit everything in no order. */
const STRIDE = 1_000_003;

export class QueryMix {
  readonly size: number;
  readonly #octets: Buffer;
  readonly #kinds: QueryKind[] = [];

  constructor(options: MixOptions) {
    this.size = options.queries;
    this.#octets = Buffer.alloc(options.queries * RECORD_BYTES);
    for (let index = 0; index < options.queries; index++) {
      const kind = KINDS[scattered(index) % KINDS.length]!;
      this.#kinds.push(kind);
      this.#write(index, kind, options);
    }
  }

  kind(index: number): QueryKind {
    return this.#kinds[index]!;
  }

  /** Query `index`, made anew, as reading its frame would. */
  take(index: number): TakenQuery {
    const octets = this.#octets;
    const start = index * RECORD_BYTES;
    const destinationAt = start + AT.destination;
    const nameAt = start + AT.name;
    return {
      client: {
        address: readIpv4(octets, start + AT.client),
        mac: octets.readUIntBE(start + AT.mac, 6),
        inPort: octets.readUInt16BE(start + AT.port),
        portName: undefined,
      },
      destination: octets[start + AT.isIpv6] === 1 ? readIpv6(octets, destinationAt) : readIpv4(octets, destinationAt),
      transport: octets[start + AT.isTcp] === 1 ? 'tcp' : 'udp',
      message: {
        name: octets.toString('latin1', nameAt, nameAt + octets[start + AT.nameBytes]!) as Name,
        type: octets.readUInt16BE(start + AT.type),
        recursionDesired: false,
      },
    };
  }

  #write(index: number, kind: QueryKind, options: MixOptions): void {
    const { served } = options;
    const known = served[(index * STRIDE) % served.length]!;
    const { written, destination, name } = this.#compose(index, kind, known, options);
    const octets = this.#octets;
    const start = index * RECORD_BYTES;
    if (name.length > MAX_NAME_BYTES) throw new Error(`a name of ${name.length} octets has no room`);
    const destinationOctets = addressOctets(destination);
    octets[start + AT.isIpv6] = destinationOctets.length === 16 ? 1 : 0;
    octets[start + AT.isTcp] = written.protocol === 'tcp' ? 1 : 0;
    octets[start + AT.nameBytes] = name.length;
    octets.writeUInt16BE(written.port ?? 1000 + (index % 1000), start + AT.port);
    octets.writeUInt16BE(parseRecordType(written.type ?? 'A')!, start + AT.type);
    const mac = written.mac === undefined ? OTHER_MACS + (index % 4096) : parseMac(written.mac)!;
    octets.writeUIntBE(mac, start + AT.mac, 6);
    destinationOctets.copy(octets, start + AT.destination);
    addressOctets(parseAddress(written.client!)!).copy(octets, start + AT.client);
    octets.write(name, start + AT.name, 'latin1');
  }

  #compose(index: number, kind: QueryKind, known: Served, { rules, allowed }: MixOptions) {
    const at = index * STRIDE;
    const isStrict = kind === 'served' || kind === 'elsewhere';
    const client = clientOf(isStrict ? STRICT_GROUP : index % STRICT_GROUP, index);
    const ruled = kind === 'ruled' ? queryOfRule(at % rules, rules, index) : {};
    const asked =
      kind === 'allowed' ? allowedAddress(at % allowed) : kind === 'unknown' ? unknownAddress(index) : undefined;
    const written: Partial<WrittenQuery> = { client, ...(asked === undefined ? {} : { destination: asked }), ...ruled };
    const destination = written.destination === undefined ? known.address : parseAddress(written.destination)!;
    const ownName = kind === 'elsewhere' ? parseName(`www${index % 1000}.elsewhere.example`)! : `\x03www${known.zone}`;
    const name = written.name === undefined ? ownName : parseName(written.name)!;
    return { written, destination, name };
  }
}

/** The same for the same number, and not in order. */
function scattered(index: number): number {
  return Math.imul(index, 0x9e3779b1) >>> 12;
}
