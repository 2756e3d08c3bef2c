/** The switches as `switches` tells of them: those that are connected, and those whose flows are kept in mind. */
import type { Config } from '../config/schema.ts';
import type { OpenFlowController } from '../controller/openflow-controller.ts';
import type { SwitchSession } from '../controller/switch-session.ts';
import type { Firewall } from '../firewall/firewall.ts';
import type { Gate } from '../firewall/gate.ts';
import type { SwitchSight } from '../services/switch-list.ts';
import { outsidePortsOf } from './bridge-settings.ts';

export interface SightParts {
  readonly config: Config;
  readonly controller: Pick<OpenFlowController, 'sessions'>;
  readonly firewall: Firewall;
  /** Since when a switch is as it is, by its datapath id. */
  readonly sinceMs: ReadonlyMap<string, number>;
}

export function switchSights({ config, controller, firewall, sinceMs }: SightParts): readonly SwitchSight[] {
  const sessions = new Map(controller.sessions.map((session) => [session.datapathId, session]));
  const gates = new Map(firewall.gates.map((gate) => [gate.datapathId, gate]));
  const { allow_flow: allow, drop_flow: drop, outside } = config;
  return [...new Set([...sessions.keys(), ...gates.keys()])].map((datapathId) => {
    const session = sessions.get(datapathId);
    return {
      datapathId,
      ...ofSession(session),
      ...ofGate(gates.get(datapathId)),
      sinceMs: sinceMs.get(datapathId),
      configured: { allow: allow.total, drop: drop.total },
      outsidePorts: session === undefined ? [] : outsidePortsOf(config, session.ports),
      wantedOutsidePorts: outside.ports,
    };
  });
}

function ofSession(session: SwitchSession | undefined) {
  if (session === undefined) {
    const nothing = { waiting: 0, copiesDropped: 0, asksDropped: 0, malformed: 0, errors: 0 };
    const away = { peer: undefined, role: 'none', state: 'away', ports: new Map<string, number>() } as const;
    return { ...away, ...nothing, hasMeters: false, hasBundles: false };
  }
  const { peer, role, waiting, ports, hasMeters, hasBundles, limits, counters, isReady } = session;
  return {
    peer,
    role,
    state: isReady ? ('in step' as const) : ('coming' as const),
    waiting,
    ports,
    hasMeters,
    hasBundles,
    copiesDropped: Object.values(limits.copiesDropped).reduce((sum, count) => sum + count, 0),
    asksDropped: limits.asksDropped,
    malformed: counters.get('malformed'),
    errors: counters.get('errors'),
  };
}

function ofGate(gate: Gate | undefined) {
  const { allow = 0, drop = 0 } = gate?.budgets ?? {};
  return {
    flows: {
      allow: gate?.allowFlowCount ?? 0,
      drop: gate?.dropFlowCount ?? 0,
      allowBudget: allow,
      dropBudget: drop,
    },
    enforces: gate?.enforces ?? false,
    unroomed:
      gate === undefined ? 0 : gate.counters.get('allow budget reached') + gate.counters.get('drop budget reached'),
  };
}
