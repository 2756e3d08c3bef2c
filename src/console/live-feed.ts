import { z } from 'zod';
import { resultOf } from '../control/answer.ts';
import { type Clock, every } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Ask } from './ask-room.ts';

/** Twice a second: as often as rows may move while somebody reads. */
const POLL_MS = 500;
/** Rounds from one look at the state of gluewall to the next: 5 s. */
const NOW_ROUNDS = 10;
/** Shorter than what proxies and the server itself take for a dead connection. */
const PING_MS = 15_000;
/** The entries that one frame carries; of more, the count is told and the page loads its list anew. */
const MAX_ENTRIES = 50;
/** Octets that wait for one viewer: more are not kept, he is told that he has lost some. */
const BACKLOG_BYTES = 256 * 1024;
const MAX_PER_USER = 20;
const MAX_VIEWERS = 500;
/** Of which the state `now` is a part. */
const NOW_WINDOW_MS = 60_000;

const changes = z.object({ entries: z.array(z.unknown()), count: z.int(), change: z.int() });
const overview = z.object({ now: z.unknown() });

/** Somebody who watches. */
export interface Viewer {
  readonly user: string;
  /** The secret of his session or token: it ends the stream with the session. */
  readonly secret: string;
  /** The number of the last change that he has seen; undefined: what is there now. */
  readonly after: number | undefined;
  /** Whether his session is still good; rejects when that cannot be said now. */
  check(): Promise<boolean>;
}

interface Stream extends Viewer {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  hasLost: boolean;
  /** He is being told what he has missed; what is new comes after it. */
  isBehind: boolean;
}

/**
 * What happens in the inbox, for all who watch: gluewall is asked once for all of them, and only while there is somebody, and each
 * frame of text/event-stream is made once. Who does not read loses frames, and is told.
 */
export class LiveFeed {
  readonly #ask: Ask;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #streams = new Set<Stream>();
  readonly #encoder = new TextEncoder();
  #cancelTimers: readonly (() => void)[] = [];
  #change: number | undefined;
  #now: Uint8Array | undefined;
  #rounds = 0;
  #isAsking = false;
  #isAway = false;
  #isChecking = false;

  constructor(ask: Ask, clock: Clock, log: Log) {
    this.#ask = ask;
    this.#clock = clock;
    this.#log = log;
  }

  get viewers(): number {
    return this.#streams.size;
  }

  /** The stream of one more viewer. Throws GluewallError `too-many-streams`. */
  open(viewer: Viewer): ReadableStream<Uint8Array> {
    const own = Array.from(this.#streams).filter(({ user }) => user === viewer.user).length;
    if (own >= MAX_PER_USER || this.#streams.size >= MAX_VIEWERS) {
      const whose = own >= MAX_PER_USER ? `${own} pages of ${viewer.user} are` : `${this.#streams.size} pages are`;
      throw new GluewallError('too-many-streams', `${whose} kept up to date already: close some`);
    }
    let stream: Stream | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          stream = { ...viewer, check: () => viewer.check(), controller, hasLost: false, isBehind: false };
          this.#join(stream);
        },
        pull: () => {
          if (stream?.hasLost === true) this.#tellLost(stream);
        },
        cancel: () => {
          if (stream !== undefined) this.#leave(stream);
        },
      },
      { highWaterMark: BACKLOG_BYTES, size: (frame) => frame.byteLength },
    );
  }

  /** Ends the streams of a session or token, at once. */
  end(secret: string): void {
    for (const stream of this.#streams) if (stream.secret === secret) this.#end(stream);
  }

  /** Ends all streams; browsers come again by themselves. Safe twice. */
  stop(): void {
    for (const stream of this.#streams) {
      this.#leave(stream);
      stream.controller.close();
    }
  }

  #join(stream: Stream): void {
    this.#streams.add(stream);
    // So that who connects knows at once that it stands.
    this.#send(stream, this.#comment('gluewall'));
    if (this.#now !== undefined) this.#send(stream, this.#now);
    if (this.#streams.size === 1) this.#begin();
    if (stream.after !== undefined) void this.#catchUp(stream, stream.after);
    else if (this.#change !== undefined) this.#send(stream, this.#standFrame(this.#change));
  }

  #begin(): void {
    this.#rounds = 0;
    this.#cancelTimers = [
      every(this.#clock, POLL_MS, () => void this.#poll()),
      every(this.#clock, PING_MS, () => this.#ping()),
    ];
    void this.#poll();
  }

  #leave(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    for (const cancel of this.#cancelTimers) cancel();
    this.#cancelTimers = [];
    // What is known now is old when somebody comes again.
    this.#change = undefined;
    this.#now = undefined;
  }

  /** One round at a time: a gluewall that is slow to answer is not asked more often for it. */
  async #poll(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      await this.#round();
      this.#isAway = false;
    } catch (error) {
      if (!this.#isAway)
        this.#log.warn({ error: (error as Error).message }, 'pages of the console are not kept up to date');
      this.#isAway = true;
    } finally {
      this.#isAsking = false;
    }
  }

  async #round(): Promise<void> {
    const known = this.#change;
    const told = await this.#changesAfter(known ?? 0, known === undefined ? 0 : MAX_ENTRIES);
    // Everybody left while the answer was on its way.
    if (this.#streams.size === 0) return;
    if (known === undefined) {
      // Where somebody has caught up meanwhile, what came after that is for the next round to tell.
      this.#change ??= told.change;
      this.#publishChange(this.#standFrame(this.#change));
    } else if (told.change !== this.#change) {
      this.#change = told.change;
      this.#publishChange(this.#frame('entries', told, told.change));
    }
    if (this.#rounds++ % NOW_ROUNDS !== 0) return;
    const since = new Date(this.#clock.nowMs() - NOW_WINDOW_MS).toISOString();
    const { now } = overview.parse(await resultOf(this.#ask({ operation: 'overview', since, busiest: 0 }, undefined)));
    this.#now = this.#frame('now', now);
    this.#publish(this.#now);
  }

  async #changesAfter(after: number, limit: number): Promise<z.output<typeof changes>> {
    return changes.parse(await resultOf(this.#ask({ operation: 'inbox changes', after, limit }, undefined)));
  }

  /**
   * What a viewer has missed since he was last connected, in the order of its numbers: what the browser saw last says where it
   * begins anew.
   */
  async #catchUp(stream: Stream, after: number): Promise<void> {
    stream.isBehind = true;
    let change = after;
    try {
      do {
        const missed = await this.#changesAfter(change, MAX_ENTRIES);
        // A store that was set back has fewer changes than he has seen.
        if (missed.change < change) return this.#tellLost(stream);
        this.#send(stream, this.#frame('entries', missed, missed.change));
        change = missed.change;
      } while (this.#streams.has(stream) && change < (this.#change ?? 0));
      if (this.#streams.has(stream)) this.#change ??= change;
    } catch {
      this.#tellLost(stream);
    } finally {
      stream.isBehind = false;
    }
  }

  #ping(): void {
    this.#publish(this.#comment('still here'));
    void this.#checkAll();
  }

  /** One session after the other: those who watch must not take the room of those who ask. */
  async #checkAll(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    const bySecret = new Map(Array.from(this.#streams, (stream) => [stream.secret, stream] as const));
    for (const [secret, { check }] of bySecret) {
      // What cannot be said now is asked again with the next ping.
      const isGood = await check().catch(() => true);
      if (!isGood) this.end(secret);
    }
    this.#isChecking = false;
  }

  #end(stream: Stream): void {
    if (!this.#streams.has(stream)) return;
    this.#leave(stream);
    stream.controller.enqueue(this.#frame('end', {}));
    stream.controller.close();
  }

  #publishChange(frame: Uint8Array): void {
    for (const stream of this.#streams) if (!stream.isBehind) this.#send(stream, frame);
  }

  #publish(frame: Uint8Array): void {
    for (const stream of this.#streams) this.#send(stream, frame);
  }

  #send(stream: Stream, frame: Uint8Array): void {
    if (!this.#streams.has(stream)) return;
    if (stream.hasLost) this.#tellLost(stream);
    else if ((stream.controller.desiredSize ?? 0) > 0) stream.controller.enqueue(frame);
    else stream.hasLost = true;
  }

  /** Once there is room again. */
  #tellLost(stream: Stream): void {
    stream.hasLost = true;
    if (!this.#streams.has(stream) || (stream.controller.desiredSize ?? 0) <= 0) return;
    stream.hasLost = false;
    stream.controller.enqueue(this.#frame('lost', { change: this.#change ?? 0 }, this.#change));
  }

  #frame(event: string, data: unknown, id?: number): Uint8Array {
    const head = id === undefined ? '' : `id: ${id}\n`;
    return this.#encoder.encode(`${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** How things stand, for who has just come. */
  #standFrame(change: number): Uint8Array {
    return this.#frame('entries', { entries: [], count: 0, change }, change);
  }

  #comment(text: string): Uint8Array {
    return this.#encoder.encode(`: ${text}\n\n`);
  }
}
