import type { ComponentChildren, VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

export interface TableColumn {
  readonly name: string;
  readonly isNumber?: boolean;
  /** The name is for screen readers only, as for a column of buttons. */
  readonly isHidden?: boolean;
}

interface TableProps {
  /** What the table is, for those who do not see it. */
  readonly caption: string;
  readonly columns: readonly TableColumn[];
  /** Rows: `<tr>` with a cell for each column. */
  readonly children: ComponentChildren;
}

/** A dense table. On a narrow page each row is a card, its cells below each other with the names of their columns. */
export function Table({ caption, columns, children }: TableProps): VNode {
  const table = useRef<HTMLTableElement>(null);
  useLayoutEffect(() => {
    for (const row of table.current?.tBodies[0]?.rows ?? [])
      for (const cell of row.cells) cell.dataset.column = shownName(columns[cell.cellIndex]);
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by keys
    <section class="table-frame" aria-label={caption} tabIndex={0}>
      <table class="table" ref={table}>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ name, isNumber, isHidden }) => (
              <th key={name} scope="col" class={isNumber === true ? 'number' : undefined}>
                {isHidden === true ? <span class="unseen">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

function shownName(column: TableColumn | undefined): string {
  return column === undefined || column.isHidden === true ? '' : column.name;
}
