/** The chapters of the document: those that modules declare, gathered in parts. */
import type { Chapter } from '#kernel/declaration.ts'
import type { Json } from './common.ts'

/** The order of the parts; parts that are not named follow in the order of the modules. */
const ORDER = ['The instance', 'Work', 'Projects', 'Queries', 'Time', 'People']

const place = ({ part }: Chapter): number => (ORDER.includes(part) ? ORDER.indexOf(part) : ORDER.length)

/** The chapters in the order in which they are read. */
export const inOrder = (chapters: readonly Chapter[]): readonly Chapter[] => chapters.toSorted((a, b) => place(a) - place(b))

/** The names of chapters by the tags of operations. */
export const chapterNames = (chapters: readonly Chapter[]): ReadonlyMap<string, string> =>
  new Map(chapters.flatMap(({ name, of }) => of.map((tag) => [tag, name] as const)))

/** The chapters as OpenAPI has them. */
export const tagsOf = (chapters: readonly Chapter[]): readonly Json[] =>
  inOrder(chapters).map(({ name, description }) => ({ name, description }))

/** The parts that they make up, which several readers of such documents understand. */
export const tagGroupsOf = (chapters: readonly Chapter[]): readonly Json[] =>
  [...Map.groupBy(inOrder(chapters), ({ part }) => part)].map(([name, own]) => ({ name, tags: own.map((one) => one.name) }))
