import { hostname } from 'node:os';
import { CaptureDialer } from '../capture/capture-dialer.ts';
import { type CapturePlace, formatCapturePlace } from '../capture/capture-place.ts';
import { CaptureSender } from '../capture/capture-sender.ts';
import { type CaptureSink, CaptureWork } from '../capture/capture-work.ts';
import { loadPcap } from '../capture/pcap-binding.ts';
import type { CaptureMessage, HelloMessage } from '../capture/protocol.ts';
import { captureInterfaces } from '../config/effective.ts';
import { parseCapturePlace } from '../config/fields.ts';
import type { Config } from '../config/schema.ts';
import { systemClock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { loadTlsSettings } from '../core/tls-settings.ts';
import { configOf } from './ask.ts';
import { EXIT } from './exit-codes.ts';
import { createLogger } from './logger.ts';

/** The status of a process that asks to be started anew; systemd does. */
const WORN_OUT_STATUS = 75;
const LONG_MS = 3_600_000;

export interface CaptureOptions {
  readonly config?: string;
  readonly to?: string;
}

/** `gluewall capture`: a capture for a gluewall that listens, in the foreground, until SIGINT or SIGTERM. */
export async function capture(options: CaptureOptions): Promise<void> {
  const { config } = configOf(options);
  const place = placeOf(options.to, config);
  const interfaces = captureInterfaces(config);
  if (interfaces.length === 0) {
    throw new GluewallError('config', 'no interface to capture on: name one in capture.interfaces or outside.ports');
  }
  const { log, flush } = createLogger(config.log.level);
  const tls = 'path' in place ? undefined : loadTlsSettings(filesOf(config, place), systemClock.nowMs(), 'capture.tls');
  const sender = new CaptureSender(systemClock);
  const end = (code: number) => flush().then(() => process.exit(code));
  const times = { clock: systemClock, wall: { nowMs: () => Date.now() } };
  const { direction, syns } = config.capture;
  const order = { interfaces, direction, insideNetworks: config.inside.networks, syns };
  const work = new CaptureWork(
    loadPcap(),
    { kind: 'capture', ...order },
    loggedSink(sender, interfaces, log),
    times,
    () => end(WORN_OUT_STATUS),
  );
  const hello: HelloMessage = { kind: 'hello', name: hostname(), interfaces };
  const dialer = new CaptureDialer(place, tls, systemClock, log, (socket) => {
    sender.use(socket);
    if (socket === undefined) return;
    sender.message(hello);
    work.sayAll();
  });
  work.start();
  dialer.start();
  // While neither an interface nor the connection is open, nothing else keeps the process alive.
  setInterval(() => {}, LONG_MS);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'the capture ends');
      dialer.stop();
      end(EXIT.done);
    });
  }
}

function placeOf(to: string | undefined, config: Config): CapturePlace {
  if (to === undefined) {
    const { listen } = config.capture;
    if (listen !== undefined) return listen;
    throw new GluewallError('capture-target', 'where to? set capture.listen, for gluewall run too, or give --to');
  }
  const place = parseCapturePlace(to);
  if (place !== undefined) return place;
  throw new GluewallError('capture-target', `--to ${to}: want the path of a unix socket, or HOST:PORT`);
}

function filesOf({ capture }: Config, place: CapturePlace) {
  if (capture.tls !== undefined) return capture.tls;
  throw new GluewallError('capture-target', `${formatCapturePlace(place)} is reached by TLS: set capture.tls`);
}

/** Tells the log of this process what it tells the other. */
function loggedSink(sender: CaptureSender, interfaces: readonly string[], log: Log): CaptureSink {
  return {
    batch: (batch) => sender.batch(batch),
    message(message: CaptureMessage) {
      sender.message(message);
      if (message.kind === 'ready') log.info({}, `capturing DNS on ${interfaces.join(', ')}`);
      if (message.kind === 'problem') {
        log.warn({}, `cannot capture on ${message.interface}: ${message.reason}; ${message.remedy}`);
      }
    },
    get dropped() {
      return sender.dropped;
    },
  };
}
