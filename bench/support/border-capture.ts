/**
 * A synthetic capture of what crosses a border where one resolver iterates: a query to a TLD's server, its referral with
 * glue, queries to the zone's own servers, and their answers. Zones differ much in how often they are asked for, and many
 * share the name servers of a host. The same seed gives the same file.
 */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

export interface BorderCapture {
  readonly bytes: number;
  readonly packets: number;
  /** Distinct (zone, name server, address). */
  readonly triples: number;
}

interface NameServer {
  /** Labels before the zone's, when the server is named below the zone; else the whole name. */
  readonly label: string;
  readonly parent: 'zone' | string;
  readonly ipv4: Buffer;
  readonly ipv6: Buffer | undefined;
}

const TLDS = ['com', 'net', 'org', 'example', 'test', 'info'];
const ZONES = 200_000;
const ZONES_PER_HOST = 40;
const RESOLVER = Buffer.from([203, 0, 113, 53]);
const START_SECONDS = 1_700_000_000;
const PACKETS_PER_SECOND = 500;
const CHUNK_OCTETS = 1 << 20;

const TYPE = { A: 1, NS: 2, TXT: 16, AAAA: 28 } as const;
const DELEGATION_TTL = 172_800;

/** Marsaglia's xorshift, 32 bits; numbers in [0, 1). */
function randomNumbers(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Composes one message; the question's name begins at octet 12, where pointers lead. */
class Composer {
  readonly octets = Buffer.alloc(4096);
  #at = 0;
  #zoneAt = 0;
  readonly #counts = [0, 0, 0, 0];

  begin(id: number, isResponse: boolean, host: string, zone: string, type: number): void {
    this.octets.writeUInt16BE(id, 0);
    this.octets.writeUInt16BE(isResponse ? 0x8000 : 0, 2);
    this.#at = 12;
    this.#counts.fill(0);
    this.#labels(host);
    this.#zoneAt = this.#at;
    this.#labels(zone);
    this.octets[this.#at++] = 0;
    this.#u16(type);
    this.#u16(1);
    this.#counts[0] = 1;
  }

  nameServers(section: 1 | 2, servers: readonly NameServer[], ttl: number): void {
    const places = servers.map((server) => {
      this.#pointer(this.#zoneAt);
      this.#fixed(TYPE.NS, ttl);
      const lengthAt = this.#at;
      this.#at += 2;
      const nameAt = this.#at;
      this.#labels(server.label);
      if (server.parent === 'zone') {
        this.#pointer(this.#zoneAt);
      } else {
        this.#labels(server.parent);
        this.octets[this.#at++] = 0;
      }
      this.octets.writeUInt16BE(this.#at - nameAt, lengthAt);
      this.#counts[section]!++;
      return nameAt;
    });
    for (const [index, { ipv4, ipv6 }] of servers.entries()) {
      this.#address(places[index]!, ipv4, ttl);
      if (ipv6 !== undefined) this.#address(places[index]!, ipv6, ttl);
    }
  }

  answer(type: number, data: Buffer): void {
    this.#pointer(12);
    this.#fixed(type, 300);
    this.#u16(data.length);
    this.#copy(data);
    this.#counts[1]!++;
  }

  end(): Buffer {
    for (const [index, count] of this.#counts.entries()) this.octets.writeUInt16BE(count, 4 + 2 * index);
    return this.octets.subarray(0, this.#at);
  }

  #address(nameAt: number, address: Buffer, ttl: number): void {
    this.#pointer(nameAt);
    this.#fixed(address.length === 4 ? TYPE.A : TYPE.AAAA, ttl);
    this.#u16(address.length);
    this.#copy(address);
    this.#counts[3]!++;
  }

  #labels(name: string): void {
    for (const label of name.split('.')) {
      this.octets[this.#at] = label.length;
      this.#at += 1 + this.octets.write(label, this.#at + 1, 'latin1');
    }
  }

  #fixed(type: number, ttl: number): void {
    this.#u16(type);
    this.#u16(1);
    this.octets.writeUInt32BE(ttl, this.#at);
    this.#at += 4;
  }

  #pointer(to: number): void {
    this.#u16(0xc000 | to);
  }

  #u16(value: number): void {
    this.octets.writeUInt16BE(value, this.#at);
    this.#at += 2;
  }

  #copy(octets: Buffer): void {
    this.#at += octets.copy(this.octets, this.#at);
  }
}

/** What a zone looks like: the same each time it is asked for. */
function delegationOf(index: number): { readonly zone: string; readonly tld: number; readonly servers: NameServer[] } {
  const random = randomNumbers(index * 2_654_435_761 + 1);
  random();
  const tld = Math.floor(random() * TLDS.length);
  const isHosted = random() < 0.4;
  const base = isHosted ? Math.floor(index / ZONES_PER_HOST) : index;
  const count = 2 + Math.floor(random() * 3);
  const servers = Array.from({ length: count }, (_, server): NameServer => {
    const ipv4 = Buffer.from([isHosted ? 198 : 100 + (base >> 16), (base >> 8) & 0xff, base & 0xff, server + 1]);
    const ipv6 = random() < 0.5 ? Buffer.concat([Buffer.from('20010db8', 'hex'), ipv4, Buffer.alloc(8)]) : undefined;
    const parent = isHosted ? `host${base}.${TLDS[base % TLDS.length]}` : 'zone';
    return { label: `ns${server + 1}`, parent, ipv4, ipv6 };
  });
  return { zone: `zone${index}.${TLDS[tld]}`, tld, servers };
}

/** Writes a capture of about `bytes` octets; `withSyns`: with a SYN to the address of every answer, and one to an address that none names. */
export async function writeBorderCapture(
  path: string,
  bytes: number,
  seed: number,
  withSyns = false,
): Promise<BorderCapture> {
  const stream = createWriteStream(path);
  const random = randomNumbers(seed);
  const composer = new Composer();
  const triples = new Set<string>();
  let chunk = Buffer.alloc(CHUNK_OCTETS);
  let filled = fileHeader(chunk);
  let written = 0;
  let packets = 0;
  const flush = async () => {
    if (!stream.write(chunk.subarray(0, filled))) await once(stream, 'drain');
    written += filled;
    chunk = Buffer.alloc(CHUNK_OCTETS);
    filled = 0;
  };
  const emit = (message: Buffer, server: Buffer, port: number, isResponse: boolean) => {
    filled = composePacket(chunk, filled, packets++, message, server, port, isResponse);
  };
  const connect = (server: Buffer) => {
    filled = composeSyn(chunk, filled, packets++, server, 1024 + Math.floor(random() * 60_000));
  };
  const exchange = (server: Buffer, host: string, zone: string, fill: () => void) => {
    const id = Math.floor(random() * 65_536);
    const port = 1024 + Math.floor(random() * 60_000);
    composer.begin(id, false, host, zone, TYPE.A);
    emit(composer.end(), server, port, false);
    composer.begin(id, true, host, zone, TYPE.A);
    fill();
    emit(composer.end(), server, port, true);
  };
  while (written + filled < bytes) {
    const index = Math.floor(ZONES * random() ** 3);
    const { zone, tld, servers } = delegationOf(index);
    for (const { label, parent, ipv4, ipv6 } of servers) {
      const name = `${zone} ${label}.${parent === 'zone' ? zone : parent}`;
      for (const address of [ipv4, ipv6]) if (address !== undefined) triples.add(`${name} ${address.toString('hex')}`);
    }
    const host = `www${Math.floor(random() * 256)}`;
    exchange(Buffer.from([192, 0, 2, 30 + tld]), host, zone, () => composer.nameServers(2, servers, DELEGATION_TTL));
    for (let turn = 0; turn <= random() * 3; turn++) {
      const server = servers[Math.floor(random() * servers.length)]!;
      let named = -1;
      exchange(server.ipv4, host, zone, () => {
        if (random() < 0.2) composer.answer(TYPE.TXT, Buffer.from('\x10v=spf1 mx a -all', 'latin1'));
        else {
          named = Math.floor(random() * 256);
          composer.answer(TYPE.A, Buffer.from([203, 0, 113, named]));
        }
        if (random() < 0.4) composer.nameServers(2, servers, 3600);
      });
      if (withSyns && named >= 0) {
        connect(Buffer.from([203, 0, 113, named]));
        connect(Buffer.from([198, 18, Math.floor(random() * 256), Math.floor(random() * 256)]));
      }
    }
    if (filled > CHUNK_OCTETS - 65_536) await flush();
  }
  await flush();
  stream.end();
  await once(stream, 'close');
  return { bytes: written, packets, triples: triples.size };
}

/** The header of a capture with microseconds, Ethernet, in this machine's usual order. */
function fileHeader(octets: Buffer): number {
  octets.writeUInt32LE(0xa1b2c3d4, 0);
  octets.writeUInt16LE(2, 4);
  octets.writeUInt16LE(4, 6);
  octets.writeUInt32LE(65_535, 16);
  octets.writeUInt32LE(1, 20);
  return 24;
}

const MACS = Buffer.from('0200000000010200000000020800', 'hex');

const SYN_OCTETS = 54;

function composeSyn(octets: Buffer, from: number, index: number, server: Buffer, port: number): number {
  packetHeader(octets, from, index, SYN_OCTETS);
  const at = from + 16;
  MACS.copy(octets, at);
  octets.writeUInt16BE(0x4500, at + 14);
  octets.writeUInt16BE(SYN_OCTETS - 14, at + 16);
  octets.writeUInt16BE(0x4006, at + 22);
  RESOLVER.copy(octets, at + 26);
  server.copy(octets, at + 30);
  octets.writeUInt16BE(port, at + 34);
  octets.writeUInt16BE(443, at + 36);
  octets.writeUInt16BE(0x5002, at + 46);
  return at + SYN_OCTETS;
}

function packetHeader(octets: Buffer, from: number, index: number, frameOctets: number): void {
  octets.writeUInt32LE(START_SECONDS + Math.floor(index / PACKETS_PER_SECOND), from);
  octets.writeUInt32LE((index % PACKETS_PER_SECOND) * (1_000_000 / PACKETS_PER_SECOND), from + 4);
  octets.writeUInt32LE(frameOctets, from + 8);
  octets.writeUInt32LE(frameOctets, from + 12);
}

function composePacket(
  octets: Buffer,
  from: number,
  index: number,
  message: Buffer,
  server: Buffer,
  port: number,
  isResponse: boolean,
): number {
  const ipOctets = 28 + message.length;
  const frameOctets = 14 + ipOctets;
  packetHeader(octets, from, index, frameOctets);
  const at = from + 16;
  MACS.copy(octets, at);
  octets.writeUInt16BE(0x4500, at + 14);
  octets.writeUInt16BE(ipOctets, at + 16);
  octets.writeUInt16BE(0x4011, at + 22);
  (isResponse ? server : RESOLVER).copy(octets, at + 26);
  (isResponse ? RESOLVER : server).copy(octets, at + 30);
  octets.writeUInt16BE(isResponse ? 53 : port, at + 34);
  octets.writeUInt16BE(isResponse ? port : 53, at + 36);
  octets.writeUInt16BE(8 + message.length, at + 38);
  message.copy(octets, at + 42);
  return at + frameOctets;
}
