import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { EveFile } from '../events/eve-file.ts';
import { EventFeed } from '../events/event-feed.ts';
import { EventTap } from '../events/event-tap.ts';
import type { VerdictEvent } from '../events/verdict-event.ts';
import type { FindingNews } from '../findings/finding-book.ts';
import type { Clients } from '../identity/clients.ts';
import type { StoreWriter } from '../storage/store-writer.ts';
import type { Behaviour } from './behaviour/behaviour.ts';
import { logVerdict } from './log-verdict.ts';
import type { QueryLog } from './query-log/query-log.ts';

const EVENT_BACKLOG = 8192;
const EVENT_ROUND_MS = 20;
/** Events that wait for one who follows them. */
const FOLLOWER_BACKLOG = 8192;

/** Who is told of each verdict event, and who the clients in them are. */
export interface EventDeskParts {
  readonly clients: Clients;
  readonly writer: StoreWriter;
  readonly queryLog: QueryLog | undefined;
  readonly behaviour: Behaviour | undefined;
  readonly eve: EveFile<VerdictEvent | FindingNews> | undefined;
}

/** Where the verdict events of the firewall go: `feed` takes them up behind the walk, `tap` is for those who follow them. */
export class EventDesk {
  readonly feed: EventFeed<VerdictEvent>;
  readonly tap = new EventTap<VerdictEvent>(FOLLOWER_BACKLOG);
  readonly #log: Log;
  readonly #parts: EventDeskParts;

  /** `rate`: events a second. */
  constructor(rate: number, parts: EventDeskParts, clock: Clock, log: Log) {
    this.#parts = parts;
    this.#log = log;
    const perRound = Math.ceil((rate * EVENT_ROUND_MS) / 1000);
    const pace = { size: EVENT_BACKLOG, perRound, roundMs: EVENT_ROUND_MS };
    this.feed = new EventFeed(clock, pace, (event) => this.#publish(event));
  }

  #publish(told: VerdictEvent): void {
    const { clients, writer, queryLog, behaviour, eve } = this.#parts;
    const clientName = clients.describe(told.client)?.name;
    clients.cameUp(told.client);
    const event = clientName === undefined ? told : { ...told, clientName };
    logVerdict(this.#log, event);
    writer.eventHappened(event);
    queryLog?.takeEvent(event);
    behaviour?.takeEvent(event);
    this.tap.push(event);
    eve?.push(event);
  }
}
