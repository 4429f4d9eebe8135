/** Tags of the document: the chapters that modules declare, grouped in parts. */
import type { Chapter } from '#kernel/declaration.ts'
import type { Json } from './common.ts'

/** The order of the parts; other parts follow in the order of the modules. */
const ORDER = ['The instance', 'Work', 'Projects', 'Queries', 'Time', 'People']

const place = ({ part }: Chapter): number => (ORDER.includes(part) ? ORDER.indexOf(part) : ORDER.length)

/** The chapters in the order of the document. */
export const inOrder = (chapters: readonly Chapter[]): readonly Chapter[] => chapters.toSorted((a, b) => place(a) - place(b))

/** The names of chapters by the tags of operations. */
export const chapterNames = (chapters: readonly Chapter[]): ReadonlyMap<string, string> =>
  new Map(chapters.flatMap(({ name, of }) => of.map((tag) => [tag, name] as const)))

/** The chapters as tags of OpenAPI. */
export const tagsOf = (chapters: readonly Chapter[]): readonly Json[] =>
  inOrder(chapters).map(({ name, description }) => ({ name, description }))

/** The parts as `x-tagGroups`, an extension that several OpenAPI viewers understand. */
export const tagGroupsOf = (chapters: readonly Chapter[]): readonly Json[] =>
  [...Map.groupBy(inOrder(chapters), ({ part }) => part)].map(([name, own]) => ({ name, tags: own.map((one) => one.name) }))
