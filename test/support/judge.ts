/** Judges responses by the server's own OpenAPI document. */
import { operationsOf } from '../../scripts/contract/compare.ts'
import { judgeBy } from '../../scripts/contract/validate.ts'
import { operationAt } from './registry.ts'
import type { Exchange } from './wire.ts'

/** The faults of a response, in words; empty if it matches its description. */
export type Judge = (exchange: Exchange) => string[]

/** A judge for our own OpenAPI `document`. */
export function judgeByOurs(document: any): Judge {
  // The tool expects the schema of errors under the official document's name.
  const known = { ...document, components: { ...document.components, schemas: { ...document.components.schemas } } }
  known.components.schemas.ErrorResponse = known.components.schemas.Error
  const judge = judgeBy(known)
  const routes = operationsOf(known)
    .map((operation) => ({
      operation,
      pattern: new RegExp(`^${operation.path.replace(/\{[^}]*\}/g, '[^/]+')}$`),
      parameters: operation.path.split('{').length,
    }))
    .sort((a, b) => a.parameters - b.parameters)

  return (exchange) => {
    const { method, path, status, text, headers, body } = exchange
    const asked = `${method} ${path} answers ${status}:`
    const plain = path.split('?')[0]!
    const contentType = String(headers['content-type'] ?? '')
    if (status >= 500) return [`${asked} ${text}`]
    // A selection has only the selected properties.
    if (new URLSearchParams(path.split('?')[1]).has('select')) return []
    const route = routes.find((one) => one.operation.method === method.toLowerCase() && one.pattern.test(plain))
    if (!route) return []
    // A text may be empty.
    if (text === '' && contentType.startsWith('text/')) return []
    const breaches = judge(route.operation, { url: path, status, contentType, text })
    const isPlain = status < 300 && operationAt(method, path)?.answers.as === 'plain'
    const untyped = body !== undefined && !isPlain && typeof body._type !== 'string'
    return [
      ...breaches.map(({ pointer, message }) => `${asked} ${pointer} ${message}`),
      ...(untyped ? [`${asked} its body has no _type`] : []),
    ]
  }
}
