import type { Config } from '../config/schema.ts';
import { formatHostPort } from '../core/host-port.ts';

/** The one command that puts a bridge under control; its parts take effect together. */
export function connectCommand(bridge: string, controller: string): string {
  return [
    `ovs-vsctl set bridge ${bridge} protocols=OpenFlow13`,
    `set-fail-mode ${bridge} secure`,
    `set-controller ${bridge} ${controller}`,
  ].join(' -- ');
}

/** The same for any bridge, as it is pasted on its machine; `port` is the one that switches connect to. */
export function connectAnyBridge({ listen: { host }, tls }: Config['openflow'], port: number): string {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const target = isEverywhere ? `ADDRESS-OF-THIS-HOST:${port}` : formatHostPort(host, port);
  return connectCommand('BRIDGE', `${tls === undefined ? 'tcp' : 'ssl'}:${target}`);
}
