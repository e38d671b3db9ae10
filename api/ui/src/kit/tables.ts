/** Columns of tables, and sorting by them. */

export interface Column<Row> {
  key: string;
  title: string;
  /** A sentence on what it is. */
  help?: string;
  /** Set to the right, and sorted from the largest. */
  number?: boolean;
  /** What is shown where no slot draws the cell. */
  text?: (row: Row) => string;
  /** What it is sorted by; without it the column is not sorted. Null comes last. */
  by?: (row: Row) => string | number | null | undefined;
}

/** The rows by one column; `-key` the other way round. Rows that are alike stay as they were. */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: string): Row[] {
  const down = order.startsWith("-");
  const by = columns.find((each) => each.key === (down ? order.slice(1) : order))?.by;
  if (by === undefined) return [...rows];
  return [...rows].sort((one, other) => {
    const [a, b] = [by(one) ?? null, by(other) ?? null];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    const apart = typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b);
    return down ? -apart : apart;
  });
}
