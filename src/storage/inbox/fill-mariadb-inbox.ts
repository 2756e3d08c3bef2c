import type { Connection } from 'mariadb';
import { runSteps } from '../mariadb-steps.ts';
import type { StepContext } from '../steps.ts';
import { fillPortion } from './fill-inbox.ts';

/** Makes entries of the events that an older gluewall saved: a portion in each transaction, so that it may be done again. */
export async function fillMariadbInbox(connection: Connection): Promise<void> {
  const context: StepContext = { dialect: 'mariadb', unreadable: () => {} };
  for (let lastId: number | undefined = 0; lastId !== undefined; ) {
    await connection.beginTransaction();
    lastId = await runSteps(connection, fillPortion(context, lastId));
    await connection.commit();
  }
}
