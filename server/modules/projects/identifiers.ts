/** Identifiers of projects: validation, lookup, and derivation from names. */
import type { Reader, Transaction } from '#db/database.ts'
import { amongTexts } from '#db/dialect.ts'
import { type Sql, sql } from '#db/sql.ts'
import type { Context } from '#kernel/declaration.ts'
import { type Message, said } from '#text/messages.ts'

export const LONGEST_IDENTIFIER = 100
const RESERVED = ['new', 'menu', 'queries', 'filters']

/** The id of the project with an identifier, or of the one that had it formerly. */
export async function projectIdentifiedBy(identifier: string, { db }: Pick<Context, 'db'>): Promise<number | undefined> {
  return (await projectsIdentifiedBy([identifier], { db })).get(identifier)
}

/** The ids of the projects with these identifiers, or that had them and no other has now. */
export async function projectsIdentifiedBy(
  identifiers: readonly string[],
  { db }: Pick<Context, 'db'>,
): Promise<ReadonlyMap<string, number>> {
  const among = (column: Sql) => amongTexts(db.engine, column, identifiers)
  const found = await db.all<{ id: number; identifier: string }>(sql`
    select project_id as id, identifier, 1 as age from former_identifiers where ${among(sql`identifier`)}
    union all
    select id, identifier, 0 from projects where ${among(sql`identifier`)}
    order by age desc`)
  return new Map(found.map(({ id, identifier }) => [identifier, id]))
}

/** The fault of an invalid identifier, in words that follow the label; undefined for a valid one. */
export function flawOf(identifier: string): Message | undefined {
  if (RESERVED.includes(identifier)) return said`is reserved`
  return /^[a-z0-9_-]*$/.test(identifier) && !/^\d+$/.test(identifier) ? undefined : said`is invalid`
}

/** Transliterations of letters that Unicode does not decompose. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ı: 'i',
}

/** A name reduced to the characters of identifiers; `project` if none are left. */
function fromName(name: string): string {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[ßæœøđðþłı]/g, (letter) => plainLetters[letter] ?? letter)
  const words = letters
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, LONGEST_IDENTIFIER)
    .replace(/-$/, '')
  if (words === '') return 'project'
  return flawOf(words) === undefined ? words : `project-${words}`.slice(0, LONGEST_IDENTIFIER)
}

/** An unused identifier derived from a name, with a number at its end if necessary. */
export async function freeIdentifier(name: string, db: Reader): Promise<string> {
  const wanted = fromName(name)
  const stem = wanted.slice(0, LONGEST_IDENTIFIER - 8)
  const like = `${stem.replaceAll('_', '\\_')}%`
  const rows = await db.all<{ identifier: string }>(sql`
    select identifier from projects where identifier like ${like} escape '\\'
    union all
    select identifier from former_identifiers where identifier like ${like} escape '\\'`)
  const taken = new Set(rows.map((row) => row.identifier))
  let free = wanted
  for (let n = 1; taken.has(free); n++) free = `${stem}-${n}`
  return free
}

/** Keeps the former identifier of a project, so that it still resolves and no other project can take it. */
export async function keepFormer(tx: Transaction, id: number, before: string, now: string): Promise<void> {
  await tx.run(sql`delete from former_identifiers where project_id = ${id} and identifier = ${now}`)
  await tx.run(sql`insert into former_identifiers (identifier, project_id) values (${before}, ${id})`)
}
