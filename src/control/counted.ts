/** The items of a list; its result is how many there were. */
export async function* counted(
  items: AsyncIterable<unknown>,
): AsyncGenerator<unknown, { readonly count: number }, void> {
  let count = 0;
  for await (const item of items) {
    count++;
    yield item;
  }
  return { count };
}
