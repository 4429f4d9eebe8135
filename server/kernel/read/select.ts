import type { Body, Model, Resource } from '#kernel/declaration.ts'

const signals = new WeakMap<Resource, ReadonlySet<string>>()
/** The names that `select` accepts. */
export function selectable(resource: Resource, model: Model): ReadonlySet<string> {
  let all = signals.get(resource)
  if (!all) {
    const kinds = resource.variant ? model.resources.filter((r) => r.table === resource.table) : [resource]
    const names = kinds.flatMap((kind) => [...kind.properties.map((p) => p.name), ...Object.keys(kind.actions ?? {})])
    all = selection(['update', 'updateImmediately', 'delete', ...names])
    signals.set(resource, all)
  }
  return all
}

/** The selectable names of a list whose elements have these members. */
export const selection = (names: readonly string[]): ReadonlySet<string> =>
  new Set([
    ...['*', 'total', 'count', 'pageSize', 'offset', 'self', '_type', 'elements'],
    ...['*', 'self', '_type', ...names].map((one) => `elements/${one}`),
  ])
/** A body reduced to the selected members; links and elements keep their places. */
export function picked(body: Body, select: readonly string[]): Body {
  const choose = (from: Body, names: ReadonlySet<string>): Body => {
    if (names.has('*')) return from
    const links = (from._links ?? {}) as Body
    const chosen: Body = {}
    const chosenLinks: Body = {}
    for (const one of names) {
      if (one in from) chosen[one] = from[one]
      else if (one in links) chosenLinks[one] = links[one]
    }
    if (Object.keys(chosenLinks).length > 0) chosen._links = chosenLinks
    return chosen
  }
  const own = new Set(select.filter((one) => !one.startsWith('elements')))
  const ofElements = new Set(
    select.filter((one) => one.startsWith('elements')).map((one) => one.slice('elements/'.length) || '*'),
  )
  const { _embedded, ...rest } = body
  const result = choose(rest, own)
  if (ofElements.size > 0 || own.has('*')) {
    const elements = (_embedded as { elements: Body[] }).elements
    result._embedded = { elements: ofElements.size > 0 ? elements.map((element) => choose(element, ofElements)) : elements }
  }
  return result
}
