/** The database is killed while clients ask. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../mininet/until.ts';
import { describeIf } from '../support/describe-if.ts';
import { BANK, CORP, EVIL, learn, load, passes } from '../support/gate-traffic.ts';
import { gatedInternet } from '../support/gated.ts';
import { MariadbServer } from '../support/mariadb-server.ts';

const PER_SECOND = 500;
const WRITTEN_MS = 20_000;

interface StoreStatus {
  readonly store: Readonly<Record<string, unknown>>;
}

describeIf(['root', 'namespaces', 'openVswitch', 'mariadb'], 'a gate whose database is killed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gluewall-'));
  const config: Record<string, unknown> = {};
  let server: MariadbServer;

  beforeAll(async () => {
    server = await MariadbServer.start();
    const { place, password } = await server.newDatabase();
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    config.store = {
      kind: 'mariadb',
      url: `mysql://${place.user}@127.0.0.1:${server.port}/${place.database}`,
      password_file: passwordFile,
      journal: join(folder, 'journal'),
      flush: '100ms',
    };
  });
  afterAll(async () => {
    await server?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('under load', () => {
    const world = gatedInternet(config);
    const store = async () => ((await world().gluewall.status()) as unknown as StoreStatus).store;

    it('goes on with its verdicts, learns, and says so', async () => {
      await learn(world(), CORP);
      expect(await passes(world(), CORP)).toBe(true);
      await server.kill();
      const during = load(world(), 2000, PER_SECOND);
      await learn(world(), BANK);
      expect(await passes(world(), BANK)).toBe(true);
      expect(await passes(world(), EVIL)).toBe(false);
      await until('it says so', WRITTEN_MS, async () => ((await store()).failing === 'store-away' ? true : undefined));
      expect(await during).toEqual({ sent: 2000, lost: 0 });
    });

    it('has what was learned meanwhile in the database once that is back', async () => {
      await server.resume();
      await until('all is written', WRITTEN_MS, async () => {
        const { failing, waitingTriples, journalSaves, lostTriples } = await store();
        return (failing === undefined && waitingTriples === 0 && journalSaves === 0 && lostTriples === 0) || undefined;
      });
      await world().restartGluewall(config);
      expect((await world().gluewall.lookup(BANK.ipv4)).known).toBe(true);
      expect(await passes(world(), BANK)).toBe(true);
    });
  });
});
