/**
 * Elements of lists, and resources with what they embed, as text, kept for each viewer.
 *
 * Rows are selected, and filtered by what the viewer sees, each time: what is kept never decides who sees a row. It only saves
 * building its text again where everything is equal that the text depends on: the selected columns, what page loaders and links
 * gave for the row, and all cached tables, settings and permissions, whose counter is the snapshot's revision.
 */
import type { Row } from '#db/database.ts'
import { perDatabase } from '#db/memory.ts'
import type { Body, Loaded, Property, Resource } from '#kernel/declaration.ts'
import { fixedText, isWritten, stringify, type Written } from '#kernel/json.ts'
import { idIn, linksOf, targetOf } from './load.ts'
import { represent } from './represent.ts'

interface Kept {
  readonly revision: number
  /** The resource with the custom fields that the viewer knows of. */
  readonly resource: Resource
  readonly row: Row
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
}

/** Of all texts of a database. */
const MOST_BYTES = 24_000_000
/** About what a row and its parts take. */
const BYTES_OF_ROW = 2000

const storeOf = perDatabase((): Store => ({ kept: new Map(), bytes: 0 }))

let isVerified = false

/** Has every kept text compared with a new one from now on, for tests: a difference is an error of the request. */
export function verifyKept(): void {
  isVerified = true
}

/** The elements of a page: bodies, or texts where the resource declares what these depend on. */
export function elementsOf(page: Loaded): readonly (Body | Written)[] {
  const { resource, rows } = page
  if (!isKept(page)) return rows.map((row) => represent(resource, row, page))
  const dependencies = dependenciesOf(resource, page)
  return rows.map((row) => textOf(page, row, '', dependencies, () => represent(resource, row, page)))
}

/** The only row of a page with its embedded resources: a body, or a text where the resource declares what this depends on. */
export function wholeOf(page: Loaded): Body | Written {
  const { resource } = page
  const row = page.rows[0] as Row
  const whole = () => represent(resource, row, page, { embed: true })
  if (!isKept(page)) return whole()
  return textOf(page, row, ' whole', [...dependenciesOf(resource, page), ...embeddedIn(resource, page)], whole)
}

/** Whether texts of the page may be kept: it shows what is committed, as it is now. */
const isKept = ({ resource, context }: Loaded): boolean =>
  resource.kept !== undefined && !context.live && context.db === context.outside

/** The text of a row: the kept one if all is equal that it depends on, or a new one, which is kept. */
function textOf(
  { context, resource }: Loaded,
  row: Row,
  form: '' | ' whole',
  dependencies: readonly Dependency[],
  build: () => Body,
): Written {
  const store = storeOf(context.outside)
  const { viewer, language, snapshot } = context
  const key = `${viewer.key} ${language} ${resource.name} ${row.id}${form}`
  const parts = dependencies.map((part) => part(row))
  const known = store.kept.get(key)
  const isSame =
    known?.revision === snapshot.revision &&
    known.resource === resource &&
    areEqual(known.parts, parts) &&
    isEqualRow(known.row, row)
  if (isSame && isVerified) verify(known, stringify(build(), language))
  if (isSame) return keep(store, key, known)
  const text = stringify(build(), language)
  const bytes = text.length + BYTES_OF_ROW
  return keep(store, key, { revision: snapshot.revision, resource, row, parts, text, written: fixedText(text), bytes })
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

function verify({ text, row, resource }: Kept, now: string): void {
  if (text !== now) throw new Error(`The text that is kept of ${resource.name} ${row.id} is out of date:\n${text}\n${now}`)
}

type Dependency = (row: Row) => unknown

/** What the text of a row depends on besides its columns and cached tables: each as a text or a number. */
function dependenciesOf(resource: Resource, page: Loaded): Dependency[] {
  const { context, loaded, many, related } = page
  const loads = Object.entries(resource.kept ?? {}).map(
    ([name, part]): Dependency =>
      (row) =>
        comparable(part(loaded[name], row)),
  )
  const isCached = (target: string) => {
    const { cached, rows } = context.model.of(target)
    return cached !== undefined || rows !== undefined
  }
  const ofLink = (property: Property): Dependency[] => {
    const ids = (row: Row): readonly number[] =>
      property.many ? (many.get(property.name)?.get(row.id) ?? []) : [idIn(property, row)]
    const targets = (row: Row) => {
      const target = targetOf(property, row)
      return isCached(target) ? undefined : comparable(ids(row).map((id) => related.get(target)?.get(id)))
    }
    const areFixed = !property.options.target && isCached(property.to as string)
    return [...(property.many ? [(row: Row) => ids(row).join()] : []), ...(areFixed || property.options.link ? [] : [targets])]
  }
  return [...loads, ...linksOf(resource).flatMap(ofLink)]
}

/** What is embedded in a row: kept texts and what is cached as themselves, everything else as text. */
function embeddedIn(resource: Resource, { context, extra, embedded, many }: Loaded): Dependency[] {
  const comparableBody = (body: object | undefined) =>
    body === undefined || isWritten(body) ? body : stringify(body, context.language)
  const ofLink = (property: Property): Dependency => {
    const bodyOf = (row: Row, id: number) => embedded?.get(targetOf(property, row))?.get(id)
    if (!property.many) return (row) => comparableBody(bodyOf(row, idIn(property, row)))
    return (row) => {
      const ids = many.get(property.name)?.get(row.id) ?? []
      return ids.length === 0
        ? ''
        : stringify(
            ids.map((id) => bodyOf(row, id) ?? null),
            context.language,
          )
    }
  }
  return [
    ...[...(extra?.values() ?? [])].map(
      (bodies): Dependency =>
        (row) =>
          comparableBody(bodies.get(row.id)),
    ),
    ...linksOf(resource)
      .filter(({ options }) => options.embed)
      .map(ofLink),
  ]
}

const comparable = (value: unknown): unknown => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value)

const areEqual = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((one, i) => one === b[i])

/** Whether two rows of the same query have equal columns. */
function isEqualRow(a: Row, b: Row): boolean {
  for (const column in b) {
    const [one, other] = [a[column], b[column]]
    if (one !== other && (typeof one !== 'object' || typeof other !== 'object' || JSON.stringify(one) !== JSON.stringify(other)))
      return false
  }
  return true
}
