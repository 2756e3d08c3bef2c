import {
  areCopiesMetered,
  type BaseSettings,
  baseFlows,
  type GroupSettings,
  generationOf,
} from '../controller/base-flows.ts';
import type { Conversation } from '../controller/conversation.ts';
import { ruleOf, VERDICT_RULES } from '../controller/pipeline.ts';
import { diffFlows } from '../controller/reconcile.ts';
import {
  readHasMeters,
  readIdentity,
  readOwnFlows,
  readPorts,
  setMeters,
  showFragmentPorts,
} from '../controller/switch-state.ts';
import { refusalOf, Transaction } from '../controller/transaction.ts';
import type { FlowStats } from '../openflow/schema/multipart.ts';
import type { ManagementConnection } from './management-connection.ts';

/** What a bridge is primed with; outside ports by name or OpenFlow number, as the configuration has them. */
export interface PrimeSettings extends Omit<BaseSettings, 'groups' | 'outsidePorts' | 'meters'> {
  /** The groups, on a bridge whose port numbers are these, by name. */
  groupsOn(ports: ReadonlyMap<string, number>): readonly GroupSettings[];
  readonly outsidePorts: readonly (string | number)[];
  /** Packets per second by meter id. */
  readonly meterRates: ReadonlyMap<number, number>;
}

export interface PrimeResult {
  /** 16 hexadecimal digits. */
  readonly datapathId: string;
  /** Base flows that stand now. */
  readonly flows: number;
  /** How many flow_mods that took. */
  readonly changed: number;
  /** Flows of earlier verdicts, left to their timeouts. */
  readonly verdictFlows: number;
  readonly hasMeters: boolean;
  /** Whether first fragments show their ports (mode nx-match). */
  readonly showsFragmentPorts: boolean;
  /** Outside ports of the configuration that this bridge does not have. */
  readonly missingPorts: readonly (string | number)[];
}

/** No PACKET_IN for a connection like ours. */
const NO_PACKETS = 0;

/**
 * Puts the base flows on a bridge that has no controller now, so that its traffic flows and `onFailure` holds from this
 * moment: entries that only a controller keeps alive are left out, or taken away. Flows of others, and while queries are
 * judged those of earlier verdicts, stay. A controller that comes later finds the flows in step with its own. Rejects
 * with GluewallError `openflow-request` when the switch refuses something.
 */
export async function primeBridge(connection: ManagementConnection, settings: PrimeSettings): Promise<PrimeResult> {
  const { conversation } = connection;
  const { datapathId } = await readIdentity(conversation);
  const showsFragmentPorts = await showFragmentPorts(conversation, NO_PACKETS);
  const ports = await readPorts(conversation);
  const hasMeters = await standingMeters(conversation, settings.meterRates);
  const outsidePorts = settings.outsidePorts.flatMap((port) =>
    typeof port === 'number' ? [port] : (ports.get(port) ?? []),
  );
  const groups = settings.groupsOn(ports);
  const base = baseFlows({ ...settings, groups, outsidePorts, meters: hasMeters });
  const standing = base.filter(({ hardTimeoutSeconds }) => hardTimeoutSeconds === 0);
  const present = await readOwnFlows(conversation);
  const isAsking = groups.some(({ treatment }) => treatment === 'ask');
  const isKept = ({ cookie }: FlowStats) => isAsking && VERDICT_RULES.includes(ruleOf(cookie));
  const replaceable = present.filter((entry) => !isKept(entry));
  const mods = diffFlows(replaceable, standing, generationOf(base));
  const refusal = refusalOf(await new Transaction(conversation).commit(mods));
  if (refusal !== undefined) throw refusal;
  return {
    datapathId,
    flows: standing.length,
    changed: mods.length,
    verdictFlows: present.length - replaceable.length,
    hasMeters,
    showsFragmentPorts,
    missingPorts: settings.outsidePorts.filter((port) => !isThere(ports, port)),
  };
}

async function standingMeters(conversation: Conversation, rates: ReadonlyMap<number, number>): Promise<boolean> {
  if (!(await readHasMeters(conversation, rates).catch(() => false))) return false;
  return areCopiesMetered(await setMeters(conversation, rates), rates);
}

function isThere(ports: ReadonlyMap<string, number>, port: string | number): boolean {
  return typeof port === 'string' ? ports.has(port) : [...ports.values()].includes(port);
}
