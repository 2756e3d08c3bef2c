import { serviceName } from './service-names.ts';

export interface PortRow {
  readonly port: number;
  readonly service: string;
  readonly packets: number;
}

const PORTS = 65_536;

/** How many packets went to each port. */
export class PortCounts {
  readonly #counts = new Float64Array(PORTS);

  add(port: number): void {
    this.#counts[port] = this.#counts[port]! + 1;
  }

  /** The `most` ports with the most packets, those with as many by their number. */
  top(most: number): readonly PortRow[] {
    const used = Array.from(this.#counts, (packets, port) => ({ port, packets })).filter(({ packets }) => packets > 0);
    used.sort((a, b) => b.packets - a.packets || a.port - b.port);
    return used.slice(0, most).map(({ port, packets }) => ({ port, service: serviceName(port), packets }));
  }
}
