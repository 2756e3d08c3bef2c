import { existsSync } from 'node:fs';
import { SOCKET_ACTOR } from '../accounts/actor.ts';
import { DEFAULT_CONSOLE } from '../config/console-keys.ts';
import type { Config } from '../config/schema.ts';
import type { Answer } from '../control/answer.ts';
import { performAudited } from '../control/audited.ts';
import { performOnFindings, performOnLog } from '../control/perform.ts';
import {
  type ControlRequest,
  type FindingRequest,
  isFindingRequest,
  isLogRequest,
  isTracebackRequest,
  type LogRequest,
  parseRequest,
} from '../control/protocol.ts';
import { systemClock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import { type Log, silentLog } from '../core/log.ts';
import { FindingBook } from '../findings/finding-book.ts';
import { Enforcement } from '../policy/enforcement.ts';
import { GroupNumbers } from '../policy/group-numbers.ts';
import { findingServices } from '../services/finding-services.ts';
import { logServices } from '../services/log-services.ts';
import { createServices, type Services } from '../services/services.ts';
import { tracebackServices } from '../services/traceback-services.ts';
import { StoreWriter } from '../storage/store-writer.ts';
import { consoleUrl } from './accounts/console-url.ts';
import { buildAccounts } from './build-accounts.ts';
import { buildPackBook } from './build-packs.ts';
import { buildHistory, buildPolicies, enforcementOptions } from './build-parts.ts';
import { loadStore, openStore, storeFile } from './open-store.ts';
import { openRestingLog } from './query-log/resting-log.ts';

const CHANGES: readonly ControlRequest['operation'][] = [
  'history import',
  'rule add',
  'rule change',
  'rule remove',
  'allow remove',
];

/** The store of a gluewall that does not run, asked as the running one would be. */
export class RestingGluewall {
  readonly #config: Config;
  readonly #log: Log;
  #opened: { readonly services: Services; readonly close: () => Promise<void> } | undefined;

  constructor(config: Config, log: Log) {
    this.#config = config;
    this.#log = log;
  }

  /** Throws what opening the store throws, `not-running` for what only a running one knows, and what `perform` throws. */
  async *ask(request: ControlRequest): Answer {
    const parsed = parseRequest(request);
    if (typeof parsed === 'string') throw new GluewallError('bad-request', parsed);
    if (isLogRequest(parsed)) return yield* this.#askLog(parsed);
    const isTrace = parsed.operation === 'findings trace';
    if (isFindingRequest(parsed) && !isTrace) return yield* this.#askFindings(parsed);
    if (isTracebackRequest(parsed) || isTrace)
      throw notRunning('cases are asked of the one that runs (`gluewall node`)');
    this.#opened ??= await this.#open(CHANGES.includes(parsed.operation));
    const line = { actor: SOCKET_ACTOR, request: parsed };
    return yield* performAudited(this.#opened.services, line, new AbortController().signal);
  }

  async *#askLog(request: LogRequest): Answer {
    const { asked, store } = openRestingLog(this.#config);
    try {
      return yield* performOnLog(logServices(asked), request);
    } finally {
      await store.close();
    }
  }

  async *#askFindings(request: FindingRequest): Answer {
    this.#mustBeThere();
    const store = await openStore(this.#config, this.#log);
    const book = new FindingBook({ clock: systemClock, log: this.#log, store });
    try {
      await book.load();
      const signal = new AbortController().signal;
      return yield* performOnFindings(findingServices(book, tracebackServices(undefined)), request, signal);
    } finally {
      await book.stop();
      await store.close();
    }
  }

  /** Throws GluewallError `not-running` where nothing was kept. */
  #mustBeThere(mayBeMade: boolean = false): void {
    const { kind } = this.#config.store;
    if (kind === 'memory') throw notRunning('store.kind is memory, so nothing is kept');
    const file = storeFile(this.#config);
    if (kind === 'sqlite' && !mayBeMade && !existsSync(file))
      throw notRunning(`there is no store ${file} to ask instead`);
  }

  /** Writes out what was changed. Safe twice. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.close();
  }

  async #open(forChange: boolean) {
    const config = this.#config;
    this.#mustBeThere(forChange);
    const clock = systemClock;
    const history = buildHistory(config, clock, this.#log);
    const packs = buildPackBook(config, clock, silentLog);
    await packs.load();
    const policies = buildPolicies(config, clock, history, packs, new GroupNumbers());
    const enforcement = new Enforcement(clock, enforcementOptions(config));
    const store = await openStore(config, this.#log);
    const accounts = buildAccounts(() => config, store, clock, this.#log);
    await loadStore(store, { history, rules: policies.rules, enforcement, accounts }, clock.nowMs());
    const writer = new StoreWriter(clock, this.#log, store, history, {
      flushMs: config.store.flush,
      keepMs: config.history.keep,
    });
    history.subscribe({ changed: () => writer.changed() });
    let isWarmupOver = false;
    const services = createServices({
      clock,
      history,
      policies,
      accounts,
      consoleUrl: () => urlToBe(config.console),
      bypasses: undefined,
      quarantines: undefined,
      switches: () => 0,
      packs,
      reload: undefined,
      store,
      insideNetworks: () => config.inside.networks,
      trustedResolvers: () => config.trusted_resolvers,
      modeOf: (group) => enforcement.modeOf(group),
      flush: () => writer.flush(),
      warmupMs: () => config.warmup,
      tap: undefined,
      endWarmup: () => {
        isWarmupOver = true;
      },
      status: () => {
        throw notRunning('only a running one has figures');
      },
    });
    const close = async () => {
      await writer.stop();
      await accounts.stop();
      const { lostTriples } = writer.figures();
      // Last: a warm-up that is over without its history would block what that history knows.
      if (isWarmupOver && lostTriples === 0) {
        await store.saveWarmup({ learnedForMs: Number.POSITIVE_INFINITY, lastLearnedAtMs: clock.nowMs() });
      }
      await store.close();
      if (lostTriples > 0)
        throw new GluewallError('store-write', `${lostTriples} triples could not be kept: see above`);
    };
    return { services, close };
  }
}

function notRunning(why: string): GluewallError {
  return new GluewallError(
    'not-running',
    `no gluewall answers, and ${why}: start it with \`gluewall run\` (a node without a gate: \`gluewall node\`), or name its file with --config or its socket with --socket`,
  );
}

/** Where browsers will reach the console, as far as the configuration says so. */
function urlToBe(keys: Config['console']): string | undefined {
  const { listen, public_url } = keys;
  if (listen === undefined && public_url === undefined) return undefined;
  return consoleUrl(keys, listen ?? DEFAULT_CONSOLE);
}
