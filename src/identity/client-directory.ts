import { type Address, formatAddress, isIpv4 } from '../core/address.ts';
import type { Clock } from '../core/clock.ts';
import { Counters } from '../core/counters.ts';
import type { Log } from '../core/log.ts';
import { formatMac } from '../core/mac-address.ts';
import { PacedLog } from '../core/paced-log.ts';
import type { ClientIdentity, ClientRecord, SeenAddress } from './client-identity.ts';
import { findName, isOf, type NameSources } from './client-names.ts';
import { type Device, DeviceTable, Place } from './device-table.ts';

/** What a packet_in shows of who sent it. */
export interface Sighting {
  /** 48 bits. */
  readonly mac: number;
  readonly datapathId: string;
  readonly inPort: number;
  /** Undefined when the switch has not told it. */
  readonly portName: string | undefined;
  readonly vlan: number | undefined;
  /** The source address. */
  readonly address: Address;
  readonly atMs: number;
}

export interface ClientDirectoryOptions {
  /** Addresses held. */
  readonly size: number;
  /** A MAC address with more than these, all seen within an hour, is that of a router. At least 2. */
  readonly addressesPerDevice: number;
  /** An address that was not seen for longer is forgotten. */
  readonly keepMs: number;
}

type DirectoryCounter = 'moved' | 'made room' | 'routers' | 'seen elsewhere too' | 'no client address' | 'forgotten';

/** An address that many times a second finds its place in the order only once. */
const TOUCH_MS = 1000;
/**
 * A frame passes several switches, and behind a router it has another MAC address: as long as the first place sees the address,
 * the others are on its way.
 */
const HOME_MS = 10_000;
/** A device may have had many addresses, but not within this time. */
const ROUTER_WINDOW_MS = 3_600_000;
/** Forgotten in one go. */
const MAX_FORGOTTEN = 1000;
const GROUP_BIT = 2 ** 40;

/**
 * Who sends: a device is a MAC address at a switch port, and its IPv4 and IPv6 addresses are joined under it. Bounded: the
 * address not seen for longest makes room, at the busiest port where that holds more than half of all.
 */
export class ClientDirectory {
  readonly counters = new Counters<DirectoryCounter>();
  readonly #options: ClientDirectoryOptions;
  readonly #names: NameSources;
  readonly #table = new DeviceTable();
  readonly #movedLog: PacedLog;

  constructor(options: ClientDirectoryOptions, names: NameSources, clock: Clock, log: Log) {
    this.#options = options;
    this.#names = names;
    this.#movedLog = new PacedLog(clock, log, 'warn');
  }

  /** Addresses held. */
  get size(): number {
    return this.#table.all.size;
  }

  get devices(): number {
    return this.#table.deviceCount;
  }

  /** Switch ports behind which there are devices. */
  get ports(): number {
    return this.#table.portCount;
  }

  /** A frame came: to be called for each, and cheap when it tells nothing new. */
  saw(sighting: Sighting): void {
    const place = this.#table.place(sighting.address);
    if (place !== undefined && isHome(place, sighting)) this.#refresh(place, sighting);
    else this.#settle(place, sighting);
  }

  /** Who has the address, from memory; undefined when nothing is known. */
  describe(address: Address): ClientIdentity | undefined {
    const place = this.#table.place(address);
    return place === undefined ? this.#unseen(address) : this.#identity(place.device, placesFrom(place));
  }

  /** As `describe`, with all that is known. */
  record(address: Address): ClientRecord | undefined {
    const place = this.#table.place(address);
    if (place !== undefined) return this.#record(place.device, placesFrom(place));
    const identity = this.#unseen(address);
    return identity === undefined ? undefined : { ...identity, isBehindRouter: false, seen: [] };
  }

  /** What stands behind a MAC address, at all ports where it was seen. */
  *recordsOfMac(mac: number): Generator<ClientRecord, void> {
    for (const device of [...this.#table.devicesOf(mac)]) yield* this.#recordsOfDevice(device);
  }

  /** All devices. Those that come while this goes on may be among them, or not. */
  *records(): Generator<ClientRecord, void> {
    for (const device of this.#table.devices()) yield* this.#recordsOfDevice(device);
  }

  /** Forgets what was not seen for long; to be called now and then. True when nothing is left to forget. */
  expire(nowMs: number): boolean {
    for (let count = 0; count < MAX_FORGOTTEN; count++) {
      const { oldest } = this.#table.all;
      if (oldest === undefined || !this.#isStale(oldest, nowMs)) return true;
      this.counters.add('forgotten');
      this.#forget(oldest);
    }
    return false;
  }

  /** Says what is left to say. Safe twice. */
  stop(): void {
    this.#movedLog.stop();
  }

  #refresh(place: Place, { atMs, vlan, portName }: Sighting): void {
    place.lastSeenAtMs = atMs;
    place.vlan = vlan;
    if (portName !== undefined) place.device.port.name = portName;
    if (atMs - place.touchedAtMs < TOUCH_MS) return;
    place.touchedAtMs = atMs;
    this.#table.touch(place);
  }

  /** The address is new, or somewhere else than before. */
  #settle(place: Place | undefined, sighting: Sighting): void {
    const { mac, address, datapathId, inPort, atMs } = sighting;
    if (mac === 0 || isGroup(mac) || !isClientAddress(address)) {
      this.counters.add('no client address');
      return;
    }
    if (place !== undefined && this.#isOnItsWay(place, sighting)) {
      this.counters.add('seen elsewhere too');
      return;
    }
    if (place === undefined) this.#makeRoom(datapathId, inPort);
    const device = this.#table.ensureDevice(mac, datapathId, inPort);
    this.#makeRoomAt(device, atMs);
    const settled = place ?? new Place(address, device, atMs);
    if (place === undefined) this.#table.add(settled);
    else this.#move(place, device, atMs);
    this.#refresh(settled, sighting);
  }

  #isOnItsWay(place: Place, { mac, datapathId, inPort, atMs }: Sighting): boolean {
    if (atMs - place.lastSeenAtMs >= HOME_MS) return false;
    return place.device.mac === mac || this.#table.device(mac, datapathId, inPort)?.isRouter === true;
  }

  #move(place: Place, device: Device, atMs: number): void {
    const { mac } = place.device;
    if (mac !== device.mac) {
      place.moves++;
      place.movedFrom = mac;
      place.movedAtMs = atMs;
      this.counters.add('moved');
      const address = formatAddress(place.address);
      const fields = {
        address,
        mac: formatMac(device.mac),
        before: formatMac(mac),
        datapathId: device.port.datapathId,
      };
      this.#movedLog.say(fields, `address ${address} went over from ${fields.before} to ${fields.mac}`);
    }
    this.#table.move(place, device);
  }

  /** One port may not drive out what the others have, whatever addresses it sends from. */
  #makeRoom(datapathId: string, inPort: number): void {
    if (this.size < this.#options.size) return;
    const port = this.#table.port(datapathId, inPort);
    const isBusiest = port !== undefined && port.places.size * 2 > this.#options.size;
    const leaving = isBusiest ? port.places.oldest : this.#table.all.oldest;
    if (leaving === undefined) return;
    this.counters.add('made room');
    this.#forget(leaving);
  }

  /** With too many addresses at work a device turns out to be a router. */
  #makeRoomAt(device: Device, atMs: number): void {
    if (device.isRouter || device.places.size < this.#options.addressesPerDevice) return;
    let oldest: Place | undefined;
    for (const place of device.places.values()) {
      if (oldest === undefined || place.lastSeenAtMs < oldest.lastSeenAtMs) oldest = place;
    }
    if (oldest !== undefined && atMs - oldest.lastSeenAtMs > ROUTER_WINDOW_MS) {
      this.#forget(oldest);
      return;
    }
    device.isRouter = true;
    this.counters.add('routers');
  }

  #forget(place: Place): void {
    const { device } = place;
    this.#table.remove(place);
    if (device.places.size * 2 <= this.#options.addressesPerDevice) device.isRouter = false;
  }

  #isStale(place: Place, nowMs: number): boolean {
    return nowMs - place.lastSeenAtMs > this.#options.keepMs;
  }

  *#recordsOfDevice(device: Device): Generator<ClientRecord, void> {
    const places = [...device.places.values()];
    if (device.isRouter) for (const place of places) yield this.#record(device, [place]);
    else if (places.length > 0) yield this.#record(device, places);
  }

  /** What leases and the reverse zone say of an address from which nothing has come. */
  #unseen(address: Address): ClientIdentity | undefined {
    const lease = this.#names.leaseOf(address);
    const found = findName(this.#names, { mac: lease?.mac, addresses: [address] });
    if (lease === undefined && found === undefined) return undefined;
    const named = { name: found?.name, nameSource: found?.source };
    return { ...named, mac: lease?.mac, datapathId: undefined, port: undefined, addresses: [address] };
  }

  #identity({ mac, port, isRouter }: Device, places: readonly Place[]): ClientIdentity {
    const addresses = places.map(({ address }) => address);
    const found = findName(this.#names, { mac: isRouter ? undefined : mac, addresses });
    return {
      name: found?.name,
      nameSource: found?.source,
      mac,
      datapathId: port.datapathId,
      port: port.name ?? String(port.number),
      addresses,
    };
  }

  #record(device: Device, places: readonly Place[]): ClientRecord {
    const seen = places.map((place) => this.#seen(place));
    return { ...this.#identity(device, places), isBehindRouter: device.isRouter, seen };
  }

  #seen({ address, vlan, firstSeenAtMs, lastSeenAtMs, moves, movedFrom, movedAtMs, device }: Place): SeenAddress {
    const lease = this.#names.leaseOf(address);
    const isOther = !device.isRouter && lease !== undefined && !isOf(lease, device.mac);
    const leasedTo = isOther ? lease.mac : undefined;
    return { address, vlan, firstSeenAtMs, lastSeenAtMs, moves, movedFrom, movedAtMs, leasedTo };
  }
}

function isHome({ device }: Place, { mac, inPort, datapathId }: Sighting): boolean {
  return device.mac === mac && device.port.number === inPort && device.port.datapathId === datapathId;
}

/** What is told of an address: all places of its device, its own first; behind a router its own alone. */
function placesFrom(place: Place): readonly Place[] {
  const { isRouter, places } = place.device;
  return isRouter ? [place] : [place, ...[...places.values()].filter((other) => other !== place)];
}

function isGroup(mac: number): boolean {
  return Math.floor(mac / GROUP_BIT) % 2 === 1;
}

/** Whether a host can send from it: not 0.0.0.0/8 and what is from 224.0.0.0 on (RFC 1122 §3.2.1.3), not :: nor ff00::/8 (RFC 4291 §2.7). */
function isClientAddress(address: Address): boolean {
  if (isIpv4(address)) return address >>> 24 !== 0 && address >>> 24 < 224;
  return address.charCodeAt(0) !== 0xff && address !== UNSPECIFIED;
}

const UNSPECIFIED = '\0'.repeat(16);
