/** Resolves the references in the texts of a response, all together, and only to what the viewer may see. */
import type { Row } from '#db/database.ts'
import type { Context, Link, Loaded, Property, Resource } from '#kernel/declaration.ts'
import { hrefOf } from '#kernel/resource.ts'
import { english, inLanguage, type Language } from '#text/messages.ts'
import {
  differentReferences,
  type Place,
  type Reference,
  type Resolved,
  replaceReferences,
  type Style,
} from '#text/references.ts'
import { load, visibleRows } from './load.ts'
import { isId } from './operators.ts'
import { isShown, linkOf, shownValue, storedValue } from './represent.ts'

/** Different references of one response; any more stay text. */
const MOST_DIFFERENT = 2_000
/** Characters that the references of one response may add to it. */
const MOST_CHARACTERS = 4_000_000

/** Styles that show a row's properties, and not only its title. */
const DETAILED: readonly Style[] = ['summary', 'details', 'value', 'label']

/**
 * A response with its references resolved; those to rows that do not exist or that the viewer does not see are the author's text.
 * The number of statements does not depend on the number of references.
 * @param isJson whether the response is JSON with HTML in its strings, rather than HTML
 */
export async function withReferences(context: Context, text: string, isJson: boolean): Promise<string> {
  const found = differentReferences(text, MOST_DIFFERENT)
  if (found.size === 0) return text
  const resolved = new Map<string, Resolved>()
  for (const [name, own] of Map.groupBy(found, ([, { resource }]) => resource))
    for (const [mark, one] of await resolvedAmong(context, context.model.of(name), own)) resolved.set(mark, one)
  return replaceReferences(text, (_, mark) => resolved.get(mark), { isJson, most: MOST_CHARACTERS })
}

/** The resolved ones among references to rows of one resource. */
async function resolvedAmong(
  context: Context,
  resource: Resource,
  found: readonly [string, Reference][],
): Promise<[string, Resolved][]> {
  const ids = await idsOf(context, resource, found)
  const rows = await visibleRows(context, resource, [...new Set(ids.values())])
  const isDetailed = found.some(([, { style }]) => DETAILED.includes(style))
  const page = isDetailed ? await load(context, resource, rows) : undefined
  const byId = new Map(rows.map((row) => [row.id as number, row]))
  return found.flatMap(([key, reference]) => {
    const row = byId.get(ids.get(key) as number)
    const resolved = row && describe(resource, row, reference, page, context.language)
    return resolved ? [[key, resolved] satisfies [string, Resolved]] : []
  })
}

/** The ids that references mean, by their keys. */
async function idsOf(
  context: Context,
  resource: Resource,
  found: readonly [string, Reference][],
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>()
  const words: [string, Reference][] = []
  const relative: [string, Reference][] = []
  for (const [key, one] of found) {
    const [text = ''] = one.style === 'value' || one.style === 'label' ? one.target.split(':', 1) : [one.target]
    if (text === '') relative.push([key, one])
    else if (isId(text) && !resource.resolveAt) ids.set(key, Number(text))
    else words.push([key, one])
  }
  if (words.length > 0 && resource.resolveAt) {
    const meant = await resource.resolveAt(
      words.map(([, { target, places }]) => ({ text: target, places })),
      context,
    )
    for (const [at, [key]] of words.entries()) if (meant[at] !== undefined) ids.set(key, meant[at])
  } else if (words.length > 0 && resource.resolve) {
    const meant = await resource.resolve([...new Set(words.map(([, { target }]) => target))], context)
    for (const [key, { target }] of words) if (meant.has(target)) ids.set(key, meant.get(target) as number)
  }
  if (relative.length > 0) for (const [key, id] of await idsAround(context, resource, relative)) ids.set(key, id)
  return ids
}

/** The rows of a resource that texts are about: the row of the text, or the one that it belongs to. */
async function idsAround(
  context: Context,
  resource: Resource,
  relative: readonly [string, Reference][],
): Promise<[string, number][]> {
  const owners = new Map<string, ReadonlyMap<number, Row>>()
  const others = relative.flatMap(([, { places }]) => places.filter((place) => place.resource !== resource.name))
  for (const [name, places] of Map.groupBy(others, (place) => place.resource)) {
    const rows = await visibleRows(context, context.model.of(name), [...new Set(places.map(({ id }) => id))])
    owners.set(name, new Map(rows.map((row) => [row.id, row])))
  }
  const around = ({ resource: name, id }: Place): number | undefined => {
    if (name === resource.name) return id
    const { belongsTo, properties } = context.model.of(name)
    const isOwner = belongsTo !== undefined && properties.some(({ column, to }) => column === belongsTo && to === resource.name)
    return isOwner ? owners.get(name)?.get(id)?.[belongsTo] : undefined
  }
  return relative.flatMap(([key, { places }]) => {
    const id = places.map(around).find((one) => one !== undefined && one !== null)
    return id === undefined ? [] : [[key, id] satisfies [string, number]]
  })
}

/** What stands in the place of a reference to a visible row; undefined where it means nothing. */
function describe(
  resource: Resource,
  row: Row,
  { style, target }: Reference,
  page: Loaded | undefined,
  language: Language,
): Resolved | undefined {
  const { inTexts, titleOf } = resource
  const shown = (name: string): string | undefined => {
    const property = page?.resource.properties.find((one) => one.name === name)
    return page && property && shownText(page, row, property)
  }
  if (style === 'value' || style === 'label') {
    const name = target.slice(target.indexOf(':') + 1)
    const property = page && propertyCalled(page.resource, name)
    if (!property) return undefined
    return {
      text: style === 'label' ? inLanguage(property.label, language) : (shownText(page, row, property) ?? ''),
    }
  }
  const href = inTexts?.href?.(row) ?? hrefOf(resource, row).slice('/api/v3'.length)
  const title = inLanguage(titleOf(row), language)
  if (style === 'typed' || style === 'file') return { href, title }
  const inWords = style === 'details' ? inTexts?.details : style === 'summary' ? inTexts?.summary : undefined
  return { href, text: inWords?.(row, shown) ?? title }
}

/** The property with a name, or with a label in capitals or not. */
const propertyCalled = ({ properties }: Resource, called: string): Property | undefined =>
  properties.find(({ name }) => name === called) ??
  properties.find(({ label }) => english(label).toLowerCase() === called.toLowerCase())

/** The value of a property as a text; undefined for one that has none, or that the viewer does not see. */
function shownText(page: Loaded, row: Row, property: Property): string | undefined {
  if (property.kind.type === 'Password' || !isShown(property, row, page)) return undefined
  if (property.to || property.options.link) {
    const links: (Link | undefined)[] = [linkOf(property, row, page)].flat()
    const titles = links.filter((link) => link?.href && !link.href.startsWith('urn:')).map((link) => link?.title)
    return titles.filter((title) => title !== undefined).join(', ') || undefined
  }
  // Not rendered, as only the source is told, and there may be thousands.
  const isFormatted = property.kind.type === 'Formattable'
  const value: unknown = isFormatted ? storedValue(property, row, page) : shownValue(property, row, page)
  if (value === null || value === undefined || value === '') return undefined
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'object' ? undefined : String(value)
}
