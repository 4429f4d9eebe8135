/** Separating sets: for any two elements, some set contains the first without the second. */

/** The subsets of 0 … `of` - 1 with `size` members. */
function* subsets(of: number, size: number, from = 0): Generator<number[]> {
  if (size === 0) yield []
  else
    for (let first = from; first <= of - size; first++)
      for (const rest of subsets(of, size - 1, first + 1)) yield [first, ...rest]
}

/**
 * The smallest number of sets such that for any two elements some set contains the one and not the other:
 * no element's sets are a subset of another's, as all are in equally many (Sperner).
 */
export function separatingSets<T>(things: readonly T[]): T[][] {
  let count = 2
  const codes = (sets: number) => [...subsets(sets, Math.floor(sets / 2))]
  while (codes(count).length < things.length) count++
  const sets: T[][] = Array.from({ length: count }, () => [])
  const all = codes(count)
  for (const [i, thing] of things.entries()) for (const set of all[i]!) sets[set]!.push(thing)
  return sets
}
