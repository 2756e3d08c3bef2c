import type { Config } from '../config/schema.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { Clients } from '../identity/clients.ts';

/** Who the clients are, as the configuration wants it known; to be started and stopped. */
export function buildClients({ clients, inside }: Config, clock: Clock, log: Log): Clients {
  const options = {
    insideNetworks: inside.networks,
    leases: clients.leases,
    leaseCheckMs: clients.lease_check,
    resolver: clients.resolver,
    resolverTimeoutMs: clients.resolver_timeout,
    queries: clients.queries,
    waiting: clients.waiting,
    nameLifeMs: clients.name_life,
    noNameLifeMs: clients.no_name_life,
    size: clients.size,
    addressesPerDevice: clients.addresses,
    keepMs: clients.keep,
  };
  return new Clients(options, clock, log);
}
