/** What an entry of a history says: each difference between two states of a row in a sentence, as text and as HTML. */
import type { Row } from '#db/database.ts'
import type { Property, Resource } from '#kernel/declaration.ts'
import { days, hours, markdown } from '#kernel/kinds.ts'
import { isAutomatic, isLock } from '#kernel/resource.ts'
import type { Settings } from '#kernel/settings.ts'
import type { Change } from '#kernel/write/history.ts'
import { escapeHtml } from '#text/escape.ts'

/** One thing that changed, as the API shows it. */
export interface Detail {
  readonly format: 'custom'
  readonly raw: string
  readonly html: string
}

/** How the value of a link is called, if the viewer may know. */
export type Titles = (property: Property, row: Row) => string | undefined

/** Columns that follow from other rows: nobody changed them here. */
const isDerived = (column: string) => column.startsWith('derived_')

const known = new WeakMap<Resource, readonly Property[]>()

/** The properties whose changes are told: those with a column of their own, each column once. */
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
// Windows and everybody else end lines differently; that is no change. Several values are compared as one text.
const lines = (value: unknown) =>
  typeof value === 'string' ? value.replaceAll('\r\n', '\n') : Array.isArray(value) ? String(value) : value

/** Whether a property changed. On a new row everything changed that holds something. */
export const isChanged = (property: Property, { before, after }: Change): boolean =>
  lines(stateOf(before, property)) !== lines(stateOf(after, property))

const strong = (text: string) => `<strong>${escapeHtml(text)}</strong>`
const italic = (text: string) => `<i>${escapeHtml(text)}</i>`
const detail = (raw: string, html: string): Detail => ({ format: 'custom', raw, html })

/**
 * What changed, in the order of the declaration.
 * @param diff where the difference of a long text can be looked at, by property
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
      const verb = from === null ? 'set' : to === null ? 'deleted' : 'changed'
      found.push(detail(`${label} ${verb}`, `${strong(label)} ${verb} (<a href="${escapeHtml(diff(property))}">Details</a>)`))
    } else if (kind.type === 'Boolean') {
      // What a new row is by default is not worth a sentence.
      if (!change.before) continue
      const verb = to ? 'activated' : 'deactivated'
      found.push(detail(`${label} ${verb}`, `${strong(label)} ${verb}`))
    } else {
      const words = (row: Row | undefined) =>
        row && stateOf(row, property) !== null ? inWords(property, row, titles, settings) : null
      const [old, now] = [words(change.before), words(change.after)]
      // A value that may not be known is not told of, and neither is that there was one.
      if (old === undefined || now === undefined) continue
      found.push(sentence(label, old, now))
    }
  }
  return found
}

function sentence(label: string, from: string | null, to: string | null): Detail {
  if (to === null) {
    const old = from ?? ''
    return detail(`${label} deleted (${old})`, `${strong(label)} deleted (<strike>${italic(old)}</strike>)`)
  }
  if (from === null) return detail(`${label} set to ${to}`, `${strong(label)} set to ${italic(to)}`)
  return detail(
    `${label} changed from ${from} to ${to}`,
    `${strong(label)} changed from ${italic(from)} ${strong('to')} ${italic(to)}`,
  )
}

/** A value as people write it; undefined where it may not be known. */
function inWords(property: Property, row: Row, titles: Titles, settings: Settings): string | undefined {
  const value = stateOf(row, property)
  if (property.to) return titles(property, row)
  if (property.kind === hours) return hoursInWords(value, settings)
  if (property.kind === days) return value === 1 ? '1 day' : `${value} days`
  if (property.kind.type === 'Date') return dateInWords(value)
  return `${value}${property.label.startsWith('%') ? '%' : ''}`
}

/** `MM/DD/YYYY`, as English readers of the original are used to. */
const dateInWords = (date: string) => `${date.slice(5, 7)}/${date.slice(8, 10)}/${date.slice(0, 4)}`

/** Days of work and hours: `2d 4h`; only hours where the instance says so. */
function hoursInWords(value: number, { hours_per_day: perDay, duration_format: format }: Settings): string {
  const whole = format === 'days_and_hours' ? Math.floor(value / perDay) : 0
  const rest = Math.round((value - whole * perDay) * 100) / 100
  const parts = [whole > 0 ? `${whole}d` : '', rest > 0 || whole === 0 ? `${rest}h` : '']
  return parts.filter(Boolean).join(' ')
}

/** What an entry left attached to a row, names by ids. */
const attachedTo = (row: Row | undefined): Readonly<Record<string, string>> => row?.attached ?? {}

/** The files that were attached and taken away, by their ids. */
function exchanged({ before, after }: Change): { added: readonly [number, string][]; removed: readonly [number, string][] } {
  const [then, now] = [attachedTo(before), attachedTo(after)]
  const only = (some: Readonly<Record<string, string>>, others: object) =>
    Object.entries(some).flatMap(([id, name]): [number, string][] => (id in others ? [] : [[Number(id), name]]))
  return { added: only(now, then), removed: only(then, now) }
}

/** The ids of the files that were attached or taken away. */
export function exchangedFiles(change: Change): number[] {
  const { added, removed } = exchanged(change)
  return [...added, ...removed].map(([id]) => id)
}

/**
 * The files that were attached and taken away, in words.
 * @param there those that are still to be had
 */
export function filesInWords(change: Change, there: { has(id: number): boolean }): Detail[] {
  const { added, removed } = exchanged(change)
  const label = strong('File')
  return [
    ...added.map(([id, name]) => {
      const shown = there.has(id) ? `<a href="/api/v3/attachments/${id}/content">${escapeHtml(name)}</a>` : italic(name)
      return detail(`File ${name} added`, `${label} ${shown} added`)
    }),
    ...removed.map(([, name]) => detail(`File ${name} deleted`, `${label} <strike>${italic(name)}</strike> deleted`)),
  ]
}

/**
 * Why a row changed that nobody changed by hand.
 * @param seen the work packages that the viewer may be told of: how any other one stands to this is not told either
 */
export function causeInWords(cause: Row, seen: ReadonlySet<number>): Detail {
  const { type, work_package_id: id } = cause
  const said = causes[type] ?? 'Changed by the system'
  const sentence = said.replace(/\{(\w+)\}/, (_, how: string) => (seen.has(id) ? `${how} #${id}` : 'another work package'))
  return detail(sentence, escapeHtml(sentence))
}

const causes: Readonly<Record<string, string>> = {
  default_attribute_written: 'Author or time of creation given by an administrator',
  import: 'Imported',
  progress_mode_changed_to_status_based: 'Progress recalculated: it now follows the status',
  status_changed: 'Changed because the status was changed by an administrator',
  system_update: 'Changed by an update of the system',
  total_percent_complete_mode_changed_to_work_weighted_average: 'Totals recalculated: they are now weighted by work',
  work_package_children_changed_times: 'Dates changed by changes to {child}',
  work_package_parent_changed_times: 'Dates changed by changes to {parent}',
  work_package_predecessor_changed_times: 'Dates changed by changes to {predecessor}',
  work_package_related_changed_times: 'Dates changed by changes to {related}',
  work_package_duplicate_closed: 'Status changed because {duplicate} was closed',
  working_days_changed: 'Dates changed because the working days changed',
}
