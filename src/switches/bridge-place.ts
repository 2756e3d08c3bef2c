import { join } from 'node:path';
import { GluewallError } from '../core/errors.ts';

/** A bridge of the Open vSwitch whose sockets are in a folder. */
export interface BridgePlace {
  readonly bridge: string;
  readonly runDirectory: string;
}

/** What Linux has room for in sockaddr_un, less the final NUL. */
const MAX_PATH_BYTES = 107;

/** Where the Open vSwitch of this machine has its sockets, by `$OVS_RUNDIR` or as its packages are built. */
export function openVswitchRunDirectory(environment: NodeJS.ProcessEnv): string {
  return environment.OVS_RUNDIR || '/var/run/openvswitch';
}

/**
 * The bridge of that name. Throws GluewallError `usage` for a name that no bridge can have: one with a slash would leave
 * the folder, one with a dash in front be an option of `ovs-vsctl`.
 */
export function bridgePlace(bridge: string, runDirectory: string): BridgePlace {
  if (!/^[^\s\p{C}/-][^\s\p{C}/]*$/u.test(bridge)) {
    throw new GluewallError('usage', `${JSON.stringify(bridge)} is no name of a bridge, such as br0`);
  }
  const place = { bridge, runDirectory };
  if (Buffer.byteLength(managementSocket(place)) > MAX_PATH_BYTES) {
    const limit = `${MAX_PATH_BYTES} octets of a unix socket's name`;
    throw new GluewallError('usage', `${managementSocket(place)} is longer than the ${limit}`);
  }
  return place;
}

export function managementSocket({ bridge, runDirectory }: BridgePlace): string {
  return join(runDirectory, `${bridge}.mgmt`);
}
