/** Represents a row of a loaded page as a HAL object. Synchronous, without database access. */
import type { Row } from '#db/database.ts'
import { rightOf } from '#kernel/access/rights.ts'
import type { Action, Body, Draft, Link, Loaded, Property, Resource, Rule } from '#kernel/declaration.ts'
import { stringify } from '#kernel/json.ts'
import { markdown } from '#kernel/kinds.ts'
import { hrefOf, isAmongLinks, unchanged } from '#kernel/resource.ts'
import { inLanguage, type Language, said } from '#text/messages.ts'
import { hasReferences, placed } from '#text/references.ts'
import { idIn, selected, targetOf } from './load.ts'

/** The address of hidden resources. */
export const UNDISCLOSED = 'urn:openproject-org:api:v3:undisclosed'

/** Whether a rule holds for the page's viewer on a row. */
export const can = ({ context: { viewer, engine } }: Pick<Loaded, 'context'>, rule: Rule | undefined, row: Row): boolean =>
  rule !== undefined && rightOf(viewer, engine, rule).holds(row)

/** The value of a property before it is represented. */
export function storedValue({ name, column, options: { value, select } }: Property, row: Row, page: Loaded): unknown {
  return value ? value(row, page) : row[select && !column ? selected(name) : (column as string)]
}

/** The represented value of a property. */
export function shownValue(property: Property, row: Row, page: Loaded): unknown {
  const { holds } = property.options
  if (holds) return can(page, holds, row)
  const raw = storedValue(property, row, page)
  if (raw === null || raw === undefined) return property.kind.ofNothing ?? null
  const shown = property.kind.render(raw)
  return property.kind === markdown ? ofRow(shown as Formatted, row, page) : shown
}

interface Formatted {
  readonly html: string
}

/** A rendered text whose references are relative to its row. */
export function ofRow<T extends Formatted>(text: T, row: Row, { resource }: Loaded): T {
  if (!hasReferences(text.html)) return text
  const own = row.id === undefined ? [] : [{ resource: resource.name, id: row.id }]
  return { ...text, html: placed(text.html, [...own, ...(resource.places?.(row) ?? [])]) }
}

/** Whether the viewer may see the target of a link, given the target row if it was found. */
export const isNamed = (
  { options }: Property,
  target: Resource,
  row: Row | undefined,
  page: Pick<Loaded, 'context'>,
): row is Row => row !== undefined && (options.alwaysNamed === true || can(page, target.visible, row))

/** Whether a target counts for a link. */
const isCounted = ({ options: { counts } }: Property, target: Row, page: Loaded): boolean => !counts || can(page, counts, target)

/** A link to a visible row. */
const linkOn = (resource: Resource, row: Row): Link => {
  const href = hrefOf(resource, row)
  return resource.untitled ? { href } : { href, title: resource.titleOf(row) }
}

/** The link from one row to another. */
function linkTo(property: Property, row: Row, id: number, page: Loaded): Link {
  const target = page.context.model.of(targetOf(property, row))
  const found = page.related.get(target.name)?.get(id)
  // All rows of a cached resource are loaded, so a missing one has been removed.
  if (!found && target.cached) return { href: null }
  if (found && !isCounted(property, found, page)) return { href: null }
  if (isNamed(property, target, found, page)) return linkOn(target, found)
  return property.options.whenHidden === 'none'
    ? { href: null }
    : { href: UNDISCLOSED, title: inLanguage(said`Undisclosed`, page.context.language) }
}

/** The links of a link property to many. */
export const linksToMany = (property: Property, row: Row, page: Loaded): Link[] =>
  (page.many.get(property.name)?.get(row.id) ?? [])
    .map((id) => linkTo(property, row, id, page))
    .filter(({ href }) => href !== null)

/** The link of a property that is an address. */
function addressLink(property: Property, row: Row, page: Loaded): Link | undefined {
  const href = shownValue(property, row, page) as string | null
  const { inLinks, nullable } = property.options
  if (href === null) return nullable === false ? undefined : { href }
  return { href, ...(inLinks?.title && { title: inLinks.title(row) }), ...(inLinks?.page && { type: 'text/html' }) }
}

/** The represented value of a link property: one link, several, or undefined. */
export function linkOf(property: Property, row: Row, page: Loaded): Link | Link[] | undefined {
  if (property.options.inLinks) return addressLink(property, row, page)
  if (property.options.link) return property.options.link(row, page)
  if (property.options.listedAt) return { href: property.options.listedAt(row) }
  if (property.many) return linksToMany(property, row, page)
  const id = idIn(property, row)
  return id === null || id === undefined ? { href: null } : linkTo(property, row, id, page)
}

/** Whether a property is present for this row and viewer; `draft` is given for a row that is not stored like this. */
export const isShown = (property: Property, row: Row, page: Loaded, draft?: Draft): boolean => {
  const { when, read, active } = property.options
  if (active && !active(draft ?? unchanged(row), page.context)) return false
  return (!when || when(row, page)) && (!read || can(page, read, row))
}

function actionLink(action: Action<Row>, row: Row, page: Loaded): Link | readonly Link[] | undefined {
  if (action.may && !can(page, action.may, row)) return undefined
  if (action.when && !action.when(row, page)) return undefined
  if (action.links) return action.links(row, page)
  const title = typeof action.title === 'function' ? action.title(row, page) : action.title
  // Assignments, as there are twenty links in each row of a list, and spreading is slower.
  const link: Link = { href: action.href?.(row, page) ?? null }
  if (action.type) link.type = action.type
  // Texts, not messages: rows of lists are serialised without asking each title for its text.
  if (title !== undefined) link.title = inLanguage(title, page.context.language)
  if (action.method) link.method = action.method
  if (action.payload) link.payload = action.payload(row, page)
  if (action.templated) link.templated = true
  return link
}

/** The action links that follow from a resource's operations: form, update, delete. */
function standardActions(resource: Resource): Record<string, Action<Row>> {
  const { operations, may } = resource
  const self = (row: Row) => hrefOf(resource, row)
  const when = (row: Row) => resource.frozen?.(row) === undefined
  return {
    ...(operations.includes('editForm') && {
      update: { href: (row: Row) => `${self(row)}/form`, method: 'post', may: (may?.form ?? may?.update) as Rule, when },
    }),
    ...(operations.includes('update') && {
      updateImmediately: { href: self, method: 'patch', may: may?.update as Rule, when },
    }),
    ...(operations.includes('delete') && { delete: { href: self, method: 'delete', may: may?.delete as Rule, when } }),
  }
}

interface Plan {
  scalars: Property[]
  links: Property[]
  actions: [string, Action<Row>][]
}

const plans = new WeakMap<Resource, Plan>()

/** A plan for representations, computed once per resource. */
function planOf(resource: Resource): Plan {
  let plan = plans.get(resource)
  if (!plan) {
    const actions = { ...standardActions(resource), ...resource.actions }
    plan = {
      scalars: resource.properties.filter((p) => !isAmongLinks(p) && p.kind.type !== 'Password'),
      links: resource.properties.filter(isAmongLinks),
      actions: Object.entries(actions).filter((entry): entry is [string, Action<Row>] => entry[1] !== null),
    }
    plans.set(resource, plan)
  }
  return plan
}

/** `_type` of a row of the page. */
export const typeOf = (resource: Resource, row: Row, page: Loaded): string => resource.type?.(row, page) ?? resource.name

/**
 * The representation of a row of the page.
 * @param embed whether the resources it links to are included
 * @param readOnly whether to omit links that change it, as for former states
 */
export function represent(
  declared: Resource,
  row: Row,
  page: Loaded,
  { embed = false, readOnly = page.context.live !== undefined } = {},
): Body {
  // The page's resource includes custom fields.
  const resource = page.resource.name === declared.name ? page.resource : declared
  if (page.variants && resource.variant) {
    const variant = page.context.model.of(resource.variant(row))
    return represent(variant, row, page.variants.get(variant.name) as Loaded, { embed, readOnly })
  }
  const plan = planOf(resource)
  const body: Body = { _type: typeOf(resource, row, page) }
  for (const property of plan.scalars) {
    if (!isShown(property, row, page)) continue
    const value = shownValue(property, row, page)
    if (value !== null || property.options.nullable !== false) body[property.name] = value
  }
  const links: Record<string, Link | readonly Link[]> = {
    self: linkOn(resource, row),
  }
  for (const property of plan.links) {
    if (!isShown(property, row, page)) continue
    const link = linkOf(property, row, page)
    if (link !== undefined) links[property.name] = link
  }
  for (const [name, action] of plan.actions) {
    const link = readOnly && action.method && !action.harmless ? undefined : actionLink(action, row, page)
    if (link) links[name] = link
  }
  if (embed) {
    const embedded = embeds(plan, row, page)
    if (Object.keys(embedded).length > 0) body._embedded = embedded
  }
  body._links = links
  return body
}

/** A body without action links, for read-only tokens. */
export const readingOnly = (body: object, language: Language): object =>
  JSON.parse(stringify(body, language), (name, value) => {
    if (name !== '_links') return value
    return Object.fromEntries(Object.entries<Link | readonly Link[]>(value).filter(([, link]) => [link].flat().every(isRead)))
  })

const isRead = (link: Link | null): boolean => /^(get)?$/i.test(link?.method ?? '')

/** A collection of given elements, without pages. */
export function collection(path: string, elements: readonly object[], more: Body = {}): Body {
  return {
    _type: 'Collection',
    total: elements.length,
    count: elements.length,
    ...more,
    _embedded: { elements },
    _links: { self: { href: path } },
  }
}

/** The embedded resources of a row, as their own addresses return them to the viewer; not every link is embedded. */
function embeds(plan: Plan, row: Row, page: Loaded): Body {
  const embedded: Body = {}
  for (const [name, bodies] of page.extra ?? []) {
    const body = bodies.get(row.id)
    if (body) embedded[name] = body
  }
  for (const property of plan.links) {
    if (!property.options.embed || !isShown(property, row, page)) continue
    const bodies = page.embedded?.get(targetOf(property, row))
    if (property.many) {
      const ids = page.many.get(property.name)?.get(row.id) ?? []
      const shown = ids.map((id) => bodies?.get(id)).filter((body) => body !== undefined)
      const { listedAt } = property.options
      embedded[property.name] = listedAt ? collection(listedAt(row), shown) : shown
    } else {
      const id = idIn(property, row)
      const target = page.related.get(targetOf(property, row))?.get(id)
      const body = target && isCounted(property, target, page) ? bodies?.get(id) : undefined
      if (body) embedded[property.name] = body
    }
  }
  return embedded
}
