import type { Action } from '../../../src/openflow/schema/actions.ts';

/** The order in which the actions of a set are carried out (OpenFlow 1.3.5 §5.10), of those that the model has. */
const ORDER: readonly Action['type'][] = ['popVlan', 'pushVlan', 'decNwTtl', 'setNwTtl', 'setField', 'group', 'output'];

/** The actions that wait for the end of the pipeline: one of each kind, set-field one for each field. */
export class ActionSet {
  readonly #actions = new Map<string, Action>();

  clear(): void {
    this.#actions.clear();
  }

  write(actions: readonly Action[]): void {
    for (const action of actions) {
      const key = action.type === 'setField' ? `setField ${action.oxm.field}` : action.type;
      this.#actions.delete(key);
      this.#actions.set(key, action);
    }
  }

  /** In the order of their kinds; a group stands instead of an output. */
  inOrder(): readonly Action[] {
    return inSetOrder([...this.#actions.values()]);
  }
}

/** A bucket's actions are such a set, too. */
export function inSetOrder(actions: readonly Action[]): readonly Action[] {
  const hasGroup = actions.some(({ type }) => type === 'group');
  return ORDER.flatMap((type) => actions.filter((action) => action.type === type)).filter(
    ({ type }) => !hasGroup || type !== 'output',
  );
}
