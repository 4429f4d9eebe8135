/** Random samples for the laws, by the seed of the run: `npm test` samples, `npm test -- --all` walks everything. */
import { chance } from './chance.ts'
import { isPostgres } from './database.ts'

const given = process.env.HALYARD_TEST_SEED
/** Whether samples are complete: with `--all`, and when a test file is run without scripts/test.ts. */
export const isEverything = given === undefined || process.env.HALYARD_TEST_ALL === 'true'

/** The seed of the run, a non-negative integer below 2 ** 31; undefined when a test file is run without scripts/test.ts. */
export const seed = given === undefined ? undefined : Number(given)

/** On PostgreSQL, where a request takes twice as long, samples are half as large: both engines run the same code of the rules. */
const sizeOf = (count: number): number => (isPostgres ? Math.ceil(count / 2) : count)

/**
 * A random sample of a list, in the list's order; the whole list with `--all`. The same seed and key select the same positions,
 * whatever was sampled before.
 *
 * A law that walks pairs samples one side for each element of the other, so that each run still covers every element:
 * `sampled(people, 3, `links ${resource.name}`)`.
 *
 * @param wanted the number of elements to select, half of them on PostgreSQL; a list with fewer is given whole
 * @param key the name of the sample: samples of different keys are independent
 */
export function sampled<T>(list: readonly T[], wanted: number, key: string): readonly T[] {
  const count = sizeOf(wanted)
  if (isEverything || list.length <= count) return list
  const draw = chance(hash(`${seed} ${key}`))
  const positions = list.map((_, i) => i)
  for (let i = 0; i < count; i++) {
    const other = i + draw.below(positions.length - i)
    ;[positions[i], positions[other]] = [positions[other] as number, positions[i] as number]
  }
  return positions
    .slice(0, count)
    .sort((a, b) => a - b)
    .map((i) => list[i] as T)
}

/** `sampled` of each group of a list, in the list's order: up to `count` elements of every kind. */
export function sampledOfEach<T>(list: readonly T[], kind: (one: T) => string, count: number, key: string): readonly T[] {
  if (isEverything) return list
  const groups = Map.groupBy(list, kind)
  const chosen = new Set([...groups].flatMap(([name, group]) => [...sampled(group, count, `${key} ${name}`)]))
  return list.filter((one) => chosen.has(one))
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}
