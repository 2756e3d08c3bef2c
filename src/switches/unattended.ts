/** Priming and releasing are for bridges that no controller attends to: here that is made sure of. */
import { readOwnFlows } from '../controller/switch-state.ts';
import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { readBridgeRow } from './bridge-facts.ts';
import type { BridgePlace } from './bridge-place.ts';
import { ManagementConnection } from './management-connection.ts';
import { type PrimeResult, type PrimeSettings, primeBridge } from './prime-bridge.ts';
import { type ReleaseResult, releaseBridge } from './release-bridge.ts';

/** What Open vSwitch says of a controller's connection in its database is up to five seconds old. */
const STATUS_AGE_MS = 6000;
const RETRY_MS = 250;

export interface PrimeOptions {
  /** Do it although a controller is connected. */
  readonly force: boolean;
  /** How long to wait for a bridge that is not there yet. */
  readonly waitMs: number;
}

export type PrimeOutcome =
  | (PrimeResult & {
      readonly bridge: string;
      readonly outcome: 'primed';
      /** Sentences on what may not be as meant. */
      readonly warnings: readonly string[];
    })
  | {
      readonly bridge: string;
      /** A controller is connected, and our flows stand: nothing was changed. */
      readonly outcome: 'attended';
      readonly controller: string;
      readonly flows: number;
    };

export interface ReleaseOutcome extends ReleaseResult {
  readonly bridge: string;
  readonly outcome: 'released';
  /** The controllers the bridge is still to connect to. */
  readonly controllers: readonly string[];
}

/**
 * Primes a bridge as `primeBridge` does; one whose controller keeps flows of ours there is left to it. Rejects with
 * GluewallError `switch-controlled` when a controller is connected that does not, unless `force` is set, and as
 * ManagementConnection.open and `primeBridge` do.
 */
export async function primeUnattended(
  place: BridgePlace,
  settings: PrimeSettings,
  options: PrimeOptions,
  clock: Clock,
): Promise<PrimeOutcome> {
  const { bridge } = place;
  const connection = await openWithin(place, options.waitMs, clock);
  try {
    const controller = options.force ? undefined : await connectedController(place, clock);
    if (controller === undefined) {
      const result = await primeBridge(connection, settings);
      return { bridge, outcome: 'primed', ...result, warnings: await primeWarnings(place, settings, result) };
    }
    const flows = await readOwnFlows(connection.conversation);
    if (flows.length === 0) throw attended(bridge, controller, 'and it has put no flow of gluewall there');
    return { bridge, outcome: 'attended', controller, flows: flows.length };
  } finally {
    connection.close();
  }
}

/**
 * Releases a bridge as `releaseBridge` does. Rejects with GluewallError `switch-controlled` when a controller is
 * connected and `force` is not set, and as ManagementConnection.open and `releaseBridge` do.
 */
export async function releaseUnattended(place: BridgePlace, force: boolean, clock: Clock): Promise<ReleaseOutcome> {
  const { bridge } = place;
  const connection = await ManagementConnection.open(place, clock);
  try {
    const controller = force ? undefined : await connectedController(place, clock);
    if (controller !== undefined) throw attended(bridge, controller, 'which would put its flows back');
    const result = await releaseBridge(connection);
    const database = await readBridgeRow(place);
    const controllers = database.ok ? (database.row?.controllers ?? []) : [];
    return { bridge, outcome: 'released', ...result, controllers: controllers.map(({ target }) => target) };
  } finally {
    connection.close();
  }
}

async function openWithin(place: BridgePlace, waitMs: number, clock: Clock): Promise<ManagementConnection> {
  const deadlineMs = clock.nowMs() + waitMs;
  for (;;) {
    try {
      return await ManagementConnection.open(place, clock);
    } catch (error) {
      const mayCome = error instanceof GluewallError && error.code === 'switch-unreachable';
      if (!mayCome || clock.nowMs() >= deadlineMs) throw error;
      await pause(RETRY_MS);
    }
  }
}

/** The target of a controller that still counts as connected after what is said of it has been renewed. */
async function connectedController(place: BridgePlace, clock: Clock): Promise<string | undefined> {
  const deadlineMs = clock.nowMs() + STATUS_AGE_MS;
  for (;;) {
    const database = await readBridgeRow(place);
    const connected = database.ok ? database.row?.controllers.find(({ isConnected }) => isConnected) : undefined;
    if (connected === undefined || clock.nowMs() >= deadlineMs) return connected?.target;
    await pause(RETRY_MS);
  }
}

function attended(bridge: string, controller: string, why: string): GluewallError {
  const message = `bridge ${bridge}: its controller ${controller} is connected, ${why}; nothing was changed`;
  return new GluewallError('switch-controlled', `${message}. Stop it first, or say --force`);
}

/** On the machine's own timer, which keeps the process alive. */
function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

async function primeWarnings(place: BridgePlace, settings: PrimeSettings, result: PrimeResult): Promise<string[]> {
  const warnings: string[] = [];
  const { bridge } = place;
  const database = await readBridgeRow(place);
  if (!database.ok) {
    warnings.push(`fail mode and controller are not known: ${database.problem}`);
  } else if (database.row !== undefined && database.row.failMode !== 'secure') {
    const remedy = `ovs-vsctl set-fail-mode ${bridge} secure`;
    warnings.push(`fail mode is not secure: the flows stand only until the controller is missed; ${remedy}`);
  }
  if (settings.groupsOn(new Map()).length === 0) {
    warnings.push('nothing is judged: inside.networks or outside.ports is empty in the configuration');
  }
  if (result.missingPorts.length > 0 && result.missingPorts.length === settings.outsidePorts.length) {
    warnings.push(`the bridge has no port ${result.missingPorts.join(', ')} of outside.ports`);
  }
  if (!result.showsFragmentPorts) {
    warnings.push('the switch refuses fragment mode nx-match: fragmented queries pass unjudged');
  }
  return warnings;
}
