/** The output of commands: for people, or as JSON for programs (`--json`). */
import type { Invocation } from './command.ts'

/** A cell of a table for a row. */
type Cell<T> = (row: T) => string | number | null | undefined

/** Prints rows as a table with these columns or, with `--json`, as a list of objects. */
export function showList<T extends object>(
  { flags }: Invocation,
  rows: readonly T[],
  cells: Readonly<Record<string, Cell<T>>>,
): void {
  const lines = rows.map((row) => Object.values(cells).map((cell) => String(cell(row) ?? '')))
  console.log(flags.json ? JSON.stringify(rows, null, 2) : columns([Object.keys(cells), ...lines]))
}

/** Prints a text or, with `--json`, an object instead. */
export function showResult({ flags }: Invocation, result: object, text: string): void {
  console.log(flags.json ? JSON.stringify(result, null, 2) : text)
}

/** Lines with left-aligned columns, two spaces apart. */
function columns(rows: readonly (readonly string[])[]): string {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
