import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import type { Clock } from '../core/clock.ts';
import { formatHostPort } from '../core/host-port.ts';
import type { Log } from '../core/log.ts';
import { HEADER_FLAG, HEADER_OCTETS } from '../dns/message.ts';
import { RCODE } from '../dns/registry.ts';
import { signRequest } from './tsig.ts';
import type { TsigKey } from './tsig-key.ts';
import type { ZoneState } from './zone.ts';
import { composeNotify } from './zone-messages.ts';

interface Place {
  readonly host: string;
  readonly port: number;
}

/** Waits before another try (RFC 1996 §3.6); after the last the secondary finds out by itself, by the refresh time of the SOA. */
const RETRY_MS = [1000, 5000, 15_000, 60_000];

/** Tells secondaries that there is a new serial, from the address that they know their primary by. */
export class Notifier {
  readonly #places: readonly Place[];
  readonly #from: string;
  readonly #key: TsigKey | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  #ends: (() => void)[] = [];
  #sent = 0;
  #unanswered = 0;

  /** `from`: the address of the listener. */
  constructor(places: readonly Place[], from: string, key: TsigKey | undefined, clock: Clock, log: Log) {
    this.#places = places;
    this.#from = from;
    this.#key = key;
    this.#clock = clock;
    this.#log = log;
  }

  get figures(): { readonly sent: number; readonly unanswered: number } {
    return { sent: this.#sent, unanswered: this.#unanswered };
  }

  /** What was still being told of an older serial is told no more. */
  notify(zone: ZoneState): void {
    this.stop();
    this.#ends = this.#places.map((place) => this.#tell(place, zone));
  }

  stop(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
  }

  /** Tells one, again and again until it answers. The returned function ends it. */
  #tell(place: Place, zone: ZoneState): () => void {
    const id = randomInt(0x10000);
    const socket = createSocket(place.host.includes(':') ? 'udp6' : 'udp4');
    let cancel = () => {};
    let isOver = false;
    let isSigned = this.#key !== undefined;
    const end = () => {
      if (isOver) return;
      isOver = true;
      cancel();
      socket.close();
    };
    const send = (tries: number) => {
      this.#send(socket, place, id, zone, isSigned ? this.#key : undefined);
      cancel = this.#clock.after(RETRY_MS[tries]!, () => {
        if (tries + 1 < RETRY_MS.length) send(tries + 1);
        else {
          this.#gaveUp(place);
          end();
        }
      });
    };
    socket.on('error', (error) => {
      this.#log.warn(
        { error: error.message },
        `response.rpz.notify: ${formatHostPort(place.host, place.port)} is not told`,
      );
      end();
    });
    socket.on('message', (octets, peer) => {
      const rcode = peer.port === place.port ? answerCode(octets, id) : undefined;
      if (rcode === undefined) return;
      // Unbound takes no signature for a NOTIFY, which only says that it is time to ask.
      if (rcode === RCODE.NOERROR || !isSigned) return end();
      isSigned = false;
      this.#send(socket, place, id, zone, undefined);
    });
    const bindTo =
      isAnyAddress(this.#from) || this.#from.includes(':') !== place.host.includes(':') ? undefined : this.#from;
    socket.bind({ port: 0, ...(bindTo === undefined ? {} : { address: bindTo }) }, () => {
      if (!isOver) send(0);
    });
    return end;
  }

  #send(socket: Socket, { host, port }: Place, id: number, zone: ZoneState, key: TsigKey | undefined): void {
    const message = composeNotify(id, zone);
    const octets = key === undefined ? message : signRequest(message, key, this.#clock.nowMs()).message;
    this.#sent++;
    // A failure is one more try that nobody answers.
    socket.send(octets, port, host, () => undefined);
  }

  #gaveUp({ host, port }: Place): void {
    this.#unanswered++;
    const place = formatHostPort(host, port);
    this.#log.warn(
      { secondary: place },
      `response.rpz.notify: ${place} does not answer; it finds the new zone at its next refresh`,
    );
  }
}

/** The response code of an answer to the NOTIFY of this ID; undefined for any other message. Unbound refuses with another opcode. */
function answerCode(octets: Buffer, id: number): number | undefined {
  if (octets.length < HEADER_OCTETS || octets.readUInt16BE(0) !== id) return undefined;
  const flags = octets.readUInt16BE(2);
  return (flags & HEADER_FLAG.QR) === 0 ? undefined : flags & 0xf;
}

function isAnyAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
