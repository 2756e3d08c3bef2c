import type { VNode } from 'preact';
import { Button } from '../parts/button.tsx';
import { Empty } from '../parts/empty.tsx';

/** How the console refuses a search (docs/errors.md). */
export const BAD_SEARCH = 'bad-search';

/** Instead of a list, where the search cannot be understood; why stands below the search. */
export function BadSearch({ onSearch }: { readonly onSearch: (search: string) => void }): VNode {
  return (
    <Empty title="The search is not understood">
      <p>Mend what is underlined; “?” beside the search tells what can be looked for.</p>
      <Button onClick={() => onSearch('')}>Clear the search</Button>
    </Empty>
  );
}
