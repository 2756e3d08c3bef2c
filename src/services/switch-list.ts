/** The switches, and what is to be looked at on each. */
import { GluewallError } from '../core/errors.ts';
import { counted } from '../core/words.ts';
import { formatInstant } from './instant.ts';

/** A switch as a running gluewall sees it. */
export interface SwitchSight {
  readonly datapathId: string;
  /** `ADDRESS:PORT` of its connection; undefined while it is away. */
  readonly peer: string | undefined;
  readonly role: string;
  /** `in step`: its flows stand. */
  readonly state: 'in step' | 'coming' | 'away';
  /** Since when it is so; undefined where nobody knows. */
  readonly sinceMs: number | undefined;
  readonly flows: SwitchFlows;
  /** The budgets that are configured; those in `flows` are lower once the switch has had no room. */
  readonly configured: { readonly allow: number; readonly drop: number };
  /** Whether verdicts make flows on it. */
  readonly enforces: boolean;
  /** Packet_ins of it that wait for their turn. */
  readonly waiting: number;
  /** OpenFlow numbers by name. */
  readonly ports: ReadonlyMap<string, number>;
  readonly outsidePorts: readonly number[];
  /** Of the configuration, by name or number. */
  readonly wantedOutsidePorts: readonly (string | number)[];
  readonly hasMeters: boolean;
  readonly hasBundles: boolean;
  /** Since it connected. */
  readonly copiesDropped: number;
  readonly asksDropped: number;
  readonly malformed: number;
  readonly errors: number;
  /** Verdicts that found no room for a flow, since gluewall knows the switch. */
  readonly unroomed: number;
}

export interface SwitchFlows {
  readonly allow: number;
  readonly drop: number;
  readonly allowBudget: number;
  readonly dropBudget: number;
}

export interface SwitchCheck {
  readonly is: 'good' | 'warning' | 'bad';
  readonly what: string;
  readonly remedy: string | null;
}

export interface SwitchView {
  readonly datapathId: string;
  readonly address: string | null;
  readonly port: number | null;
  readonly role: string;
  readonly state: SwitchSight['state'];
  readonly since: string | null;
  readonly flows: SwitchFlows;
  readonly waiting: number;
  readonly ports: readonly { readonly name: string; readonly number: number; readonly isOutside: boolean }[];
  /** The worst first. */
  readonly checks: readonly SwitchCheck[];
}

/** From this share of a budget on it is worth saying. */
const NEAR_BUDGET = 0.8;
const ORDER: readonly SwitchCheck['is'][] = ['bad', 'warning', 'good'];

/** Those that are connected first, then those that are away. Throws GluewallError `not-running` where there are none to ask. */
export async function* listSwitches(
  sights: (() => readonly SwitchSight[]) | undefined,
): AsyncGenerator<SwitchView, void> {
  if (sights === undefined) {
    throw new GluewallError('not-running', 'switches connect to a gluewall that runs: start it with `gluewall run`');
  }
  const states: readonly SwitchSight['state'][] = ['in step', 'coming', 'away'];
  const all = [...sights()].sort((one, other) => states.indexOf(one.state) - states.indexOf(other.state));
  for (const sight of all) yield viewSwitch(sight);
}

function viewSwitch(sight: SwitchSight): SwitchView {
  const { datapathId, peer, role, state, sinceMs, flows, waiting, ports, outsidePorts } = sight;
  const at = peer === undefined ? -1 : peer.lastIndexOf(':');
  return {
    datapathId,
    address: peer === undefined || at < 0 ? null : peer.slice(0, at),
    port: peer === undefined || at < 0 ? null : Number(peer.slice(at + 1)),
    role,
    state,
    since: sinceMs === undefined ? null : formatInstant(sinceMs),
    flows,
    waiting,
    ports: [...ports]
      .map(([name, number]) => ({ name, number, isOutside: outsidePorts.includes(number) }))
      .sort((one, other) => one.number - other.number),
    checks: checksOf(sight).sort((one, other) => ORDER.indexOf(one.is) - ORDER.indexOf(other.is)),
  };
}

const good = (what: string): SwitchCheck => ({ is: 'good', what, remedy: null });
const warning = (what: string, remedy: string): SwitchCheck => ({ is: 'warning', what, remedy });
const bad = (what: string, remedy: string): SwitchCheck => ({ is: 'bad', what, remedy });

function checksOf(sight: SwitchSight): SwitchCheck[] {
  if (sight.state === 'away') {
    const what = 'the switch is away: its flows stand until they expire, and nobody answers what it asks';
    return [
      bad(what, 'look there: ovs-vsctl show says whether the controller is connected; `gluewall doctor` says more'),
    ];
  }
  return [inStep(sight), outside(sight), ...budgets(sight), ...losses(sight), meters(sight), bundles(sight)];
}

function inStep({ state, role }: SwitchSight): SwitchCheck {
  if (role === 'slave') return warning('another controller is master of the switch', 'end that one, or this one');
  if (state === 'in step') return good('its flows are as they should be');
  return warning('its flows are being brought in step', 'wait; where it stays so, the log says why');
}

function outside({ ports, outsidePorts, wantedOutsidePorts }: SwitchSight): SwitchCheck {
  const wanted = wantedOutsidePorts.join(', ');
  if (wantedOutsidePorts.length === 0) {
    const what = 'outside.ports is empty: what comes in by the uplink is taken for a query of a client';
    return warning(what, 'name the ports towards the Internet in outside.ports');
  }
  const numbers = [...ports.values()];
  if (outsidePorts.some((number) => numbers.includes(number))) return good(`outside ports: ${wanted}`);
  const offered = [...ports.keys()].join(', ');
  const what = `no outside port: outside.ports says ${wanted}, the switch has ${offered || 'none'}`;
  return bad(what, 'correct outside.ports, or add the port: ovs-vsctl add-port');
}

function budgets({ flows, configured, enforces, unroomed }: SwitchSight): SwitchCheck[] {
  if (!enforces) return [good('nothing is enforced on it: verdicts make no flows')];
  const { allow, drop, allowBudget, dropBudget } = flows;
  const full =
    allowBudget < configured.allow || dropBudget < configured.drop
      ? [
          bad(
            'the switch has had no room for more flows',
            'raise its limit (ovs-vsctl flow_table), or lower allow_flow.total and drop_flow.total',
          ),
        ]
      : [];
  const near = (kind: string, count: number, budget: number) => {
    const what = `${counted(count, `${kind} flow`)} of at most ${budget}`;
    return count < budget * NEAR_BUDGET
      ? good(what)
      : warning(what, `raise ${kind}_flow.total, where the switch has room`);
  };
  const missed =
    unroomed > 0
      ? [
          warning(
            `${counted(unroomed, 'verdict')} found no room for a flow: those queries ask again each time`,
            'raise allow_flow.total or drop_flow.total',
          ),
        ]
      : [];
  return [...full, near('allow', allow, allowBudget), near('drop', drop, dropBudget), ...missed];
}

function losses({ copiesDropped, asksDropped, malformed, errors }: SwitchSight): SwitchCheck[] {
  return [
    ...(asksDropped > 0
      ? [
          warning(
            `${asksDropped} questions of the switch were dropped by its meter`,
            'raise ask.rate, where this machine keeps up',
          ),
        ]
      : []),
    ...(copiesDropped > 0
      ? [
          warning(
            `${copiesDropped} copies were dropped for their number: some events are not told`,
            'raise copy.observed_rate or copy.blocked_rate',
          ),
        ]
      : []),
    ...(errors > 0 ? [warning(`the switch refused ${counted(errors, 'message')}`, 'the log says which, and why')] : []),
    ...(malformed > 0
      ? [warning(`${counted(malformed, 'message')} of the switch could not be read`, 'the log says why')]
      : []),
  ];
}

function meters({ hasMeters }: SwitchSight): SwitchCheck {
  if (hasMeters) return good('its meters hold back floods');
  return warning(
    'it has no meters: floods are held back by ask.waiting alone',
    'Open vSwitch has them from Linux 4.15 on',
  );
}

function bundles({ hasBundles }: SwitchSight): SwitchCheck {
  if (hasBundles) return good('changes of its flows take effect at once');
  return warning('it has no bundles: changes of its flows take effect one by one', 'Open vSwitch has them from 2.4 on');
}
