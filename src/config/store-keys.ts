import { z } from 'zod';
import { duration, facts, neededPath, whole } from './fields.ts';

const MEBIBYTE = 1024 * 1024;
const path = neededPath.optional();
/** What is wrong in a URL beyond this is told when the store is opened; a password is refused wherever it stands. */
const STORE_URL = '(?:mysql|mariadb)://[^:@/?#]+@[^@/?#]+/[^/?#@]+(?:\\?socket=/[^?#&]*)?';

/** The keys of `store`. */
export const storeKeys = z
  .strictObject({
    kind: z
      .enum(['sqlite', 'mariadb', 'memory'])
      .default('sqlite')
      .describe(
        'Where history, rules and events are kept: in a file, in a database server, or only until gluewall stops',
      )
      .meta(facts('word', 'sqlite', 'sqlite, mariadb, memory')),
    file: path
      .describe('The file of the SQLite store, relative to this file')
      .meta(
        facts(
          'path',
          'gluewall.db in $STATE_DIRECTORY, for root in /var/lib/gluewall, else in $XDG_STATE_HOME/gluewall (~/.local/state/gluewall)',
          '4095 characters',
        ),
      ),
    url: z
      .string()
      .max(1024)
      .regex(new RegExp(`^${STORE_URL}$`), {
        error:
          'want mysql://USER@HOST:PORT/DATABASE, with ?socket=/PATH for a unix socket; the password stands in store.password_file',
      })
      .optional()
      .describe('The MariaDB database, without the password')
      .meta(facts('URL', 'none', 'mysql:// or mariadb://, 1024 characters')),
    password_file: path
      .describe('A file whose first line is the password of the database user, relative to this file')
      .meta(
        facts(
          'path',
          'the password is in the environment variable GLUEWALL_STORE_PASSWORD, or there is none',
          '4095 characters',
        ),
      ),
    tls: z
      .enum(['auto', 'on', 'off'])
      .default('auto')
      .describe('Whether the database is asked over TLS; auto: unless it is on this machine')
      .meta(facts('word', 'auto', 'auto, on, off')),
    ca_file: path
      .describe(
        'Certificates of the authorities that the certificate of the database server is checked by, relative to this file',
      )
      .meta(facts('path', 'those that Node.js comes with', '4095 characters')),
    journal: path
      .describe('Where saves wait while the database is away, relative to this file')
      .meta(facts('path', 'gluewall.journal in the folder where store.file is by default', '4095 characters')),
    journal_size: whole('The most that waits in store.journal; beyond it what is new waits in memory', 'octets', {
      default: 256 * MEBIBYTE,
      min: MEBIBYTE,
      max: 64 * 1024 * MEBIBYTE,
    }),
    flush: duration('How often what is new is written; what a crash may lose', {
      default: '1s',
      min: '100ms',
      max: '60s',
    }),
    events: whole('Verdict events kept; the oldest go first', 'events', {
      default: 100_000,
      min: 0,
      max: 10_000_000,
    }),
  })
  .prefault({});
