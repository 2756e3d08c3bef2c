/**
 * The part of the `pcap` package that we use. Its own declarations bring another version of Node's types along, so it
 * is loaded by `require` and described here.
 */
import { createRequire } from 'node:module';

export interface PcapPacket {
  /** The frame, in a buffer that the next packet overwrites. */
  readonly buf: Buffer;
  /** `struct pcap_pkthdr` as four little-endian 32-bit fields: seconds, microseconds, captured and original length. */
  readonly header: Buffer;
}

export interface PcapSession {
  /** Such as `LINKTYPE_ETHERNET`. */
  readonly link_type: string;
  readonly buf: Buffer;
  readonly header: Buffer;
  /** The native handle: libpcap calls `read_callback` when its descriptor is readable or broken. */
  readonly session: {
    read_callback: () => void;
    /** Hands over all packets that wait, then returns 0; negative when the capture has failed or was closed. */
    dispatch(buf: Buffer, header: Buffer): number;
  };
  on(event: 'packet', listener: (packet: PcapPacket) => void): void;
  /** Takes effect at the next `dispatch`. */
  close(): void;
  /** Throws once the session is closed. */
  stats(): { readonly ps_recv: number; readonly ps_drop: number };
}

export interface PcapModule {
  /** Called with a text when an interface has no IPv4 address and the like. */
  warningHandler: (text: string) => void;
  /** Throws an Error with libpcap's text when the interface does not open or the filter does not compile. */
  createSession(
    interfaceName: string,
    options: {
      readonly filter: string;
      readonly snap_length: number;
      readonly buffer_size: number;
      /** 0: every packet is handed over at once. */
      readonly buffer_timeout: number;
      readonly promiscuous: boolean;
    },
  ): PcapSession;
}

/** Loads the native module. Throws when it was not built. */
export function loadPcap(): PcapModule {
  const require = createRequire(import.meta.url);
  const pcap: PcapModule = require('pcap');
  // An interface without an IPv4 address is the usual case for a port of a switch.
  pcap.warningHandler = () => {};
  return pcap;
}
