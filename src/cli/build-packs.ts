/** The packs and threat lists of a configuration. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { readListInThread } from '../packs/list-reader.ts';
import { PackBook, type PackSettings } from '../packs/pack-book.ts';
import { storeFile } from './open-store.ts';

/** Beside the sources, and two folders up from what is compiled from them. */
const BUNDLED_FOLDERS = ['../../packs', '../../../packs'];

export function buildPackBook(config: Config, clock: Clock, log: Log): PackBook {
  return new PackBook(clock, log, packSettings(config), readListInThread(clock));
}

export function packSettings(config: Config): PackSettings {
  const { packs, lists, trusted_resolvers, inside } = config;
  const folders = BUNDLED_FOLDERS.map((folder) => join(import.meta.dirname, folder));
  return {
    bundledFolder: folders.find((folder) => existsSync(folder)) ?? folders[0]!,
    ownFolder: packs.folder,
    stateFolder: packs.state ?? join(dirname(storeFile(config)), 'lists'),
    lists: lists.map((list) => ({
      name: list.name,
      from: list.from,
      format: list.format,
      refreshMs: list.refresh,
      isBroad: list.broad,
      caFile: list.ca_file,
      authorizationFile: list.authorization_file,
    })),
    limits: {
      maxBytes: packs.bytes,
      maxEntries: packs.entries,
      maxBadPercent: packs.bad_percent,
      leastPercent: packs.least_percent,
      timeMs: packs.time,
    },
    guard: { trustedResolvers: trusted_resolvers, insideNetworks: inside.networks },
  };
}
