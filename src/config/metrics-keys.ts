/** The keys below `metrics`. */
import { z } from 'zod';
import { facts, listenAddress } from './fields.ts';

export const metricsKeys = z
  .strictObject({
    listen: listenAddress
      .optional()
      .describe(
        'Where Prometheus gets the metrics, at /metrics, such as 127.0.0.1:9653: plain HTTP, and whoever reaches it may read them',
      )
      .meta(facts('host:port', 'none: there is no listener', 'one address')),
  })
  .prefault({});
