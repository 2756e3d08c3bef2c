import type { BridgeRow } from '../switches/database-facts.ts';
import type { RunningSwitch, SwitchRow } from './print-switch.ts';

/** The bridges of this machine and the switches of the running gluewall, joined by datapath id. */
export function joinSwitches(bridges: readonly BridgeRow[], running: readonly RunningSwitch[]): readonly SwitchRow[] {
  const local = bridges.map(({ name, ...bridge }): SwitchRow => {
    const held = running.find(({ datapathId }) => datapathId === bridge.datapathId);
    return { bridge: name, ...bridge, gluewall: held === undefined ? null : figures(held) };
  });
  const isLocal = ({ datapathId }: RunningSwitch) => bridges.some((bridge) => bridge.datapathId === datapathId);
  const remote = running
    .filter((one) => !isLocal(one))
    .map(
      (one): SwitchRow => ({
        bridge: null,
        datapathId: one.datapathId,
        datapathType: null,
        failMode: null,
        protocols: null,
        controllers: null,
        gluewall: figures(one),
      }),
    );
  return [...local, ...remote];
}

function figures({ peer, allowFlows, dropFlows }: RunningSwitch) {
  return { peer, allowFlows, dropFlows };
}
