import type { Address } from '../core/address.ts';
import { RecencyList, RecencyNode } from './recency-list.ts';

/** An ingress port of a switch. */
export interface SwitchPort {
  readonly datapathId: string;
  readonly number: number;
  name: string | undefined;
  readonly places: RecencyList<Place>;
}

/** A MAC address at a port. */
export interface Device {
  readonly mac: number;
  readonly port: SwitchPort;
  readonly places: Map<Address, Place>;
  isRouter: boolean;
}

/** An address at a device. */
export class Place {
  readonly address: Address;
  device: Device;
  vlan: number | undefined;
  readonly firstSeenAtMs: number;
  lastSeenAtMs: number;
  /** When it was put in its place among the others; not at every sighting. */
  touchedAtMs: number;
  moves = 0;
  movedFrom: number | undefined;
  movedAtMs: number | undefined;
  readonly inAll = new RecencyNode<Place>(this);
  readonly onPort = new RecencyNode<Place>(this);

  constructor(address: Address, device: Device, atMs: number) {
    this.address = address;
    this.device = device;
    this.firstSeenAtMs = atMs;
    this.lastSeenAtMs = atMs;
    this.touchedAtMs = atMs;
  }
}

/** Addresses, the devices that have them, and the ports of those; what has nothing left under it goes. */
export class DeviceTable {
  readonly all = new RecencyList<Place>();
  readonly #places = new Map<Address, Place>();
  /** One MAC address may be at several ports. */
  readonly #devices = new Map<number, Device[]>();
  readonly #ports = new Map<string, Map<number, SwitchPort>>();
  #deviceCount = 0;
  #portCount = 0;

  get deviceCount(): number {
    return this.#deviceCount;
  }

  get portCount(): number {
    return this.#portCount;
  }

  place(address: Address): Place | undefined {
    return this.#places.get(address);
  }

  device(mac: number, datapathId: string, port: number): Device | undefined {
    const isThere = (device: Device) => device.port.number === port && device.port.datapathId === datapathId;
    return this.#devices.get(mac)?.find(isThere);
  }

  port(datapathId: string, number: number): SwitchPort | undefined {
    return this.#ports.get(datapathId)?.get(number);
  }

  devicesOf(mac: number): readonly Device[] {
    return this.#devices.get(mac) ?? [];
  }

  /** Devices that come while this goes on may be among them, or not. */
  *devices(): Generator<Device, void> {
    for (const devices of this.#devices.values()) yield* [...devices];
  }

  /** The device, which is made when there is none. */
  ensureDevice(mac: number, datapathId: string, portNumber: number): Device {
    const held = this.device(mac, datapathId, portNumber);
    if (held !== undefined) return held;
    this.#deviceCount++;
    const device = { mac, port: this.#ensurePort(datapathId, portNumber), places: new Map(), isRouter: false };
    const others = this.#devices.get(mac);
    if (others === undefined) this.#devices.set(mac, [device]);
    else others.push(device);
    return device;
  }

  add(place: Place): void {
    this.#places.set(place.address, place);
    this.all.add(place.inAll);
    this.#attach(place);
  }

  remove(place: Place): void {
    this.#places.delete(place.address);
    this.all.remove(place.inAll);
    this.#detach(place);
    this.#tidy(place.device);
  }

  move(place: Place, device: Device): void {
    const former = place.device;
    this.#detach(place);
    place.device = device;
    this.#attach(place);
    // Last: both may be at one port, which must not go in between.
    this.#tidy(former);
  }

  /** Makes it the one that was seen last. */
  touch(place: Place): void {
    this.all.touch(place.inAll);
    place.device.port.places.touch(place.onPort);
  }

  #attach(place: Place): void {
    place.device.places.set(place.address, place);
    place.device.port.places.add(place.onPort);
  }

  #detach({ address, device, onPort }: Place): void {
    device.places.delete(address);
    device.port.places.remove(onPort);
  }

  #tidy(device: Device): void {
    if (device.places.size === 0) this.#forgetDevice(device);
    if (device.port.places.size === 0) this.#forgetPort(device.port);
  }

  #forgetDevice(device: Device): void {
    this.#deviceCount--;
    const others = this.#devices.get(device.mac)!.filter((other) => other !== device);
    if (others.length === 0) this.#devices.delete(device.mac);
    else this.#devices.set(device.mac, others);
  }

  #ensurePort(datapathId: string, number: number): SwitchPort {
    let ports = this.#ports.get(datapathId);
    if (ports === undefined) {
      ports = new Map();
      this.#ports.set(datapathId, ports);
    }
    let port = ports.get(number);
    if (port === undefined) {
      port = { datapathId, number, name: undefined, places: new RecencyList() };
      ports.set(number, port);
      this.#portCount++;
    }
    return port;
  }

  #forgetPort({ datapathId, number }: SwitchPort): void {
    const ports = this.#ports.get(datapathId);
    if (ports?.delete(number) === true) this.#portCount--;
    if (ports?.size === 0) this.#ports.delete(datapathId);
  }
}
