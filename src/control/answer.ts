/** What an operation gives: its items one by one, and its result in the end. */
export type Answer = AsyncGenerator<unknown, unknown, void>;

/** The result alone; the items are passed over. */
export async function resultOf(answer: Answer): Promise<unknown> {
  for (;;) {
    const step = await answer.next();
    if (step.done === true) return step.value;
  }
}
