import type { Connection } from 'mariadb';
import type { Row } from './mariadb-query-log-rows.ts';

const SQL = {
  all: 'SELECT id, name FROM log_sources',
  one: 'SELECT id FROM log_sources WHERE name = ?',
  add: 'INSERT IGNORE INTO log_sources (name) VALUES (?)',
} as const;

/** The numbers that stand for sources in the tables; kept, as they never change. */
export class SourceNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #names = new Map<number, string>();

  /** What was kept may be of another database. */
  forget(): void {
    this.#numbers.clear();
    this.#names.clear();
  }

  /** Undefined: nothing has come of it. */
  async find(connection: Connection, source: string): Promise<number | undefined> {
    const known = this.#numbers.get(source);
    if (known !== undefined) return known;
    const rows: readonly Row[] = await connection.execute(SQL.one, [source]);
    if (rows[0] === undefined) return undefined;
    this.#keep(Number(rows[0][0]), source);
    return Number(rows[0][0]);
  }

  /** Gives the source a number if it has none. */
  async make(connection: Connection, source: string): Promise<number> {
    const known = await this.find(connection, source);
    if (known !== undefined) return known;
    await connection.execute(SQL.add, [source]);
    await connection.commit();
    return (await this.find(connection, source))!;
  }

  /** The names of these numbers, and maybe of others. */
  async names(connection: Connection, numbers: Iterable<number>): Promise<ReadonlyMap<number, string>> {
    const wanted = [...numbers];
    if (wanted.every((number) => this.#names.has(number))) return this.#names;
    const rows: readonly Row[] = await connection.query(SQL.all);
    for (const [number, name] of rows) this.#keep(Number(number), String(name));
    return this.#names;
  }

  #keep(number: number, source: string): void {
    this.#numbers.set(source, number);
    this.#names.set(number, source);
  }
}
