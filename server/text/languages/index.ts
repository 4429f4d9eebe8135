/** The catalogues: for each language besides English, the translation of a pattern. */
import { de } from './de.ts'
import type { Catalogue, Pattern, Translation } from './patterns.ts'

/** The languages, by their tags; another one is another file and another line. */
export const all: Readonly<Record<string, Catalogue>> = { de }

/** Gives the translation of a pattern; undefined where there is none. */
export type Lookup = (pattern: string) => Translation | undefined

export const catalogues: Map<string, Lookup> = new Map(
  Object.entries(all).map(([language, catalogue]) => [
    language,
    (pattern) => (Object.hasOwn(catalogue, pattern) ? catalogue[pattern as Pattern] : undefined),
  ]),
)
