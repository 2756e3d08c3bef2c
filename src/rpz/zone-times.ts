/**
 * What the SOA tells secondaries, and how long resolvers keep what they read. Short, since what is taken out must be gone soon; the
 * expiry is that of a site whose gluewall is away for a week.
 */
export const ZONE_TIMES = {
  ttlSeconds: 60,
  refreshSeconds: 300,
  retrySeconds: 60,
  expireSeconds: 604_800,
  minimumSeconds: 60,
} as const;
