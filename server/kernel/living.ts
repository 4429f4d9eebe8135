/** Resources as they are in one database: with the properties that were made there, besides the declared ones. */
import type { Reader, Row } from '#db/database.ts'
import type { Filter, Living, Property, Resource } from './declaration.ts'
import { resourceNamed } from './resource.ts'
import type { Viewer } from './viewer.ts'
import type { Snapshot, Topic } from './world.ts'

/** What a database adds to a resource. */
export interface Addition {
  readonly properties: readonly Property[]
  /** Those that the viewer does not know of, and whose values follow from others all the same. */
  readonly unseen: readonly Property[]
  readonly filters: Readonly<Record<string, Filter>>
}

/** What a database adds for a viewer: the same for all whose `key` is the same, until one of the topics changes. */
interface Additions {
  readonly key: string
  readonly topics: readonly Topic[]
  /** By the name of the resource. */
  make(): ReadonlyMap<string, Addition>
}
type Source = (db: Reader, snapshot: Snapshot, viewer: Viewer) => Promise<Additions | undefined>
let source: Source | undefined

/** Declares where properties made at run time come from. */
export function defineAdditions(from: Source): void {
  source = from
}

const AS_DECLARED: Living = new Map()

/** The resources that this database has added to, as a viewer knows them. */
export async function livingFor(db: Reader, snapshot: Snapshot, viewer: Viewer): Promise<Living> {
  const additions = await source?.(db, snapshot, viewer)
  if (!additions) return AS_DECLARED
  const { key, topics, make } = additions
  return snapshot.remember(`additions ${key}`, topics, () => grown(make()))
}

/** Every resource that something was added to, and those whose rows are read off others. */
function grown(additions: ReadonlyMap<string, Addition>): Living {
  const living = new Map<string, Resource>()
  for (const [name, { properties, unseen, filters }] of additions) {
    const declared = resourceNamed(name)
    const all = [...declared.properties, ...properties]
    living.set(name, {
      ...declared,
      properties: all,
      property: new Map(all.map((property) => [property.name, property])),
      filters: { ...declared.filters, ...filters },
      unseen,
      kept: [...properties, ...unseen].filter((property) => property.kept),
    })
  }
  return living
}

/** A resource as it is in the database that is asked. */
export const alive = (resource: Resource, { living }: { living: Living }): Resource => living.get(resource.name) ?? resource

/** Gives values that share a column places of their own in these rows, where properties look for them. */
export function unfold<R extends Row>({ kept = [] }: Resource, rows: readonly R[]): readonly R[] {
  for (const row of rows) {
    for (const { column, many, kept: place } of kept) {
      if (!place) continue
      const value = row[place.column]?.[place.key] ?? null
      const list = Array.isArray(value) ? value : value === null ? [] : [value]
      ;(row as Row)[column as string] = many ? (list.length > 0 ? list : null) : (list[0] ?? null)
    }
  }
  return rows
}

/** A row without the values that share a column, and these by that column and their keys in it. */
export function split({ kept = [] }: Resource, row: Row): { own: Row; shared: Readonly<Record<string, Row>> } {
  const own: Row = { ...row }
  const shared: Record<string, Row> = {}
  for (const { column, kept: place } of kept) {
    if (!place || !((column as string) in row)) continue
    shared[place.column] = { ...shared[place.column], [place.key]: row[column as string] ?? null }
    delete own[column as string]
  }
  return { own, shared }
}

/** The same row with such values back in the column they share; nothing is kept of those that are empty. */
export function folded(resource: Resource, row: Row): Row {
  const { own, shared } = split(resource, row)
  for (const [column, values] of Object.entries(shared)) {
    const filled = Object.entries({ ...own[column], ...values }).filter(([, value]) => value !== null)
    own[column] = filled.length > 0 ? Object.fromEntries(filled) : null
  }
  return own
}
