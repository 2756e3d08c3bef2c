/** The thread that reads a configuration: a long one takes longer than a packet may wait. */
import { parentPort, workerData } from 'node:worker_threads';
import { ConfigError } from '../config/config-error.ts';
import { configHash } from '../config/config-hash.ts';
import { configDifference } from '../config/difference.ts';
import { loadConfigWithWarnings } from '../config/load.ts';
import type { ConfigReply, ReadConfigOrder } from './read-config-aside.ts';

function read({ file, before }: ReadConfigOrder): ConfigReply {
  try {
    const read = loadConfigWithWarnings(file);
    const { config } = read;
    return { ok: true, ...read, hash: configHash(config), differences: configDifference(before, config) };
  } catch (error) {
    const { message } = error as Error;
    return { ok: false, message, mistakes: error instanceof ConfigError ? error.mistakes : [] };
  }
}

parentPort!.postMessage(read(workerData as ReadConfigOrder));
