/** What is to be said of a bridge, as a function of what was seen of it. */
import { PIPELINE } from '../controller/pipeline.ts';
import { FragmentFlag } from '../openflow/schema/constants.ts';
import type { BridgeFacts } from '../switches/bridge-facts.ts';
import type { BridgeRow } from '../switches/database-facts.ts';
import type { Finding } from './finding.ts';

/** What the configuration wants of a bridge. */
export interface BridgeWishes {
  /** By name or OpenFlow number. */
  readonly outsidePorts: readonly (string | number)[];
  /** Where switches are to connect, as Open vSwitch writes it: `tcp:127.0.0.1:6653`. */
  readonly controllerTarget: string;
}

/** Open vSwitch's own, where nobody set another. */
const DEFAULT_VLAN_LIMIT = 1;
const WANTED_VLAN_LIMIT = 2;

/** One finding for each thing that is to be so, in the order in which to mend them. */
export function bridgeFindings(facts: BridgeFacts, wishes: BridgeWishes): readonly Finding[] {
  const exists = existence(facts);
  if (exists.ok === false) return [exists];
  return [exists, ...fromDatabase(facts, wishes), fragmentMode(facts), outsidePorts(facts, wishes), ...flows(facts)];
}

function existence({ bridge, database, pipeline }: BridgeFacts): Finding {
  const check = 'bridge';
  const isThere = database.ok ? database.row !== undefined : pipeline.ok;
  if (isThere) return { check, ok: true, message: `bridge ${bridge} exists` };
  if (!database.ok) return { check, ok: false, message: database.problem, ...remedyOf(database) };
  const remedy = 'ovs-vsctl list-br lists the bridges';
  return { check, ok: false, message: `Open vSwitch has no bridge ${bridge}`, remedy };
}

const remedyOf = ({ remedy }: { readonly remedy?: string }) => (remedy === undefined ? {} : { remedy });

function fromDatabase({ bridge, database }: BridgeFacts, wishes: BridgeWishes): readonly Finding[] {
  const checks = ['datapath', 'protocols', 'fail-mode', 'controller', 'controller-connected', 'vlan-limit'];
  if (!database.ok) {
    const message = `not known: ${database.problem}`;
    return checks.map((check) => ({ check, ok: null, message, ...remedyOf(database) }));
  }
  const row = database.row!;
  return [
    datapath(row),
    protocols(bridge, row),
    failMode(bridge, row),
    ...controllers(bridge, row, wishes),
    vlanLimit(database.vlanLimit),
  ];
}

function datapath({ datapathType, datapathId }: BridgeRow): Finding {
  const check = 'datapath';
  const id = datapathId === '' ? '' : `, datapath id ${datapathId}`;
  if (datapathType === '' || datapathType === 'system') return { check, ok: true, message: `kernel datapath${id}` };
  if (datapathType === 'netdev') return { check, ok: true, message: `userspace datapath (netdev)${id}` };
  return { check, ok: null, message: `datapath type ${datapathType}${id}: gluewall was not tried on it` };
}

function protocols(bridge: string, row: BridgeRow): Finding {
  const check = 'protocols';
  if (row.protocols.length === 0) return { check, ok: true, message: 'every version Open vSwitch offers by itself' };
  const message = `the bridge speaks ${row.protocols.join(', ')}`;
  if (row.protocols.includes('OpenFlow13')) return { check, ok: true, message };
  return { check, ok: false, message, remedy: `ovs-vsctl add bridge ${bridge} protocols OpenFlow13` };
}

function failMode(bridge: string, row: BridgeRow): Finding {
  const check = 'fail-mode';
  if (row.failMode === 'secure') return { check, ok: true, message: 'fail mode secure: flows outlive the controller' };
  const mode = row.failMode === '' ? 'standalone (the default)' : row.failMode;
  const message = `fail mode ${mode}: seconds after its controller is lost the bridge forwards everything`;
  return { check, ok: false, message, remedy: `ovs-vsctl set-fail-mode ${bridge} secure` };
}

function controllers(bridge: string, row: BridgeRow, { controllerTarget }: BridgeWishes): readonly Finding[] {
  const named = row.controllers.map(({ target, isConnected }) => `${target}${isConnected ? '' : ' (not connected)'}`);
  const connected = 'controller-connected';
  if (named.length === 0) {
    const remedy = `ovs-vsctl set-controller ${bridge} ${controllerTarget} (this removes all flows: see docs/operations.md)`;
    const missing = { check: 'controller', ok: false, message: 'the bridge has no controller', remedy };
    return [missing, { check: connected, ok: null, message: 'there is no controller to be connected to' }];
  }
  const set: Finding = { check: 'controller', ok: true, message: `controllers: ${named.join(', ')}` };
  const isConnected = row.controllers.some((one) => one.isConnected);
  if (isConnected) return [set, { check: connected, ok: true, message: 'a controller is connected' }];
  const remedy = `start gluewall, and let it listen where the bridge connects (openflow.listen: now ${controllerTarget})`;
  return [set, { check: connected, ok: false, message: 'no controller is connected', remedy }];
}

function vlanLimit(limit: number | undefined): Finding {
  const check = 'vlan-limit';
  const inForce = limit ?? DEFAULT_VLAN_LIMIT;
  const message = `vlan-limit ${inForce}${limit === undefined ? ' (the default)' : ''}`;
  if (inForce === 0 || inForce >= WANTED_VLAN_LIMIT) return { check, ok: true, message };
  return {
    check,
    ok: false,
    message: `${message}: queries behind two VLAN tags pass unjudged`,
    remedy: `ovs-vsctl set Open_vSwitch . other_config:vlan-limit=${WANTED_VLAN_LIMIT}`,
  };
}

function fragmentMode({ bridge, pipeline }: BridgeFacts): Finding {
  const check = 'fragment-mode';
  if (!pipeline.ok) return unknownPipeline(check, pipeline);
  if (pipeline.fragmentMode === FragmentFlag.NX_MATCH) return { check, ok: true, message: 'fragment mode nx-match' };
  const message = 'first fragments do not show their ports: fragmented queries pass unjudged';
  return { check, ok: false, message, remedy: `start gluewall, or: gluewall switch prime ${bridge}` };
}

function outsidePorts({ pipeline }: BridgeFacts, wishes: BridgeWishes): Finding {
  const check = 'outside-ports';
  if (wishes.outsidePorts.length === 0) {
    const message = 'outside.ports is empty: nothing is judged';
    return { check, ok: false, message, remedy: 'name the bridge ports towards the Internet in outside.ports' };
  }
  if (!pipeline.ok) return unknownPipeline(check, pipeline);
  const numbers = [...pipeline.ports.values()];
  const isThere = (port: string | number) =>
    typeof port === 'string' ? pipeline.ports.has(port) : numbers.includes(port);
  const missing = wishes.outsidePorts.filter((port) => !isThere(port));
  if (missing.length === 0) return { check, ok: true, message: `outside ports: ${wishes.outsidePorts.join(', ')}` };
  const offered = [...pipeline.ports].map(([name, number]) => `${name} (${number})`).join(', ');
  const message = `the bridge has no port ${missing.join(', ')} of outside.ports; it has ${offered}`;
  // One configuration may serve several bridges, each with some of the ports.
  const ok = missing.length < wishes.outsidePorts.length ? null : false;
  return { check, ok, message, remedy: 'correct outside.ports, or add the port: ovs-vsctl add-port' };
}

function flows({ bridge, pipeline }: BridgeFacts): readonly Finding[] {
  if (!pipeline.ok) return [unknownPipeline('flows', pipeline)];
  const { flowsByRule, bypassingFlows } = pipeline;
  const standing = [...flowsByRule].map(([rule, count]) => `${entryName(rule)} ${count}`);
  const isWhole = STANDING_RULES.every((rule) => flowsByRule.has(rule));
  const stands: Finding = isWhole
    ? { check: 'flows', ok: true, message: `flows of gluewall: ${standing.join(', ')}` }
    : {
        check: 'flows',
        ok: false,
        message: `the flows of gluewall are not there${standing.length === 0 ? '' : `, but for ${standing.join(', ')}`}`,
        remedy: `start gluewall, or: gluewall switch prime ${bridge}`,
      };
  return [stands, bypass(bridge, bypassingFlows)];
}

/** Without these two nothing passes. */
const STANDING_RULES = [PIPELINE.classify.entries.other.rule, PIPELINE.forward.entries.normal.rule];
const ENTRY_NAMES: ReadonlyMap<number, string> = new Map(
  Object.values(PIPELINE).flatMap(({ entries }) =>
    Object.entries(entries).map(([name, { rule }]): [number, string] => [rule, name]),
  ),
);

function entryName(rule: number): string {
  return ENTRY_NAMES.get(rule) ?? `rule ${rule}`;
}

function bypass(bridge: string, count: number): Finding {
  const check = 'others-flows';
  if (count === 0) return { check, ok: true, message: 'no flow of another stands above the gate' };
  const message = `${count} flow(s) of another in table 0 stand above the gate: what they match is not judged`;
  return { check, ok: false, message, remedy: `look at them: ovs-ofctl -O OpenFlow13 dump-flows ${bridge} table=0` };
}

function unknownPipeline(check: string, { problem }: { readonly problem: string }): Finding {
  return { check, ok: null, message: `not known: ${problem}` };
}
