import { z } from 'zod';
import { facts, listenAddress, neededPath, switchTarget, whole } from './fields.ts';

/** The keys under `openflow`: where switches connect, by what, and what they copy. */
export const openflowKeys = z
  .strictObject({
    listen: listenAddress
      .prefault('127.0.0.1:6653')
      .describe('Where switches connect')
      .meta(facts('host:port', '127.0.0.1:6653', 'one address')),
    connect: z
      .array(switchTarget)
      .max(256)
      .default([])
      .describe(
        'Switches that listen themselves (`ptcp:` or `pssl:` in Open vSwitch) and are connected to: `tcp:HOST:PORT`, or `ssl:HOST:PORT` with TLS; without a port 6653',
      )
      .meta(facts('switches', 'none', '256 switches, within openflow.switches')),
    plain: z
      .enum(['loopback', 'anywhere'])
      .default('loopback')
      .describe(
        'Where OpenFlow may go without TLS, neither authenticated nor encrypted; anywhere only where nobody but the switches reaches gluewall',
      )
      .meta(facts('word', 'loopback', 'loopback, anywhere')),
    tls: z
      .strictObject({
        key: neededPath
          .describe('Private key in PEM, mode 0600, relative to this file; with it switches can connect by TLS alone')
          .meta(facts('path', 'plain TCP', '4095 characters')),
        certificate: neededPath
          .describe('Certificate of that key in PEM, and those between it and the authority that switches know')
          .meta(facts('path', 'plain TCP', '4095 characters')),
        ca: neededPath
          .describe('Certificates in PEM of the authorities that switches have theirs from; others are refused')
          .meta(facts('path', 'plain TCP', '4095 characters')),
      })
      .optional(),
    switches: whole('Switches connected at once', 'connections', { default: 64, min: 1, max: 1024 }),
    connection_rate: whole(
      'Connections taken in a second, openflow.switches at once after a quiet while; more are closed at once',
      'connections/s',
      { default: 50, min: 1, max: 10_000 },
    ),
    learn: z
      .boolean()
      .default(false)
      .describe(
        'Whether switches copy queries that left and responses from outside for the history to learn from, so that no interface need be captured',
      )
      .meta(facts('boolean', 'false', 'true, false')),
    learn_rate: whole(
      'With openflow.learn: copies of queries from one switch, as many of responses, and a tenth as many of later fragments',
      'packets/s',
      { default: 5000, min: 1, max: 1_000_000 },
    ),
  })
  .prefault({});
