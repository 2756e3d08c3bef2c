/** What the `switch` commands answer, as lines for a person. */
import type { PrimeOutcome, ReleaseOutcome } from '../switches/unattended.ts';

/** A switch of the running gluewall. */
export interface RunningSwitch {
  readonly datapathId: string;
  readonly peer: string;
  readonly allowFlows: number;
  readonly dropFlows: number;
}

/** A bridge of this machine's Open vSwitch, a switch of the running gluewall, or both. */
export interface SwitchRow {
  /** Null for a switch that is no bridge of this machine. */
  readonly bridge: string | null;
  readonly datapathId: string;
  readonly datapathType: string | null;
  readonly failMode: string | null;
  readonly protocols: readonly string[] | null;
  readonly controllers: readonly { readonly target: string; readonly isConnected: boolean }[] | null;
  /** Null where the running gluewall does not have it, or none runs. */
  readonly gluewall: Omit<RunningSwitch, 'datapathId'> | null;
}

const HEADINGS = ['BRIDGE', 'DATAPATH ID', 'FAIL MODE', 'PROTOCOLS', 'CONTROLLERS', 'GLUEWALL'];

/** One line each below a line of headings. */
export function printSwitches(rows: readonly SwitchRow[]): string[] {
  const cells = [HEADINGS, ...rows.map(switchCells)];
  const widths = HEADINGS.map((_heading, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function switchCells({ bridge, datapathId, failMode, protocols, controllers, gluewall }: SwitchRow): string[] {
  const names = controllers?.map(({ target, isConnected }) => `${target}${isConnected ? '' : ' (not connected)'}`);
  return [
    bridge ?? '-',
    datapathId || '-',
    failMode === null ? '-' : failMode || 'standalone',
    protocols === null ? '-' : protocols.join(',') || 'all',
    names === undefined ? '-' : names.join(', ') || 'none',
    gluewall === null ? '-' : `${gluewall.allowFlows} allow flows, ${gluewall.dropFlows} drop flows`,
  ];
}

/** What became of one bridge that was to be primed. */
export type PrimeAnswer =
  | PrimeOutcome
  | { readonly bridge: string; readonly outcome: 'refused'; readonly code: string; readonly message: string };

export function printPrimed(answer: PrimeAnswer): string[] {
  if (answer.outcome === 'refused') return [answer.message];
  if (answer.outcome === 'attended') {
    const { bridge, controller, flows } = answer;
    return [
      `${bridge}: left to its controller ${controller}, which is connected and has ${flows} flows of gluewall there`,
    ];
  }
  const { bridge, flows, changed, verdictFlows, warnings } = answer;
  const kept = verdictFlows === 0 ? '' : `; ${verdictFlows} of earlier verdicts stay until their time is over`;
  return [
    `${bridge}: primed, ${flows} base flows stand (${changed} changes)${kept}`,
    ...warnings.map((warning) => `${bridge}: warning: ${warning}`),
  ];
}

export function printReleased({ bridge, removed, othersInTable0, controllers }: ReleaseOutcome): string[] {
  const others = othersInTable0 === 0 ? '' : `; ${othersInTable0} flows of others in table 0 stay`;
  const lines = [`${bridge}: released, ${removed} flows of gluewall removed; one flow switches everything${others}`];
  if (controllers.length === 0) return lines;
  // Taking away the last controller removes all flows, and fail mode secure leaves none in their place.
  const remedy = `ovs-vsctl del-controller ${bridge} -- del-fail-mode ${bridge}`;
  return [
    ...lines,
    `${bridge}: it still connects to ${controllers.join(', ')}, and gluewall there puts its flows back`,
    `${bridge}: to end that: ${remedy} (both at once: without the second, all traffic stops)`,
  ];
}
