/**
 * Two servers that show how fast Node could respond, each in a process of its own. The first sends the same bytes prebuilt. The
 * second reads the rows by minimal SQL, or writes one durably, inserts them into the same body and sends `JSON.stringify` of it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cases, type Work } from './cases.ts'
import type { Dataset } from './dataset.ts'
import { type Body, fillGroup, fillProject, fillQuery, fillVersion, fillWorkPackage, sumsOf } from './fill.ts'
import { openStore, type Rows, type Store } from './store.ts'
import { answerQuestions } from './worker.ts'

/** Makes a process one of the two servers; the answer is its port. */
export interface Floor {
  floor: 1 | 2
  /** The URL of the database, which the second floor reads and writes. */
  databaseUrl: string
  dataset: Dataset
  /** Halyard's responses, by `keyOf`. */
  answers: ReadonlyMap<string, string>
}

/** A key that distinguishes requests with different responses. */
export const keyOf = (method: string, path: string, token: string): string => `${method} ${path} ${token}`

/** The response body for a request body. */
type Answer = (sent: string) => Promise<Body>
type Handler = (request: IncomingMessage, key: string) => Buffer | string | Promise<string>

/** Responds with prebuilt bytes. */
function prebuilt({ answers }: Floor): Handler {
  const bytes = new Map([...answers].map(([key, text]) => [key, Buffer.from(text)]))
  return (_, key) => bytes.get(key) as Buffer
}

/** Responds from the database. */
async function read({ databaseUrl, dataset, answers }: Floor): Promise<Handler> {
  const store = await openStore(databaseUrl, dataset)
  const handlers = new Map<string, Answer>()
  for (const request of cases.flatMap((one) => one.requests(dataset))) {
    const key = keyOf(request.method, request.path, request.token)
    const answer = answers.get(key)
    if (answer !== undefined && !handlers.has(key)) handlers.set(key, answerTo(request.work, JSON.parse(answer), store, dataset))
  }
  return async (request, key) => JSON.stringify(await handlers.get(key)!(request.method === 'GET' ? '' : await bodyOf(request)))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) text += chunk
  return text
}

/** The handler for a kind of request. It inserts rows and texts into `body`, Halyard's response. */
function answerTo(work: Work, body: Body, store: Store, { viewer }: Dataset): Answer {
  switch (work.kind) {
    case 'single': {
      const readOne = store.single(work.id)
      return async () => {
        fillWorkPackage(body, (await readOne())[0]!)
        return body
      }
    }
    case 'projects':
      return collection(body, store.projects(work), fillProject)
    case 'list': {
      const { since } = work
      if (!since) return collection(body, store.list(work), fillWorkPackage)
      const then = new Map<number, Body>()
      const readList = store.list(work)
      const readBoth = async () => {
        const list = await readList()
        const at = new Date(Date.now() - since * DAY_MS).toISOString()
        for (const version of await store.versions(idsOf(list.rows), at)) then.set(version.id, version)
        return list
      }
      return collection(body, readBoth, (element, row) => {
        fillWorkPackage(element, row)
        fillVersion(element, then.get(row.id)!)
        element._links.self.href += `?timestamps=P${since}D%2CPT0S`
      })
    }
    case 'grouped': {
      const assignees = body.groups.map(assigneeOf)
      return collection(body, store.grouped(work, assignees), fillWorkPackage)
    }
    case 'query': {
      const readQuery = store.query(work.id)
      const fillResults = collection(body._embedded.results, store.list(work), fillWorkPackage)
      return async () => {
        fillQuery(body, (await readQuery())[0]!)
        await fillResults()
        return body
      }
    }
    case 'create':
      return async (sent) => {
        const { subject, description, _links: links } = JSON.parse(sent)
        const id = (name: string) => Number(links[name].href.slice(links[name].href.lastIndexOf('/') + 1))
        const now = new Date().toISOString()
        const created = await store.create({
          project_id: id('project'),
          type_id: id('type'),
          status_id: 1,
          priority_id: id('priority'),
          author_id: viewer.id,
          assigned_to_id: id('assignee'),
          subject,
          description: description.raw,
          created_at: now,
          updated_at: now,
        })
        body.description.raw = description.raw
        body.createdAt = now
        return written(body, created, subject, now)
      }
    case 'update':
      return async (sent) => {
        const { subject, lockVersion } = JSON.parse(sent)
        const now = new Date().toISOString()
        await store.update(work.id, subject, lockVersion, now)
        body.lockVersion = lockVersion + 1
        return written(body, work.id, subject, now)
      }
    case 'cascade':
      return async (sent) => {
        const { startDate, dueDate, lockVersion } = JSON.parse(sent)
        const now = new Date().toISOString()
        await store.cascade(work.id, startDate, now)
        Object.assign(body, { startDate, dueDate, lockVersion: lockVersion + 1 })
        return written(body, work.id, body.subject, now)
      }
  }
}

/** The assignee of a group, if any. */
const assigneeOf = (group: Body): number | null => {
  const href: string | undefined = group._links.valueLink[0]?.href
  return href === undefined ? null : Number(href.slice(href.lastIndexOf('/') + 1))
}

/** A collection of the rows that are read for each request, and of their groups if it is grouped. */
function collection(
  body: Body,
  readPage: () => Promise<Rows>,
  fillElement: (element: Body, row: Body) => void,
): () => Promise<Body> {
  const elements = new Map<number, Body>(body._embedded.elements.map((element: Body) => [element.id, element]))
  const known = new Map<number | null, Body>(body.groups?.map((group: Body) => [assigneeOf(group), group]))
  return async () => {
    const { rows, total, groups, sums } = await readPage()
    body._embedded.elements = rows.map((row) => {
      // A row that has been created since is told like another one.
      const element = elements.getOrInsertComputed(row.id, () => structuredClone(body._embedded.elements[0]))
      fillElement(element, row)
      return element
    })
    if (groups && sums) {
      body.groups = groups.map((row) => fillGroup(known.get(row.assigned_to_id)!, row))
      body.totalSums = sumsOf(sums)
    }
    body.total = total
    body.count = rows.length
    return body
  }
}

const DAY_MS = 86_400_000
const idsOf = (rows: readonly Body[]): number[] => rows.map((row) => row.id)

/** The response to a write. */
function written(body: Body, id: number, subject: string, now: string): Body {
  body.id = id
  body.subject = subject
  body.updatedAt = now
  Object.assign(body._links.self, { href: `/api/v3/work_packages/${id}`, title: subject })
  return body
}

/**
 * Ends a response with a text in slices. Node allocates three bytes for each character of a text at once; for large texts, the
 * system allocates memory anew for every response, or does not, unpredictably.
 */
function endSliced(response: ServerResponse, text: string): void {
  response.cork()
  let start = 0
  for (; start + SLICE < text.length; start += SLICE) response.write(text.slice(start, start + SLICE))
  response.end(text.slice(start))
}
const SLICE = 40_000

async function start(question: Floor): Promise<number> {
  const handle = question.floor === 1 ? prebuilt(question) : await read(question)
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    if (question.floor === 1) request.resume()
    try {
      const body = await handle(request, keyOf(method, url, headers.authorization?.slice('Bearer '.length) ?? ''))
      response.writeHead(method === 'POST' ? 201 : 200, {
        'content-type': 'application/hal+json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
      })
      if (typeof body === 'string') endSliced(response, body)
      else response.end(body)
    } catch (error) {
      const text = String(error instanceof Error ? error.stack : error)
      response.writeHead(500, { 'content-length': Buffer.byteLength(text) }).end(text)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

if (import.meta.main) answerQuestions<Floor, number>(start)
