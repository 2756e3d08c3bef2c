/** The keys of gluewall.yaml about packs and threat lists. */
import { z } from 'zod';
import { duration, facts, neededPath, whole } from './fields.ts';
import { word } from './rule-fields.ts';

const MEBIBYTE = 1024 * 1024;
const MAX_LISTS = 64;
/** A URL without user and password, https or on this machine; else a path, which begins with no scheme. */
const FROM =
  '(?:https://[^/?#@\\s]+(?:[/?#][^\\s]*)?|http://(?:127(?:\\.[0-9]{1,3}){3}|\\[::1\\]|localhost)(?::[0-9]{1,5})?(?:[/?#][^\\s]*)?|(?![A-Za-z][A-Za-z0-9+.-]*://)[^\\0]+)';
const path = neededPath.optional();

export const packsKeys = z
  .strictObject({
    folder: path
      .describe('Folder of packs of the site: files NAME.pack, in the form of those that come with gluewall')
      .meta(facts('path', 'none', '4095 characters')),
    state: path
      .describe('Folder in which the last good copies of threat lists are kept')
      .meta(facts('path', 'lists in the folder of store.file', '4095 characters')),
    bytes: whole('Octets of a threat list', 'octets', { default: 64 * MEBIBYTE, min: 1024, max: 512 * MEBIBYTE }),
    entries: whole('Entries of a threat list', 'entries', { default: 1_000_000, min: 1, max: 4_000_000 }),
    bad_percent: whole('A new copy of a list is refused when more of its entries than this cannot be read', 'percent', {
      default: 5,
      min: 0,
      max: 100,
    }),
    least_percent: whole(
      'A new copy of a list is refused when it has fewer entries than this share of the last; 0 takes any that has one',
      'percent',
      { default: 50, min: 0, max: 100 },
    ),
    time: duration('How long fetching a list may take', { default: '2m', min: '1s', max: '30m' }),
  })
  .prefault({});

export const listKeys = z
  .array(
    z.strictObject({
      name: word.describe('Its name; a rule reaches it as pack:NAME').meta(facts('word', 'none', '63 characters')),
      from: z
        .string()
        .max(4095)
        .regex(new RegExp(`^${FROM}$`), {
          error: 'want a path, or an https:// URL without user and password (http:// only to this machine)',
        })
        .describe('Where it is published: an https URL, or a file, relative to this file')
        .meta(facts('URL or path', 'none', '4095 characters')),
      format: z
        .enum(['plain', 'rpz', 'misp', 'stix'])
        .describe(
          'plain: an address, network or name a line, or a hosts file; rpz: the zone file of a response policy zone; misp: events of MISP as JSON; stix: a bundle of STIX 2.1',
        )
        .meta(facts('word', 'none', 'plain, rpz, misp, stix')),
      refresh: duration('How often it is fetched', { default: '1h', min: '1m', max: '30d' }),
      broad: z
        .boolean()
        .default(false)
        .describe(
          'Whether it may hold public suffixes such as com or co.uk, networks of less than /8 or ::/16, and more than a sixteenth of the Internet',
        )
        .meta(facts('boolean', 'false', 'true, false')),
      ca_file: path
        .describe('Certificates in PEM of the authorities that its server has its own from, relative to this file')
        .meta(facts('path', 'those that Node.js comes with', '4095 characters')),
      authorization_file: path
        .describe(
          'A file whose first line is sent as the Authorization header, such as the key of a MISP user, to the server of `from` alone; relative to this file',
        )
        .meta(facts('path', 'none is sent', '4095 characters')),
    }),
  )
  .max(MAX_LISTS)
  .default([])
  .describe('Threat lists, which are denied to everybody unless a rule allows it')
  .meta(facts('lists', 'none', `${MAX_LISTS} lists`));
