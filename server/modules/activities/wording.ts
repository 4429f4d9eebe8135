/** Details of a history entry: each difference between two states of a row as a sentence, in text and HTML. */
import type { Row } from '#db/database.ts'
import type { Property, Resource } from '#kernel/declaration.ts'
import { days, hours, markdown } from '#kernel/kinds.ts'
import { isAutomatic, isLock } from '#kernel/resource.ts'
import type { Settings } from '#kernel/settings.ts'
import type { Change } from '#kernel/write/history.ts'
import { type Html, html } from '#text/html.ts'
import { english, type Message, plural, said, type Text } from '#text/messages.ts'

/** One change in the representation of the API. */
export interface Detail {
  readonly format: 'custom'
  readonly raw: Text
  readonly html: Html
}

/** The title of a link's target; undefined if the viewer may not see it. */
export type Titles = (property: Property, row: Row) => string | undefined

/** Whether a column is derived from other rows, so that its changes are not described. */
const isDerived = (column: string) => column.startsWith('derived_')

const known = new WeakMap<Resource, readonly Property[]>()

/** The properties whose changes are described: those with a column of their own, each column once. */
export function journaled(resource: Resource): readonly Property[] {
  let properties = known.get(resource)
  if (!properties) {
    const byColumn = new Map<string, Property>()
    for (const property of resource.properties) {
      const { column, name, many } = property
      if (!column || (many && !property.packed) || isAutomatic(name) || isLock(resource, property) || isDerived(column)) continue
      if (!byColumn.has(column)) byColumn.set(column, property)
    }
    properties = [...byColumn.values()]
    known.set(resource, properties)
  }
  return properties
}

const stateOf = (row: Row | undefined, { column }: Property) => row?.[column as string] ?? null
// A different line ending is no change. Lists are compared as one text.
const lines = (value: unknown) =>
  typeof value === 'string' ? value.replaceAll('\r\n', '\n') : Array.isArray(value) ? String(value) : value

/** Whether a property changed. On a new row, all properties with a value have changed. */
export const isChanged = (property: Property, { before, after }: Change): boolean =>
  lines(stateOf(before, property)) !== lines(stateOf(after, property))

const detail = (raw: Message, html: Html): Detail => ({ format: 'custom', raw, html })

/**
 * The changes, in the order of the declaration.
 * @param diff the address of a long text's difference, by property
 */
export function details(
  properties: readonly Property[],
  change: Change,
  titles: Titles,
  settings: Settings,
  diff: (property: Property) => string,
): Detail[] {
  const found: Detail[] = []
  for (const property of properties) {
    if (!isChanged(property, change)) continue
    const { label, kind } = property
    const from = stateOf(change.before, property)
    const to = stateOf(change.after, property)
    if (kind === markdown) {
      const href = diff(property)
      if (from === null) {
        found.push(detail(said`${label} set`, html`<strong>${label}</strong> set (<a href="${href}">Details</a>)`))
      } else if (to === null) {
        found.push(detail(said`${label} deleted`, html`<strong>${label}</strong> deleted (<a href="${href}">Details</a>)`))
      } else {
        found.push(detail(said`${label} changed`, html`<strong>${label}</strong> changed (<a href="${href}">Details</a>)`))
      }
    } else if (kind.type === 'Boolean') {
      // Defaults of a new row get no sentence.
      if (!change.before) continue
      found.push(
        to
          ? detail(said`${label} activated`, html`<strong>${label}</strong> activated`)
          : detail(said`${label} deactivated`, html`<strong>${label}</strong> deactivated`),
      )
    } else {
      const words = (row: Row | undefined) =>
        row && stateOf(row, property) !== null ? inWords(property, row, titles, settings) : null
      const [old, now] = [words(change.before), words(change.after)]
      // A hidden value is not described, and neither is its existence.
      if (old === undefined || now === undefined) continue
      found.push(sentence(label, old, now))
    }
  }
  return found
}

function sentence(label: Text, from: Text | null, to: Text | null): Detail {
  if (to === null) {
    const old = from ?? ''
    return detail(said`${label} deleted (${old})`, html`<strong>${label}</strong> deleted (<strike><i>${old}</i></strike>)`)
  }
  if (from === null) return detail(said`${label} set to ${to}`, html`<strong>${label}</strong> set to <i>${to}</i>`)
  return detail(
    said`${label} changed from ${from} to ${to}`,
    html`<strong>${label}</strong> changed from <i>${from}</i> <strong>to</strong> <i>${to}</i>`,
  )
}

/** The display text of a value; undefined if the viewer may not see it. */
function inWords(property: Property, row: Row, titles: Titles, settings: Settings): Text | undefined {
  const value = stateOf(row, property)
  if (property.to) return titles(property, row)
  if (property.kind === hours) return hoursInWords(value, settings)
  if (property.kind === days) return plural(value, said`${value} day`, said`${value} days`)
  if (property.kind.type === 'Date') return dateInWords(value)
  return `${value}${english(property.label).startsWith('%') ? '%' : ''}`
}

/** `MM/DD/YYYY` in English, as in OpenProject. */
const dateInWords = (date: string) => said`${date.slice(5, 7)}/${date.slice(8, 10)}/${date.slice(0, 4)}`

/** Working days and hours: `2d 4h`, or hours only if the instance is configured so. */
function hoursInWords(value: number, { hours_per_day: perDay, duration_format: format }: Settings): string {
  const whole = format === 'days_and_hours' ? Math.floor(value / perDay) : 0
  const rest = Math.round((value - whole * perDay) * 100) / 100
  const parts = [whole > 0 ? `${whole}d` : '', rest > 0 || whole === 0 ? `${rest}h` : '']
  return parts.filter(Boolean).join(' ')
}

/** Names of attachments in a state of a row, by id. */
const attachedTo = (row: Row | undefined): Readonly<Record<string, string>> => row?.attached ?? {}

/** Added and removed attachments, by id. */
function exchanged({ before, after }: Change): { added: readonly [number, string][]; removed: readonly [number, string][] } {
  const [then, now] = [attachedTo(before), attachedTo(after)]
  const only = (some: Readonly<Record<string, string>>, others: object) =>
    Object.entries(some).flatMap(([id, name]): [number, string][] => (id in others ? [] : [[Number(id), name]]))
  return { added: only(now, then), removed: only(then, now) }
}

/** The ids of added and removed attachments. */
export function exchangedFiles(change: Change): number[] {
  const { added, removed } = exchanged(change)
  return [...added, ...removed].map(([id]) => id)
}

/**
 * Descriptions of added and removed attachments.
 * @param there the ids of attachments that still exist
 */
export function filesInWords(change: Change, there: { has(id: number): boolean }): Detail[] {
  const { added, removed } = exchanged(change)
  return [
    ...added.map(([id, name]) => {
      const shown = there.has(id) ? html`<a href="/api/v3/attachments/${id}/content">${name}</a>` : html`<i>${name}</i>`
      return detail(said`File ${name} added`, html`<strong>File</strong> ${shown} added`)
    }),
    ...removed.map(([, name]) =>
      detail(said`File ${name} deleted`, html`<strong>File</strong> <strike><i>${name}</i></strike> deleted`),
    ),
  ]
}

/**
 * Description of the cause of an automatic change.
 * @param seen the ids of visible work packages: for others, the relation is not disclosed either
 */
export function causeInWords(cause: Row, seen: ReadonlySet<number>): Detail {
  const { type, work_package_id: id } = cause
  const sentence = (causes[type] ?? changedBySystem)((how) => (seen.has(id) ? said`${how} #${id}` : said`another work package`))
  return detail(sentence, html`${sentence}`)
}

const changedBySystem = () => said`Changed by the system`

/** The sentences for causes. They name a work package, by what it is to the changed one. */
const causes: Readonly<Record<string, (other: (how: Message) => Message) => Message>> = {
  default_attribute_written: () => said`Author or time of creation given by an administrator`,
  import: () => said`Imported`,
  progress_mode_changed_to_status_based: () => said`Progress recalculated: it now follows the status`,
  status_changed: () => said`Changed because the status was changed by an administrator`,
  system_update: () => said`Changed by an update of the system`,
  total_percent_complete_mode_changed_to_work_weighted_average: () => said`Totals recalculated: they are now weighted by work`,
  work_package_children_changed_times: (other) => said`Dates changed by changes to ${other(said`child`)}`,
  work_package_parent_changed_times: (other) => said`Dates changed by changes to ${other(said`parent`)}`,
  work_package_predecessor_changed_times: (other) => said`Dates changed by changes to ${other(said`predecessor`)}`,
  work_package_related_changed_times: (other) => said`Dates changed by changes to ${other(said`related`)}`,
  work_package_duplicate_closed: (other) => said`Status changed because ${other(said`duplicate`)} was closed`,
  working_days_changed: () => said`Dates changed because the working days changed`,
}
