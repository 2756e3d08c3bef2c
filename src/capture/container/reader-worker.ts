/** The thread of a CaptureReaderThread: reads the captures it is told of one after the other, and ends after `finish`. */
import { parentPort, workerData } from 'node:worker_threads';
import { GluewallError } from '../../core/errors.ts';
import { CaptureReader } from './capture-reader.ts';
import { openCaptureSource } from './capture-source.ts';
import type { ReaderOrder, ReaderReport, ReaderTask } from './reader-protocol.ts';

/** Batches that are on their way or being read; the reading of a file pauses at so many. */
const MAX_IN_FLIGHT = 8;

const port = parentPort;
if (port === null) throw new Error('this file is run as a thread by capture-reader-thread.ts');
const send = (report: ReaderReport) => port.postMessage(report);

let inFlight = 0;
let goOn = () => {};
const { syns } = workerData as ReaderTask;
const onBatch = (batch: Uint8Array) => {
  inFlight++;
  send({ kind: 'batch', batch });
};
const reader = new CaptureReader(onBatch, { isShared: true, syns });

async function onChunk(bytesRead: number): Promise<void> {
  send({ kind: 'progress', bytesRead });
  while (inFlight >= MAX_IN_FLIGHT) {
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
  }
}

async function read(path: string): Promise<void> {
  try {
    send({ kind: 'read', summary: await reader.read(await openCaptureSource(path), onChunk) });
  } catch (cause) {
    if (!(cause instanceof GluewallError)) throw cause;
    send({ kind: 'refused', code: cause.code, message: cause.message });
  }
}

port.on('message', (order: ReaderOrder) => {
  switch (order.kind) {
    case 'read':
      void read(order.path);
      return;
    case 'finish':
      reader.finish();
      send({ kind: 'finished', totals: reader.totals });
      return;
    default:
      inFlight--;
      reader.takeBack(order.memory);
      goOn();
  }
});
