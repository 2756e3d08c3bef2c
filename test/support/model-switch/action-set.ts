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

  /** In the order of their kinds, a group instead of an output. A set that leads nowhere does nothing. */
  inOrder(): readonly Action[] {
    const actions = [...this.#actions.values()];
    const last = actions.some(({ type }) => type === 'group') ? 'group' : 'output';
    if (!actions.some(({ type }) => type === last)) return [];
    return ORDER.flatMap((type) => actions.filter((action) => action.type === type)).filter(
      ({ type }) => (type !== 'group' && type !== 'output') || type === last,
    );
  }
}

/** A bucket's actions are such a set, too. */
export function inSetOrder(actions: readonly Action[]): readonly Action[] {
  const set = new ActionSet();
  set.write(actions);
  return set.inOrder();
}
