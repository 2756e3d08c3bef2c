/** The keys below `querylog`. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { FORMAT_NAMES } from '../querylog/format-names.ts';
import { isTimeZone } from '../querylog/source-time.ts';
import { formatSyslogPlace, type SyslogPlace } from '../querylog/syslog-place.ts';
import { address, facts, listenAddress, neededPath, optionalDuration, refuse, whole, written } from './fields.ts';
import { rangePattern } from './range-pattern.ts';

export const MAX_LOG_SOURCES = 64;
const MAX_NAME_CHARACTERS = 63;
const NAME = `[0-9A-Za-z][0-9A-Za-z_.-]{0,${MAX_NAME_CHARACTERS - 1}}`;
const GIBIBYTE = 1024 ** 3;

const WANT_SYSLOG = 'want udp:HOST:PORT, tcp:HOST:PORT or unix:/PATH';
const SYSLOG_PATTERN = `(?:udp|tcp):(?:\\[[^\\]]+\\]|[^:[\\]/]+):${rangePattern(1, 65535)}|unix:/[^\\0]{1,106}`;

const syslogPlace = z.codec(
  z.string({ error: WANT_SYSLOG }).meta(written(SYSLOG_PATTERN, WANT_SYSLOG)),
  z.custom<SyslogPlace>(),
  {
    decode: (text, context) => parseSyslogPlace(text) ?? refuse(context, text, `is no place to listen: ${WANT_SYSLOG}`),
    encode: formatSyslogPlace,
  },
);

function parseSyslogPlace(text: string): SyslogPlace | undefined {
  if (!new RegExp(`^(?:${SYSLOG_PATTERN})$`).test(text)) return undefined;
  const [, transport, place] = /^(udp|tcp|unix):(.*)$/s.exec(text)!;
  if (transport === 'unix') return { transport, path: place! };
  const parsed = listenAddress.safeDecode(place!).data;
  // A name may stand for several addresses, of which one would be heard on.
  if (parsed === undefined || (isIP(parsed.host) === 0 && parsed.host !== 'localhost')) return undefined;
  return { transport: transport as 'udp' | 'tcp', ...parsed };
}

const sourceKeys = z.strictObject({
  name: z
    .string()
    .regex(new RegExp(`^${NAME}$`), { error: 'want letters, digits, `_`, `.` and `-`, at most 63' })
    .describe('What the log calls it; another name is another source, whose file is read from its beginning')
    .meta(facts('word', 'none', `${MAX_NAME_CHARACTERS} characters`)),
  file: neededPath
    .optional()
    .describe('A file that is followed, through rotation and restarts, relative to this file')
    .meta(facts('path', 'none', '4095 characters')),
  syslog: syslogPlace
    .optional()
    .describe(
      'Where syslog is heard: udp:HOST:PORT, tcp:HOST:PORT or unix:/PATH (a stream); each host that sends is a source `NAME/HOST`',
    )
    .meta(facts('place', 'none', 'one place')),
  access: z
    .enum(['owner', 'group'])
    .default('owner')
    .describe(
      'Who may write to a unix socket of syslog: the user of gluewall and root (mode 0600), or its group too (0660); of a folder with the set-group-ID bit, the group of the folder',
    )
    .meta(facts('word', 'owner', 'owner, group')),
  format: z
    .enum(['detect', ...FORMAT_NAMES])
    .default('detect')
    .describe('What is in it; detect: as `gluewall log detect` finds, of syslog by the name of the program')
    .meta(facts('word', 'detect', ['detect', ...FORMAT_NAMES].join(', '))),
  zone: z
    .string()
    .max(64)
    .refine(isTimeZone, { error: 'want a time zone by its IANA name, such as Europe/Vienna, or UTC' })
    .optional()
    .describe('The time zone of times that are written without one')
    .meta(facts('time zone', 'that of this machine', 'IANA names')),
  server: address
    .optional()
    .describe('The address of the server that writes it, where the log does not say whom it was that was asked')
    .meta(facts('address', 'none', 'one address')),
  keep: optionalDuration('How long its entries are kept; shorter than querylog.keep only', 'as querylog.keep', {
    min: '1h',
    max: '3650d',
  }),
});

export const queryLogKeys = z.strictObject({
  folder: neededPath
    .optional()
    .describe(
      'Where the query log is kept, a file for each day (UTC), relative to this file; with store.kind mariadb it is in that database, with memory its newest 1000000 entries are in memory only',
    )
    .meta(facts('path', '`querylog` in the folder of store.file', '4095 characters')),
  keep: optionalDuration(
    'How long entries of the query log are kept; whole days go, with `gluewall log trim` and once an hour',
    'for ever, within querylog.size',
    { min: '1h', max: '3650d' },
  ),
  size: whole('The most that the query log takes; its oldest days go first, the newest stays', 'octets', {
    default: 20 * GIBIBYTE,
    min: GIBIBYTE / 16,
    max: 1024 * 1024 * GIBIBYTE,
  }),
  capture: z
    .boolean()
    .default(false)
    .describe('Whether queries that the capture or copies of switches show enter the query log, too')
    .meta(facts('boolean', 'false', 'true, false')),
  dnstap: z
    .boolean()
    .default(true)
    .describe('Whether queries that resolvers tell of on dnstap.listen enter the query log')
    .meta(facts('boolean', 'true', 'true, false')),
  anonymise: z
    .strictObject({
      key_file: neededPath
        .describe(
          'A file of 32 octets, or of 64 hexadecimal digits, which the user of gluewall alone should be able to read; relative to this file',
        )
        .meta(facts('path', 'none', '4095 characters')),
    })
    .optional()
    .describe(
      'Addresses of clients enter the log as pseudonyms made with a key; addresses of one network get pseudonyms of one network',
    ),
  sources: z
    .array(sourceKeys)
    .max(MAX_LOG_SOURCES)
    .default([])
    .describe('Logs of DNS servers: files that are followed, and syslog')
    .meta(facts('sources', 'none', `${MAX_LOG_SOURCES} sources`)),
});

/** Names of sources that are gluewall's own, and beginnings of such names before a `/`. */
export const OWN_SOURCES: readonly string[] = ['gate', 'capture', 'dnstap'];
