/** The thread that reads a configuration: a long one takes longer than a packet may wait. */
import { parentPort, workerData } from 'node:worker_threads';
import { ConfigError } from '../config/config-error.ts';
import { configHash } from '../config/config-hash.ts';
import { loadConfigWithWarnings } from '../config/load.ts';
import type { ConfigReply } from './read-config-aside.ts';

function read(file: string): ConfigReply {
  try {
    const read = loadConfigWithWarnings(file);
    return { ok: true, ...read, hash: configHash(read.config) };
  } catch (error) {
    const { message } = error as Error;
    return { ok: false, message, mistakes: error instanceof ConfigError ? error.mistakes : [] };
  }
}

parentPort!.postMessage(read(String(workerData)));
