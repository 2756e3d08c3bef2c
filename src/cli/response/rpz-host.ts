import type { Config } from '../../config/schema.ts';
import { type Clock, every } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { FindingBook } from '../../findings/finding-book.ts';
import type { RpzFigures } from '../../metrics/metric-sources.ts';
import type { NsHistory } from '../../nsdb/ns-history.ts';
import type { PolicyBook } from '../../policy/policy-book.ts';
import { AxfrServer } from '../../rpz/axfr-server.ts';
import { Notifier } from '../../rpz/notifier.ts';
import { Protection } from '../../rpz/protection.ts';
import { readTsigSecret, type TsigKey } from '../../rpz/tsig-key.ts';
import { RpzZone, type ZoneState } from '../../rpz/zone.ts';
import { serialOfFile, ZoneFile } from '../../rpz/zone-file.ts';
import { historyServers } from './history-servers.ts';
import { protectedThings } from './protected-things.ts';
import { isOfServer, wantedEntries } from './wanted-entries.ts';

type RpzConfig = NonNullable<Config['response']['rpz']>;

export interface RpzHostParts {
  readonly findings: Pick<FindingBook, 'list' | 'subscribe'>;
  readonly policies: PolicyBook;
  readonly history: NsHistory;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the findings of earlier runs are known; until then the zone of the run before stays. */
  readonly isReady: () => boolean;
}

/** Entries end, and what the history knows changes, without anybody's saying so. */
const REVIEW_MS = 10_000;
const WAITS = 'the store is not read yet: resolvers keep the zone that they have';
/** What changes many times in a row is looked at once. */
const SOON_MS = 200;

/** Keeps the Response Policy Zone as findings, rules and the history have it, and gives it to the resolvers. */
export class RpzHost {
  readonly #parts: RpzHostParts;
  readonly #servers: ReturnType<typeof historyServers>;
  readonly #file: ZoneFile;
  readonly #server: AxfrServer | undefined;
  readonly #notifier: Notifier | undefined;
  #zone: RpzZone;
  #isMade = false;
  #config: Config;
  #rpz: RpzConfig;
  #protection: Protection | undefined;
  #cancelSoon: (() => void) | undefined;
  #cancelReview: (() => void) | undefined;

  /** Throws GluewallError `tsig-key`. */
  constructor(config: Config, rpz: RpzConfig, parts: RpzHostParts) {
    const { clock, log } = parts;
    this.#config = config;
    this.#rpz = rpz;
    this.#parts = parts;
    this.#servers = historyServers(parts.history);
    this.#zone = new RpzZone(rpz.zone, undefined);
    const { file, reload, listen, notify, unsigned } = rpz;
    const key = keyOf(rpz);
    this.#file = new ZoneFile({ path: file, reload }, clock, log);
    if (listen === undefined) return;
    const options = { listen, key, unsignedOnLoopback: unsigned === 'loopback' };
    this.#server = new AxfrServer(options, () => (this.#isMade ? this.#zone.state : undefined), clock, log);
    this.#notifier = new Notifier(notify, listen.host, key, clock, log);
  }

  /** Resolves with the port of the listener; undefined where there is none. Rejects with GluewallError `rpz-listen`. */
  async start(): Promise<number | undefined> {
    const { zone, file } = this.#rpz;
    const { policies, findings, clock } = this.#parts;
    this.#zone = new RpzZone(zone, await serialOfFile(file, zone));
    policies.subscribe(() => this.#changed());
    findings.subscribe(({ finding }) => {
      if (isOfServer(finding)) this.#soon();
    });
    this.review();
    this.#cancelReview = every(clock, REVIEW_MS, () => {
      this.#protection = undefined;
      this.review();
    });
    return this.#server?.start();
  }

  configure(config: Config): void {
    this.#config = config;
    this.#rpz = config.response.rpz ?? this.#rpz;
    this.#changed();
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    this.#cancelSoon?.();
    this.#cancelReview?.();
    this.#notifier?.stop();
    await this.#server?.stop();
    await this.#file.stop();
  }

  /** The zone as it is now: what is protected by now is not in it. */
  get state(): ZoneState {
    this.review();
    return this.#zone.state;
  }

  get figures(): RpzFigures {
    const { serial, entries, leftOut } = this.#zone.state;
    const notified = this.#notifier?.figures;
    const written = this.#file.figures;
    return {
      serial,
      entries: entries.length,
      leftOut: leftOut.length,
      requests: Object.entries(this.#server?.counters.snapshot() ?? {}),
      notifies: notified?.sent ?? 0,
      notifiesUnanswered: notified?.unanswered ?? 0,
      problem: this.#isMade ? written.problem : WAITS,
      failures: written.failures,
    };
  }

  /** Makes the zone anew, and gives it out when it is another one. */
  review(): void {
    this.#cancelSoon?.();
    this.#cancelSoon = undefined;
    const { findings, clock, log, isReady } = this.#parts;
    if (!isReady()) return;
    this.#isMade = true;
    const { rules } = this.#config.response;
    const nowMs = clock.nowMs();
    const found = findings.list().filter(isOfServer);
    const wanted = wantedEntries(found, { rpz: this.#rpz, rules }, this.#servers, nowMs);
    if (!this.#zone.update(wanted, this.#protected(), this.#servers, nowMs)) return;
    const { serial, entries, leftOut } = this.#zone.state;
    const counts = { serial, entries: entries.length, leftOut: leftOut.length };
    log.info(counts, `response.rpz: serial ${serial}, ${entries.length} entries, ${leftOut.length} left out`);
    this.#file.put(this.#zone.state);
    this.#notifier?.notify(this.#zone.state);
  }

  #protected(): Protection {
    const { policies } = this.#parts;
    const rules = Array.from(policies.rules.all(), ({ rule }) => rule);
    this.#protection ??= new Protection(protectedThings(this.#config, rules, policies.packs, this.#servers));
    return this.#protection;
  }

  #changed(): void {
    this.#protection = undefined;
    this.#soon();
  }

  #soon(): void {
    this.#cancelSoon ??= this.#parts.clock.after(SOON_MS, () => this.review());
  }
}

function keyOf({ tsig }: RpzConfig): TsigKey | undefined {
  if (tsig === undefined) return undefined;
  return { name: tsig.name, algorithm: tsig.algorithm, secret: readTsigSecret(tsig.secret_file) };
}
