/** Judges a response by the official document's schema for its operation and status. */
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Operation } from './compare.ts'

/** The response of the server, with the body as text. */
export type Answer = { url: string; status: number; contentType: string; text: string }

/** A violation of the contract; `pointer` is a JSON pointer into the body, empty for the response as a whole. */
export type Violation = { operation: string; url: string; pointer: string; message: string }

/** Judges a response of an operation. */
export type Judge = (operation: Operation, answer: Answer) => Violation[]

const errorSchema = ['components', 'schemas', 'ErrorResponse']
// Hints for human readers; ajv knows the other formats.
const looseFormats = { markdown: true, plain: true, html: true, 'hex-code': true, uri: true } as const

/** Makes the judge for `document`, compiling each response schema on first use. */
export function judgeBy(document: any): Judge {
  const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true, logger: false })
  addFormats.default(ajv)
  for (const [name, format] of Object.entries(looseFormats)) ajv.addFormat(name, format)
  ajv.addSchema(document, 'official')
  const compiled = new Map<string, ValidateFunction>()
  const schemaAt = (keys: string[]): ValidateFunction => {
    const reference = `official#/${keys.map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`
    const known = compiled.get(reference) ?? ajv.compile({ $ref: reference })
    compiled.set(reference, known)
    return known
  }

  return (operation, answer) => {
    const complain = (pointer: string, message: string): Violation => ({
      operation: operation.name,
      url: answer.url,
      pointer,
      message,
    })
    const status = String(answer.status)
    const documented = operation.definition.responses[status]
    const refusal = answer.status >= 400 && answer.status < 500
    if (!documented && !refusal) return [complain('', `status ${status} is not documented`)]

    // The content of a redirection is its Location; its body, if any, is for browsers.
    if (answer.status >= 300 && answer.status < 400) return []
    const path = operation.name.split(' ')[1]!
    const at: string[] = documented?.$ref?.slice(2).split('/') ?? ['paths', path, operation.method, 'responses', status]
    const content = documented && at.reduce((node, key) => node?.[key], document)?.content
    const [media = 'application/hal+json', body] = Object.entries<any>(content ?? {})[0] ?? []
    if (answer.text === '') return content ? [complain('', `status ${status} has no body`)] : []
    if (media !== '*/*' && answer.contentType.split(';')[0]!.trim() !== media) {
      return [complain('', `content type is "${answer.contentType}", not ${media}`)]
    }

    let value: unknown = answer.text
    if (media.endsWith('json')) {
      try {
        value = JSON.parse(answer.text)
      } catch {
        return [complain('', 'the body is not JSON')]
      }
    }
    const schema = body?.schema ? [...at, 'content', media, 'schema'] : refusal && !body ? errorSchema : undefined
    const valid = schema && schemaAt(schema)
    return !valid || valid(value) ? [] : valid.errors!.map((error) => complain(error.instancePath, wording(error)))
  }
}

function wording({ keyword, params, message }: ErrorObject): string {
  if (keyword === 'enum') return `${message}: ${params.allowedValues.join(', ')}`
  return message ?? keyword
}
