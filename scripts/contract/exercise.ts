/** Reads all linked resources of the server, and sends requests that it must reject. */
import type { Operation } from './compare.ts'
import { shapeOf } from './compare.ts'
import type { Session } from './session.ts'

// Enough to cover resources of several types and states, few enough to end soon.
const readsPerOperation = 6

// Resources that always exist, possibly without a link to them.
const givens = [
  '/api/v3/oauth_applications/1',
  '/api/v3/wiki_pages/1',
  '/api/v3/posts/1',
  '/api/v3/users/me',
  '/api/v3/values/schema/startDate',
  '/api/v3/project_statuses/on_track',
  '/api/v3/days/week/1',
  `/api/v3/days/${new Date().toISOString().slice(0, 10)}`,
  '/api/v3/queries/columns/subject',
  '/api/v3/project_phases/1',
  '/api/v3/queries/filters/status',
  '/api/v3/queries/filter_instance_schemas/status',
  '/api/v3/queries/operators/=',
  '/api/v3/queries/sort_bys/id-asc',
]

// Parameters that change the shape of a response.
const variants: Record<string, string[]> = {
  'GET /api/v3/work_packages': ['groupBy=status&showSums=true', 'pageSize=1&offset=2', 'timestamps=P-1D,PT0S'],
  'GET /api/v3/projects': ['pageSize=1'],
  'GET /api/v3/notifications': ['groupBy=reason'],
}

/** Reads every present GET operation, following links until they lead to nothing new or enough was read. */
export async function crawl(session: Session): Promise<void> {
  for (const given of givens) session.suppose(given)
  const reads = [...session.operations.values()].filter(({ method }) => method === 'get')
  const left = new Map(reads.map((operation) => [operation.name, readsPerOperation]))
  for (let asked = true; asked; ) {
    asked = false
    for (const operation of reads) {
      for (const target of targetsOf(session, operation).slice(0, left.get(operation.name)!)) {
        asked = true
        left.set(operation.name, left.get(operation.name)! - 1)
        // The server's own links must be valid; a guessed address may be rejected.
        const offered = operation.path === target || session.linked(operation).includes(target)
        await session.send(operation, target, { expect: offered ? 'success' : 'documented' })
      }
    }
  }
}

/** The unread addresses of `operation`: linked ones before guessed ones. */
function targetsOf(session: Session, operation: Operation): string[] {
  const linked = session.linked(operation)
  const last = operation.path.lastIndexOf('}')
  const place = shapeOf(operation.path.slice(0, last + 1))
  const guessed = session.known(place).map((resource) => resource + operation.path.slice(last + 1))
  const listed = [operation.path, ...(variants[operation.name] ?? []).map((query) => `${operation.path}?${query}`)]
  const targets = last < 0 ? [...listed, ...linked] : [...linked, ...guessed]
  if (operation.name === 'GET /api/v3/work_packages/schemas') targets.splice(0, 1, ...schemaPages(session, operation))
  return [...new Set(targets)].filter((target) => !session.wasAsked(operation, target))
}

/** The list of work package schemas requires a filter by id. */
function schemaPages(session: Session, { path }: Operation): string[] {
  const values = session.known('/api/v3/work_packages/schemas/{}').map((schema) => schema.split('/').at(-1))
  const filters = JSON.stringify([{ id: { operator: '=', values: values.slice(0, 3) } }])
  return values.length > 0 ? [`${path}?filters=${encodeURIComponent(filters)}`] : []
}

/** Sends requests that must be rejected: unknown ids, wrong credentials, broken or empty bodies, wrong types, broken filters. */
export async function provoke(session: Session): Promise<void> {
  for (const operation of session.operations.values()) {
    const { method, name, definition } = operation
    const parameters: any[] = definition.parameters ?? []
    const ids = parameters.filter((parameter) => parameter.in === 'path')
    const documents = (status: number) => String(status) in definition.responses
    if (ids.length > 0 && documents(404)) {
      const plain = method !== 'post' && method !== 'patch' && ids.every((parameter) => parameter.schema.type === 'integer')
      const body = method === 'get' ? undefined : {}
      await session.call(
        name,
        ids.map(() => 999_999_999),
        { body, expect: plain ? 404 : 'refusal' },
      )
    }
    if (ids.length > 0) continue
    const json = definition.requestBody?.content?.['application/json']
    if (json && documents(400)) await session.call(name, [], { body: '{', expect: 400 })
    if (json && method === 'post' && documents(422)) await session.call(name, [], { body: {}, expect: 'refusal' })
    if (json && documents(406)) await session.call(name, [], { contentType: null, expect: 406 })
    if (json && documents(415)) await session.call(name, [], { body: 'a,b', contentType: 'text/csv', expect: 415 })
    const filters = parameters.some((parameter) => parameter.name === 'filters')
    if (method === 'get' && filters && documents(400)) await session.call(name, [], { query: 'filters=%5B', expect: 400 })
  }
  for (const collection of ['work_packages', 'projects', 'users', 'time_entries']) {
    await session.call(`GET /api/v3/${collection}`, [], { token: 'opapi-unknown', expect: 401 })
  }
}
