import { z } from 'zod';
import { duration, facts, neededPath, serverAddress, whole } from './fields.ts';

/** The keys of `clients`: who the clients are, and where their names come from. */
export const clientKeys = z
  .strictObject({
    leases: z
      .array(neededPath)
      .max(16)
      .default([])
      .describe(
        'Lease files of DHCP servers on this machine (dnsmasq, ISC dhcpd, Kea), relative to this file; they are read again when they change, and of two that lease one address the first counts',
      )
      .meta(facts('paths', 'none', '16 files')),
    lease_check: duration('How often lease files are looked at, beside being told of changes by the system', {
      default: '10s',
      min: '1s',
      max: '1h',
    }),
    resolver: serverAddress
      .optional()
      .describe('The resolver of the site that is asked for the names of clients in the reverse zone')
      .meta(facts('address:port', 'none: nobody is asked', 'one address')),
    resolver_timeout: duration('How long a question waits for the resolver, each of two tries', {
      default: '2s',
      min: '100ms',
      max: '30s',
    }),
    queries: whole('Questions to the resolver under way at once', 'questions', { default: 8, min: 1, max: 256 }),
    waiting: whole(
      'Clients whose names wait to be asked for; beyond it they are asked for when they come up again',
      'clients',
      {
        default: 1024,
        min: 1,
        max: 65536,
      },
    ),
    name_life: duration('How long a name of the reverse zone counts', { default: '1h', min: '1m', max: '7d' }),
    no_name_life: duration('How long it counts that a client has no name there, or that nobody answered', {
      default: '10m',
      min: '10s',
      max: '1d',
    }),
    size: whole(
      'Addresses of clients held, leases of each file, and names; the address seen longest ago makes room',
      'addresses',
      { default: 65536, min: 16, max: 1_000_000 },
    ),
    addresses: whole(
      'Addresses of one device; a MAC address with more of them within an hour is that of a router, and each stands alone',
      'addresses',
      { default: 32, min: 2, max: 4096 },
    ),
    keep: duration('How long an address from which nothing comes is remembered', {
      default: '7d',
      min: '1m',
      max: '365d',
    }),
  })
  .prefault({});
