/**
 * Elements of lists, and resources with what they embed, as text, kept for each viewer.
 *
 * Rows are selected, and filtered by what the viewer sees, each time: what is kept never decides who sees a row. It only saves
 * building its text again where everything is equal that the text depends on: the selected columns, what page loaders and links
 * gave for the row, and all cached tables, settings and permissions, whose counter is the snapshot's revision.
 */
import type { Row } from '#db/database.ts'
import { perDatabase } from '#db/memory.ts'
import type { Body, Context, Loaded, Model, Property, Resource } from '#kernel/declaration.ts'
import { fixedText, isWritten, stringify, type Written } from '#kernel/json.ts'
import { idIn, linksOf, targetOf } from './load.ts'
import { represent } from './represent.ts'

interface Kept {
  readonly revision: number
  /** The resource with the custom fields that the viewer knows of. */
  readonly resource: Resource
  /** The values of the selected columns, in their order. */
  readonly values: readonly unknown[]
  /** What the text depends on besides, as comparable values. */
  readonly parts: readonly unknown[]
  readonly text: string
  readonly written: Written
  readonly bytes: number
}

/** The texts of one database, those that were asked for last at the end. */
interface Store {
  readonly kept: Map<string, Kept>
  bytes: number
  /** Of the newest text. */
  revision: number
}

/** Of all texts of a database. */
const MOST_BYTES = 24_000_000
/** About what an entry takes besides its texts. */
const BYTES_OF_ENTRY = 1500

const storeOf = perDatabase((): Store => ({ kept: new Map(), bytes: 0, revision: 0 }))

let isVerified = false

/** Has every kept text compared with a new one from now on, for tests: a difference is an error of the request. */
export function verifyKept(): void {
  isVerified = true
}

/** The elements of a page: bodies, or texts where the resource declares what these depend on. */
export function elementsOf(page: Loaded): readonly (Body | Written)[] {
  const { resource, rows } = page
  if (!isKept(page)) return rows.map((row) => represent(resource, row, page))
  const dependencies = dependenciesOf(page)
  return rows.map((row) => textOf(page, row, '', dependencies, () => represent(resource, row, page)))
}

/** The only row of a page with its embedded resources: a body, or a text where the resource declares what this depends on. */
export function wholeOf(page: Loaded): Body | Written {
  const { resource } = page
  const row = page.rows[0] as Row
  const whole = () => represent(resource, row, page, { embed: true })
  if (!isKept(page)) return whole()
  return textOf(page, row, ' whole', wholeDependenciesOf(page), whole)
}

/** Whether texts of the page may be kept: it shows what is committed, as it is now. */
const isKept = ({ resource, context }: Loaded): boolean =>
  resource.kept !== undefined && !context.live && context.db === context.outside

/** The text of a row: the kept one if all is equal that it depends on, or a new one, which is kept. */
function textOf(page: Loaded, row: Row, form: '' | ' whole', dependencies: readonly Dependency[], build: () => Body): Written {
  const { context, resource } = page
  const store = storeOf(context.outside)
  const { viewer, language, snapshot } = context
  const key = `${viewer.key} ${language} ${resource.name} ${row.id}${form}`
  const parts = dependencies.map((part) => part(row, page))
  const known = store.kept.get(key)
  const isSame =
    known?.revision === snapshot.revision &&
    known.resource === resource &&
    areEqual(known.parts, parts) &&
    areOf(row, known.values)
  if (isSame && isVerified) verify(key, known, stringify(build(), language))
  if (isSame) return keep(store, key, known)
  if (snapshot.revision > store.revision) renew(store, snapshot.revision)
  const values = Object.values(row)
  const text = stringify(build(), language)
  const bytes = [text, ...values, ...parts].reduce<number>((sum, one) => sum + bytesOf(one), BYTES_OF_ENTRY)
  return keep(store, key, { revision: snapshot.revision, resource, values, parts, text, written: fixedText(text), bytes })
}

/** Keeps a text, new or asked for again, and drops those that were not asked for longest. */
function keep(store: Store, key: string, entry: Kept): Written {
  store.bytes += entry.bytes - (store.kept.get(key)?.bytes ?? 0)
  store.kept.delete(key)
  store.kept.set(key, entry)
  for (const [oldest, { bytes }] of store.kept) {
    if (store.bytes <= MOST_BYTES) break
    store.kept.delete(oldest)
    store.bytes -= bytes
  }
  return entry.written
}

/** Drops all texts of former revisions, which none can be the same as. */
function renew(store: Store, revision: number): void {
  store.kept.clear()
  store.bytes = 0
  store.revision = revision
}

function verify(key: string, { text }: Kept, now: string): void {
  if (text !== now) throw new Error(`The text that is kept of ${key} is out of date:\n${text}\n${now}`)
}

/** Something that the text of a row depends on, as a comparable value. */
type Dependency = (row: Row, page: Loaded) => unknown

const elementDependencies = new WeakMap<Resource, readonly Dependency[]>()
const wholeDependencies = new WeakMap<Resource, readonly Dependency[]>()

/** What the text of an element depends on besides its columns and cached tables. */
const dependenciesOf = ({ resource, context }: Loaded): readonly Dependency[] =>
  elementDependencies.getOrInsertComputed(resource, () => [
    ...Object.entries(resource.kept ?? {}).map(
      ([name, part]): Dependency =>
        (row, { loaded }) =>
          comparable(part(loaded[name], row)),
    ),
    ...linksOf(resource).flatMap((property) => linkedBy(property, context.model)),
  ])

/** The same of an element with what it embeds. */
const wholeDependenciesOf = (page: Loaded): readonly Dependency[] =>
  wholeDependencies.getOrInsertComputed(page.resource, () => [
    ...dependenciesOf(page),
    ...Object.keys(page.resource.embedLoaders ?? {}).map(
      (name): Dependency =>
        (row, { extra, context }) =>
          comparableBody(extra?.get(name)?.get(row.id), context),
    ),
    ...linksOf(page.resource)
      .filter(({ options }) => options.embed)
      .map(embeddedBy),
  ])

const idsBy = (property: Property, row: Row, { many }: Loaded): readonly number[] =>
  property.many ? (many.get(property.name)?.get(row.id) ?? []) : [idIn(property, row)]

/** What a link tells beyond the row, and cached rows. */
function linkedBy(property: Property, model: Model): Dependency[] {
  const isCached = (target: string) => {
    const { cached, rows } = model.of(target)
    return cached !== undefined || rows !== undefined
  }
  const ids: Dependency = (row, page) => idsBy(property, row, page).join()
  const targets: Dependency = (row, page) => {
    const target = targetOf(property, row)
    return isCached(target) ? undefined : comparable(idsBy(property, row, page).map((id) => page.related.get(target)?.get(id)))
  }
  const areFixed = !property.options.target && isCached(property.to as string)
  return [...(property.many ? [ids] : []), ...(areFixed || property.options.link ? [] : [targets])]
}

/** What is embedded for a link. */
function embeddedBy(property: Property): Dependency {
  const bodyOf = (row: Row, id: number, { embedded }: Loaded) => embedded?.get(targetOf(property, row))?.get(id)
  if (!property.many) return (row, page) => comparableBody(bodyOf(row, idIn(property, row), page), page.context)
  return (row, page) => {
    const bodies = idsBy(property, row, page).map((id) => bodyOf(row, id, page) ?? null)
    return bodies.length === 0 ? '' : stringify(bodies, page.context.language)
  }
}

/** A body that is kept or cached is compared as itself, any other as text. */
const comparableBody = (body: object | undefined, { language }: Context) =>
  body === undefined || isWritten(body) ? body : stringify(body, language)

const comparable = (value: unknown): unknown => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value)

const areEqual = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((one, i) => one === b[i])

/** Whether these are the values of a row of the same query. */
function areOf(row: Row, values: readonly unknown[]): boolean {
  let i = 0
  for (const column in row) {
    const [one, other] = [values[i++], row[column]]
    if (one !== other && (typeof one !== 'object' || typeof other !== 'object' || JSON.stringify(one) !== JSON.stringify(other)))
      return false
  }
  return i === values.length
}

/** The bytes of a text in memory: one for each character, or two where one of them is beyond Latin 1. */
const bytesOf = (value: unknown): number => {
  if (typeof value !== 'string') return 0
  return /[\u0100-\uffff]/.test(value) ? 2 * value.length : value.length
}
