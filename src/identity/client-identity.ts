/** What is known of a client, and where its name comes from. */
import type { Address } from '../core/address.ts';

/** `lease`: what the client told the DHCP server; `ptr`: what the reverse zone says. */
export type NameSource = 'lease' | 'ptr';

/** Who has an address. What is undefined is not known. */
export interface ClientIdentity {
  /** Chosen by the client or by the owner of a zone, but harmless to print. */
  readonly name: string | undefined;
  readonly nameSource: NameSource | undefined;
  /** 48 bits. */
  readonly mac: number | undefined;
  readonly datapathId: string | undefined;
  /** The name of the switch port, or its OpenFlow number. */
  readonly port: string | undefined;
  /** All addresses of the device, IPv4 and IPv6; behind a router only the one. */
  readonly addresses: readonly Address[];
}

/** One address of a device. */
export interface SeenAddress {
  readonly address: Address;
  /** Of the frame seen last; undefined without a tag. */
  readonly vlan: number | undefined;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  /** How often it went over to another MAC address. */
  readonly moves: number;
  /** The MAC address it had before; undefined when it never moved. */
  readonly movedFrom: number | undefined;
  /** Undefined when it never moved. */
  readonly movedAtMs: number | undefined;
  /** The MAC address to which the DHCP server leased it, where that is another. */
  readonly leasedTo: number | undefined;
}

/** A device, or one address behind a router. */
export interface ClientRecord extends ClientIdentity {
  /** Its MAC address is that of a router, which has more addresses behind it than a device would have. */
  readonly isBehindRouter: boolean;
  /** Empty for an address that is only leased. */
  readonly seen: readonly SeenAddress[];
}
