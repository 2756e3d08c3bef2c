import { Port } from '../../../src/openflow/schema/constants.ts';
import type { PortDescription } from '../../../src/openflow/schema/ports.ts';

/** OFPPC_* (OpenFlow 1.3.5 §7.2.1). */
const PortConfig = { PORT_DOWN: 1, NO_RECV: 4, NO_FWD: 0x20, NO_PACKET_IN: 0x40 } as const;
const LIVE = 4;

/** The ports of the model, by name; OFPP_LOCAL stands beside them. All are up. */
export class ModelPorts {
  readonly #ports = new Map<number, PortDescription>();

  constructor(numbers: Readonly<Record<string, number>>) {
    for (const [name, portNo] of Object.entries({ ...numbers, local: Port.LOCAL })) {
      const hwAddr = `02:00:00:00:00:${(portNo & 0xff).toString(16).padStart(2, '0')}`;
      const speeds = { curr: 0, advertised: 0, supported: 0, peer: 0, currSpeed: 0, maxSpeed: 0 };
      this.#ports.set(portNo, { portNo, hwAddr, name, config: 0, state: LIVE, ...speeds });
    }
  }

  /** By number. */
  all(): readonly PortDescription[] {
    return [...this.#ports.values()].sort((one, other) => one.portNo - other.portNo);
  }

  get(portNo: number): PortDescription | undefined {
    return this.#ports.get(portNo);
  }

  /** Sets those bits of the configuration that `mask` has; undefined when there is no such port. */
  configure(portNo: number, config: number, mask: number): PortDescription | undefined {
    const port = this.#ports.get(portNo);
    if (port === undefined) return undefined;
    const changed = { ...port, config: ((port.config & ~mask) | (config & mask)) >>> 0 };
    this.#ports.set(portNo, changed);
    return changed;
  }

  takes(portNo: number): boolean {
    return this.#isFree(portNo, PortConfig.PORT_DOWN | PortConfig.NO_RECV);
  }

  forwards(portNo: number): boolean {
    return this.#isFree(portNo, PortConfig.PORT_DOWN | PortConfig.NO_FWD);
  }

  tells(portNo: number): boolean {
    return this.#isFree(portNo, PortConfig.NO_PACKET_IN);
  }

  isLive(portNo: number): boolean {
    return this.#isFree(portNo, PortConfig.PORT_DOWN);
  }

  #isFree(portNo: number, bits: number): boolean {
    const port = this.#ports.get(portNo);
    return port !== undefined && (port.config & bits) === 0;
  }
}
