/** The links of responses, and how a client follows them. */

import type { Resource } from '#kernel/declaration.ts'
import { product } from '#server/modules.ts'
import { oneFile } from './parts.ts'
import { operationAt } from './registry.ts'
import type { Exchange, Wire } from './wire.ts'

/** A link that can be followed. */
export interface Offer {
  /** `_type` of the object with the link, and the name of the link. */
  readonly by: string
  readonly rel: string
  readonly method: string
  readonly href: string
  readonly payload: unknown
  /** The object with the link. */
  readonly from: Record<string, any>
  /** Whether the link discloses only a name to all who see the object, while its target may be hidden. */
  readonly onlyNames: boolean
}

/** The resource of an object, by its own address. */
export function resourceOf(body: Record<string, any>): Resource | undefined {
  const self = body._links?.self?.href
  const answers = typeof self === 'string' ? operationAt('GET', self)?.answers : undefined
  return answers?.as === 'single' ? product.resources.find((one) => one.name === answers.of) : undefined
}

/** Every link in a body to an address of the API, without templated ones and those for browsers. */
export function* offersOf(body: unknown, onlyNames = false): Generator<Offer> {
  if (typeof body !== 'object' || body === null) return
  if (Array.isArray(body)) {
    for (const one of body) yield* offersOf(one, onlyNames)
    return
  }
  const from = body as Record<string, any>
  const resource = resourceOf(from)
  const names = (key: string) => onlyNames || Boolean(resource?.property.get(key)?.options.alwaysNamed)
  for (const [rel, links] of Object.entries<any>(from._links ?? {})) {
    for (const link of [links].flat()) {
      if (typeof link?.href !== 'string' || link.templated || link.type || !link.href.startsWith('/')) continue
      const method = (link.method ?? 'get').toUpperCase()
      yield { by: String(from._type), rel, method, href: link.href, payload: link.payload, from, onlyNames: names(rel) }
    }
  }
  for (const [key, value] of Object.entries(from._embedded ?? {})) yield* offersOf(value, names(key))
  for (const [key, value] of Object.entries(from)) if (key !== '_links' && key !== '_embedded') yield* offersOf(value, onlyNames)
}

/** An object within another one of the type `by`. */
export interface Embedded {
  readonly by: string
  readonly rel: string
  readonly body: Record<string, any>
}

/** Every embedded object with an address of its own, with the name under which it is embedded. */
export function* embeddedIn(body: unknown, by = '', rel = ''): Generator<Embedded> {
  if (typeof body !== 'object' || body === null) return
  if (Array.isArray(body)) {
    for (const one of body) yield* embeddedIn(one, by, rel)
    return
  }
  const own = body as Record<string, any>
  // The payload of a form has no address yet.
  if (rel !== '' && rel !== 'payload' && resourceOf(own)) yield { by, rel, body: own }
  for (const [key, value] of Object.entries(own._embedded ?? {})) yield* embeddedIn(value, String(own._type ?? by), key)
  // Schemas embed values in the entries of properties.
  for (const [key, value] of Object.entries(own))
    if (key !== '_links' && key !== '_embedded') yield* embeddedIn(value, `${own._type ?? by} ${key}`)
}

const lockOf = ({ lockVersion }: Record<string, any>) => (lockVersion === undefined ? {} : { lockVersion })
const isForm = ({ by, href }: Offer) => by === 'Form' || /\/form$/.test(href)

/** Whether following changes nothing: reading, requesting a form, and a change of nothing. */
export const isHarmless = (offer: Offer): boolean =>
  offer.method === 'GET' || (offer.method === 'PATCH' && offer.by !== 'Form') || (offer.method === 'POST' && isForm(offer))

/** Follows a link like a client that checks its permission, including redirects. */
export async function follow(offer: Offer, send: Wire): Promise<Exchange> {
  const { method, href, payload, from } = offer
  if (method === 'GET' || method === 'DELETE') {
    const answer = await send(method, href)
    const elsewhere = answer.headers.location
    return answer.status === 308 && typeof elsewhere === 'string' ? send(method, elsewhere) : answer
  }
  const accepts = operationAt(method, href)?.accepts
  if (accepts === 'parts') return send(method, href, oneFile.body, oneFile.headers)
  if (accepts === 'text') return send(method, href, 'Some *text*.', { 'content-type': 'text/plain' })
  return send(method, href, payload ?? (offer.by === 'Form' ? from._embedded.payload : lockOf(from)))
}

/** The reason why a link should not have been offered, from its response; undefined if it is permitted. */
export function offerFault(offer: Offer, { status }: Exchange): string | undefined {
  // A permitted request may still be incomplete, or cause a conflict.
  const lacks = status === 422 || (status === 400 && /^(POST|PUT)$/.test(offer.method) && !offer.payload)
  const isIncomplete = lacks && (offer.method === 'DELETE' || !isHarmless(offer))
  const isOnlyNamed = offer.onlyNames && offer.method === 'GET' && (status === 403 || status === 404)
  // A redirect leads out of the API.
  if ((status >= 200 && status < 300) || status === 303 || isIncomplete || isOnlyNamed) return undefined
  return `${offer.by} offers ${offer.rel}: ${offer.method} ${offer.href}, which answers ${status}`
}
