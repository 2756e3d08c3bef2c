/** The one command that puts a bridge under control; its parts take effect together. */
export function connectCommand(bridge: string, controller: string): string {
  return [
    `ovs-vsctl set bridge ${bridge} protocols=OpenFlow13`,
    `set-fail-mode ${bridge} secure`,
    `set-controller ${bridge} ${controller}`,
  ].join(' -- ');
}
