/** Writes who sent a message to whom, and whose frame it was, into its record (observation-layout.ts). */
import { type Address, isIpv4 } from '../core/address.ts';
import { readInt32 } from '../core/read-integer.ts';
import { FLAG, NO_VLAN, WORD } from '../dns/observation-layout.ts';
import type { ObservationWriter } from '../dns/observation-writer.ts';
import type { FrameView } from '../packet/frame.ts';
import { NO_ADDRESSES, NO_TAG } from '../packet/link-layer.ts';
import type { Endpoints } from '../packet/tcp-streams.ts';

const MAC_OCTETS = 6;

/** The ends of the frame in view, into the record at word `at`. Returns the flags that go with them. */
export function packFrameEnds(writer: ObservationWriter, at: number, frame: FrameView, isQuery: boolean): number {
  const { words } = writer;
  const { frameOctets, sourceAt, destinationAt, sourcePort, destinationPort, macsAt, vlan } = frame;
  const clientAt = isQuery ? sourceAt : destinationAt;
  const serverAt = isQuery ? destinationAt : sourceAt;
  words[at + WORD.PORTS] = portsOf(sourcePort, destinationPort, isQuery);
  let flags = 0;
  if (frame.ipVersion === 4) {
    putIpv4(words, at + WORD.CLIENT, readInt32(frameOctets, clientAt));
    putIpv4(words, at + WORD.SERVER, readInt32(frameOctets, serverAt));
  } else {
    flags |= FLAG.IPV6;
    copyIpv6(writer.octets, (at + WORD.CLIENT) * 4, frameOctets, clientAt);
    copyIpv6(writer.octets, (at + WORD.SERVER) * 4, frameOctets, serverAt);
  }
  if (macsAt !== NO_ADDRESSES) {
    flags |= FLAG.LINK;
    const macAt = isQuery ? macsAt + MAC_OCTETS : macsAt;
    const upper = (frameOctets[macAt]! << 8) | frameOctets[macAt + 1]!;
    words[at + WORD.LINK] = (vlan === NO_TAG ? NO_VLAN : vlan) | (upper << 16);
    words[at + WORD.MAC] = readInt32(frameOctets, macAt + 2);
  }
  return flags;
}

/** As `packFrameEnds`, of what came in no frame or in several. */
export function packEndpoints(writer: ObservationWriter, at: number, ends: Endpoints, isQuery: boolean): number {
  const { words } = writer;
  const { source, destination, sourcePort, destinationPort, link } = ends;
  words[at + WORD.PORTS] = portsOf(sourcePort, destinationPort, isQuery);
  putAddress(writer, at + WORD.CLIENT, isQuery ? source : destination);
  putAddress(writer, at + WORD.SERVER, isQuery ? destination : source);
  let flags = isIpv4(source) ? 0 : FLAG.IPV6;
  if (link !== undefined) {
    flags |= FLAG.LINK;
    const mac = isQuery ? link.sourceMac : link.destinationMac;
    words[at + WORD.LINK] = (link.vlan ?? NO_VLAN) | (Math.floor(mac / 2 ** 32) << 16);
    words[at + WORD.MAC] = (mac % 2 ** 32) | 0;
  }
  return flags;
}

function portsOf(sourcePort: number, destinationPort: number, isQuery: boolean): number {
  return isQuery ? sourcePort | (destinationPort << 16) : destinationPort | (sourcePort << 16);
}

function putAddress(writer: ObservationWriter, word: number, address: Address): void {
  if (isIpv4(address)) putIpv4(writer.words, word, address);
  else writer.octets.write(address, word * 4, 'latin1');
}

/** The memory of a batch is used again: what an address leaves free still holds another. */
function putIpv4(words: Int32Array, word: number, address: number): void {
  words[word] = address;
  words[word + 1] = 0;
  words[word + 2] = 0;
  words[word + 3] = 0;
}

function copyIpv6(to: Buffer, toAt: number, from: Buffer, fromAt: number): void {
  for (let index = 0; index < 16; index++) to[toAt + index] = from[fromAt + index]!;
}
