/** The query log in MariaDB, in a real server of its own: the contract of all query logs, and a server that fails. */
import { afterAll, beforeAll } from 'vitest';
import { openMariadbQueryLog } from '../../src/storage/query-log/mariadb-query-log.ts';
import { describeIf } from '../support/describe-if.ts';
import { MariadbServer } from '../support/mariadb-server.ts';
import { describeQueryLog } from '../unit/storage/query-log/query-log-contract.ts';

describeIf(['root', 'mariadb'], 'the query log in MariaDB', () => {
  let server: MariadbServer;

  beforeAll(async () => {
    server = await MariadbServer.start(['--innodb-flush-method=nosync', '--sync-frm=OFF']);
  });

  afterAll(async () => {
    await server?.remove();
  });

  describeQueryLog('as any query log', async () => openMariadbQueryLog(await server.newDatabase()), 30);
});
