import { startReading } from '../capture/container/capture-reading.ts';
import type { Site } from '../correlation/correlation-options.ts';
import { observationEvents } from '../correlation/events/observation-events.ts';
import type { HostEvent } from '../correlation/host-event.ts';

/** What hosts do in capture files, one after the other. */
export interface HostCaptures {
  /** As CaptureReading; a capture that is damaged further on counts as far as it goes. */
  read(path: string, onProgress?: (bytesRead: number) => void): Promise<void>;
  /** To be called when all are read: resolves with what ended the reading of a file early, one sentence for each. */
  finish(): Promise<readonly string[]>;
  /** Safe twice, and behind `finish`. */
  stop(): Promise<void>;
}

/** Makes ready to read the captures at `paths`; `take` is given what hosts of the site do. */
export function hostCaptures(paths: readonly string[], site: Site, take: (event: HostEvent) => void): HostCaptures {
  const damaged: string[] = [];
  const reading = startReading(paths, (batch) => void observationEvents(batch, 0, site, take), { syns: true });
  return {
    read: async (path, onProgress) => {
      const { damage } = await reading.read(path, onProgress);
      if (damage !== undefined) damaged.push(`${path}: ${damage}`);
    },
    finish: async () => {
      await reading.finish();
      await reading.stop();
      return damaged;
    },
    stop: () => reading.stop(),
  };
}
