/** Formats rows as columns for terminals. */

/** Lines with left-aligned columns, two spaces apart. */
export function columns(rows: readonly (readonly string[])[], indent = ''): string {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)))
  return rows.map((row) => `${indent}${row.map((cell, index) => cell.padEnd(widths[index]!)).join('  ')}`.trimEnd()).join('\n')
}
