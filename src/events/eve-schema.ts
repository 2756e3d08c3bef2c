/**
 * One line of eve.json: a verdict in the style of Suricata's EVE, with its names where it has them.
 * docs/events/dns_verdict.schema.json is made from this file.
 */
import { z } from 'zod';

/** As Suricata writes times, in milliseconds. */
export const eveInstant = z
  .string()
  .regex(/^\d{4,6}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}\+0000$/)
  .describe('ISO 8601 with milliseconds and zone, such as 2026-11-21T04:52:00.123+0000');
const name = z.string().min(1).describe('a domain name in presentation form (RFC 1035 §5.1), odd octets as \\DDD');
const address = z.union([z.ipv4(), z.ipv6()]);
const port = z.int().min(0).max(65535);

export const eveRecordSchema = z
  .strictObject({
    timestamp: eveInstant,
    event_type: z.literal('dns_verdict'),
    src_ip: address.describe('the client that asked'),
    src_port: port,
    src_mac: z
      .string()
      .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/)
      .nullable()
      .describe('the source of the frame: the client, or the router before it'),
    src_name: z.string().nullable().describe('what the client is called at this site; null when nobody knows'),
    group: z.string().min(1).describe('the group of the client'),
    dest_ip: address.describe('the server that was asked'),
    dest_port: z.literal(53),
    proto: z.enum(['UDP', 'TCP']),
    switch: z
      .strictObject({
        datapath_id: z.string().regex(/^[0-9a-f]{16}$/),
        in_port: z.int().min(0).max(0xffffffff).describe('OpenFlow number of the port on which the query came in'),
      })
      .describe('where the query was seen'),
    dns: z
      .strictObject({
        name: z
          .enum(['seen', 'unseen', 'unreadable'])
          .describe(
            'unseen: the verdict fell before the message had come, as on a TCP SYN; unreadable: it came and is no question',
          ),
        rrname: name.nullable(),
        rrtype: z.string().min(1).nullable().describe('mnemonic of the type, or TYPE and its number (RFC 3597 §5)'),
      })
      .describe('the question; null unless its name was seen'),
    verdict: z.strictObject({
      action: z
        .enum(['allow', 'block', 'would_block'])
        .describe('would_block: monitor mode let the query pass that enforce mode would have blocked'),
      reason: z
        .enum([
          'allow_rule',
          'history',
          'stale',
          'root_hints',
          'seed',
          'deny_rule',
          'deny_pack',
          'unknown',
          'not_served',
          'too_young',
          'too_few_zones',
          'too_few_teachers',
          'recursion_desired',
          'unreadable',
        ])
        .describe(
          'what decided: a rule, a deny pack, what the history says, or what the group of the client asks of it',
        ),
      rule: z.string().min(1).nullable().describe('the id of the rule that decided; null when none did'),
      enforced: z.boolean().describe('false in monitor mode: the query passed whatever the verdict'),
      scope: z
        .array(
          z.enum([
            'destination',
            'group',
            'client',
            'mac',
            'port',
            'protocol',
            'query_name',
            'query_type',
            'recursion_desired',
          ]),
        )
        .describe('what the verdict read, and what a flow made from it matches at least'),
      alarm: z
        .enum(['recursion_desired'])
        .nullable()
        .describe('what is to be looked at although the query was allowed'),
      held_ms: z.int().min(0).describe('how long the verdict was put off'),
      hint: z
        .strictObject({
          zone: name,
          name_server: name,
          expires: eveInstant.nullable().describe('when the record expires or has expired; null for never'),
          expired: z.boolean(),
        })
        .nullable()
        .describe('what the history says, or last said, of the destination; null when it never knew it'),
      message: z.string().describe('the sentence of the log'),
    }),
    packets_at_least: z
      .int()
      .min(1)
      .describe('packets of this query that were seen; the switch may have dropped more unseen'),
  })
  .describe('A verdict on one direct outbound DNS query');
