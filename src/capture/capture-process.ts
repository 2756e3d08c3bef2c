/**
 * The capture process: the only one that loads libpcap and needs CAP_NET_RAW. `LiveCapture` forks it and gives it its
 * order over the IPC channel; it ends when its parent goes.
 */
import { CaptureChild, type SendMessage } from './capture-child.ts';
import { loadPcap } from './pcap-binding.ts';
import type { CaptureOrder } from './protocol.ts';

/** The status of a process that asks to be started anew. */
const WORN_OUT_STATUS = 75;

const send: SendMessage = (message, sent) => {
  // Once the parent is gone, the write fails; `disconnect` then ends the process.
  process.send?.(message, undefined, {}, () => sent?.());
};

process.on('disconnect', () => process.exit(0));
// An interrupt at the terminal reaches the whole process group; the parent decides when capturing ends.
process.on('SIGINT', () => {});
process.once('message', (order: CaptureOrder) => {
  new CaptureChild(loadPcap(), order, send, () => process.exit(WORN_OUT_STATUS)).start();
});
