import type { Database, Statement } from 'better-sqlite3';
import type { Row, Steps, Task } from './steps.ts';

/** Statements that are kept compiled; searches make ever new ones. */
const MAX_STATEMENTS = 256;

/** Does the tasks of steps in SQLite, one after the other. Throws what SQLite throws. */
export class SqliteSteps {
  readonly #connection: Database;
  readonly #statements = new Map<string, Statement<unknown[], Row>>();

  constructor(connection: Database) {
    this.#connection = connection;
  }

  run<T>(steps: Steps<T>): T {
    let step = steps.next([]);
    while (step.done !== true) step = steps.next(this.#do(step.value));
    return step.value;
  }

  #do(task: Task): Row[] {
    const statement = this.#prepared(task.sql);
    if ('values' in task) return statement.raw().all(...task.values);
    for (const row of task.rows) statement.run(...row);
    return [];
  }

  #prepared(sql: string): Statement<unknown[], Row> {
    const held = this.#statements.get(sql);
    if (held !== undefined) return held;
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    const made = this.#connection.prepare<unknown[], Row>(sql);
    this.#statements.set(sql, made);
    return made;
  }
}
