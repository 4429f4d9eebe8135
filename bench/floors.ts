/**
 * Two servers that show how fast Node could answer, each in a process of its own. The first sends the same bytes prebuilt. The
 * second reads the rows by minimal SQL, or writes one durably, puts them into the same body and sends `JSON.stringify` of it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cases, type Work } from './cases.ts'
import type { Dataset } from './data.ts'
import { type Body, fillProject, fillVersion, fillWorkPackage } from './fill.ts'
import { openStore, type Store } from './store.ts'
import { answerQuestions } from './worker.ts'

/** Turns a process into one of the two servers; the answer is its port. */
export interface Floor {
  floor: 1 | 2
  /** The address of the database, which the second reads and writes. */
  databaseUrl: string
  dataset: Dataset
  /** What Halyard answered, by `keyOf`. */
  answers: ReadonlyMap<string, string>
}

/** What tells requests apart that are answered differently. Writes of a kind have one sample. */
export const keyOf = (method: string, path: string, token: string): string =>
  method === 'GET' ? `${method} ${path} ${token}` : method

/** The body of an answer, given the body and the path of the request. */
type Answer = (sent: string, path: string) => Promise<Body>
type Handler = (request: IncomingMessage, key: string) => Buffer | string | Promise<string>

/** Answers with what is there. */
function prebuilt({ answers }: Floor): Handler {
  const bytes = new Map([...answers].map(([key, text]) => [key, Buffer.from(text)]))
  return (_, key) => bytes.get(key) as Buffer
}

/** Answers from the database. */
async function read({ databaseUrl, dataset, answers }: Floor): Promise<Handler> {
  const store = await openStore(databaseUrl, dataset.viewer.id)
  const handlers = new Map<string, Answer>()
  for (const request of cases.flatMap((one) => one.requests(dataset))) {
    const key = keyOf(request.method, request.path, request.token)
    const answer = answers.get(key)
    if (answer !== undefined && !handlers.has(key)) handlers.set(key, answerTo(request.work, JSON.parse(answer), store, dataset))
  }
  return async (request, key) =>
    JSON.stringify(await handlers.get(key)!(request.method === 'GET' ? '' : await bodyOf(request), request.url as string))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) text += chunk
  return text
}

/** How a kind of request is answered. Rows and texts are put into `body`, which Halyard gave. */
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
    case 'list': {
      const embedded = body['_embedded']
      const since = work.kind === 'list' ? work.since : undefined
      const elements = new Map<number, Body>(embedded.elements.map((element: Body) => [element['id'], element]))
      const [readPage, fill] = work.kind === 'list' ? [store.list(work), fillWorkPackage] : [store.projects(work), fillProject]
      return async () => {
        const { rows, total } = await readPage()
        const then = since ? await store.versions(idsOf(rows), new Date(Date.now() - since * DAY_MS).toISOString()) : []
        for (const version of then) fillVersion(elements.get(version['id'])!, version)
        embedded.elements = rows.map((row) => {
          const element = elements.get(row['id'])!
          fill(element, row)
          if (since) element['_links'].self.href += `?timestamps=P${since}D%2CPT0S`
          return element
        })
        body['total'] = total
        body['count'] = rows.length
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
        body['description'].raw = description.raw
        body['createdAt'] = now
        return written(body, created, subject, now)
      }
    case 'update':
      return async (sent, path) => {
        const { subject, lockVersion } = JSON.parse(sent)
        const id = Number(path.slice(path.lastIndexOf('/') + 1))
        const now = new Date().toISOString()
        await store.update(id, subject, lockVersion, now)
        body['lockVersion'] = lockVersion + 1
        return written(body, id, subject, now)
      }
  }
}

const DAY_MS = 86_400_000
const idsOf = (rows: readonly Body[]): number[] => rows.map((row) => row['id'])

/** The answer to a write. */
function written(body: Body, id: number, subject: string, now: string): Body {
  body['id'] = id
  body['subject'] = subject
  body['updatedAt'] = now
  Object.assign(body['_links'].self, { href: `/api/v3/work_packages/${id}`, title: subject })
  return body
}

/**
 * Ends an answer with a text in slices. Node asks for three bytes for each character of a text at once; where that is much, the
 * system hands out memory anew for every answer, or does not, as it happens.
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
