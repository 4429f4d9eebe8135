/** The operations by which a test controls a test double. */
import type { BodyType, JsonSchema } from '#kernel/bodies.ts'
import { type Clock, readClock, timeAfter, timeIn } from '#kernel/clock.ts'
import type { ApiRequest, Module, Operation } from '#kernel/declaration.ts'
import { ApiError, combined, notFound } from '#kernel/errors.ts'
import { module } from '#kernel/module.ts'
import { ok, operation } from '#kernel/operation.ts'
import { said } from '#text/messages.ts'
import { cuts, type Fault, type Faults, isErrorStatus, type Rule } from './faults.ts'
import type { Recorded, Recorder } from './recorder.ts'

/** What the operations of a test double control. */
export interface Controls {
  readonly faults: Faults
  readonly recorder: Recorder
  /** The ids of all operations. */
  readonly operations: () => readonly string[]
  /** Goes back to the state at the start. Resolves when that is reached. */
  reset(): Promise<void>
  /** Moves the clock, and runs the jobs that are due then. */
  moveClock(clock: Clock): Promise<void>
  /** Runs the jobs that are due. */
  settle(): Promise<void>
}

/** The path of all of them, below /api/v3. */
export const BASE = '/test'

const HREF = `/api/v3${BASE}`
const LONGEST_DELAY_MS = 600_000
const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE']

/** A list as HAL. */
const listOf = (self: string, elements: readonly object[]) =>
  ok({
    ...{ _type: 'Collection', total: elements.length, count: elements.length },
    _embedded: { elements },
    _links: { self: { href: self } },
  })

const clockBody = () => {
  const { at, runs } = readClock()
  return { _type: 'TestClock', at: at.toISOString(), runs, _links: { self: { href: `${HREF}/clock` } } }
}

const faultBody = ({ id, ...rest }: Fault) => {
  const href = `${HREF}/faults/${id}`
  return { _type: 'TestFault', id, ...rest, _links: { self: { href }, delete: { href, method: 'delete' } } }
}

const requestBody = (one: Recorded) => ({ _type: 'TestRequest', ...one })

const wrong = (attribute: string, sentence: string) =>
  new ApiError('PropertyFormatError', said`${sentence}`, { details: { attribute } })

/** Throws all errors that there are. */
function refuse(errors: readonly (ApiError | false)[]): void {
  const found = errors.filter((one) => one !== false)
  if (found.length > 0) throw combined(found)
}

const unknownIn = (body: object, known: readonly string[]) =>
  Object.keys(body)
    .filter((name) => !known.includes(name))
    .map((name) => wrong(name, `There is no property ${name}; it is one of ${known.join(', ')}.`))

/** The clock that a request asks for. Throws 422. */
function clockIn(body: Readonly<Record<string, unknown>>): Clock {
  const now = readClock()
  const { at, advance, runs = now.runs } = body
  const given = at !== undefined ? timeIn(String(at)) : advance !== undefined ? timeAfter(now.at, String(advance)) : now.at
  refuse([
    ...unknownIn(body, ['at', 'advance', 'runs']),
    at !== undefined && advance !== undefined && wrong('advance', 'Set either at or advance.'),
    typeof runs !== 'boolean' && wrong('runs', 'runs must be true or false.'),
    at !== undefined && !given && wrong('at', 'at must be a time such as 2026-01-05T09:00:00Z.'),
    at === undefined && !given && wrong('advance', 'advance must be a positive duration such as PT30M or P3D.'),
    given !== undefined &&
      given < now.at &&
      wrong(
        'at',
        `The clock only moves forward from ${now.at.toISOString()}: history cannot be undone. Reset the server, or start it with an earlier --clock.`,
      ),
  ])
  return { at: given as Date, runs: runs as boolean }
}

const isCount = (value: unknown, least: number, most = Number.MAX_SAFE_INTEGER) =>
  value === undefined || (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)

/** The properties of a rule, and why a value is wrong. */
const faultProperties: Readonly<Record<keyof Rule, (value: unknown, operations: readonly string[]) => string | undefined>> = {
  operation: (value, operations) =>
    operations.includes(String(value)) ? undefined : 'must be an operationId of /api/v3/spec.json, such as getWork_packages_Id.',
  method: (value) => (METHODS.includes(String(value).toUpperCase()) ? undefined : `must be one of ${METHODS.join(', ')}.`),
  path: (value) =>
    typeof value === 'string' && /^[/*]/.test(value)
      ? undefined
      : 'must be a path such as /api/v3/work_packages/*; * stands for anything.',
  status: (value) => (isErrorStatus(value) ? undefined : 'must be the status of an error, from 400 to 599.'),
  message: (value) => (typeof value === 'string' ? undefined : 'must be a sentence.'),
  retryAfter: (value) => (isCount(value, 0) ? undefined : 'must be a number of seconds.'),
  delay: (value) =>
    isCount(value, 0, LONGEST_DELAY_MS) ? undefined : `must be a number of milliseconds up to ${LONGEST_DELAY_MS}.`,
  cut: (value) => (cuts.some((cut) => cut === value) ? undefined : `must be one of ${cuts.join(', ')}.`),
  after: (value) => (isCount(value, 0) ? undefined : 'must be a number of requests.'),
  count: (value) => (isCount(value, 1) ? undefined : 'must be a number of requests from 1 up.'),
  probability: (value) => (typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'must be a number from 0 to 1.'),
  seed: (value) => (isCount(value, 0, 2 ** 32 - 1) ? undefined : 'must be an integer from 0 to 4294967295.'),
}

/** The rule that a request asks for. Throws 422. */
function ruleIn(body: Readonly<Record<string, unknown>>, operations: readonly string[]): Rule {
  const { status, delay, cut, retryAfter, message } = body
  const faults = Object.entries(faultProperties).map(([name, faultOf]) => {
    const fault = body[name] === undefined ? undefined : faultOf(body[name], operations)
    return fault !== undefined && wrong(name, `${name} ${fault}`)
  })
  refuse([
    ...unknownIn(body, Object.keys(faultProperties)),
    ...faults,
    status === undefined &&
      delay === undefined &&
      cut === undefined &&
      wrong('status', 'Set at least one of status, delay and cut.'),
    status !== undefined && cut !== undefined && wrong('cut', 'Set either status or cut.'),
    status === undefined && retryAfter !== undefined && wrong('retryAfter', 'retryAfter requires a status.'),
    status === undefined && message !== undefined && wrong('message', 'message requires a status.'),
  ])
  return body as Rule
}

/** Whether a recorded request matches the parameters. Throws 400. */
function recordedBy(params: URLSearchParams): (one: Recorded) => boolean {
  const operation = params.get('operation')
  const since = params.get('since')
  if (since !== null && !/^\d+$/.test(since)) {
    throw new ApiError('InvalidQuery', said`${`since must be the id of a recorded request, not "${since}".`}`)
  }
  return (one) => (operation === null || one.operation === operation) && (since === null || one.id > Number(since))
}

/** The module of the operations of a test double. */
export function control({ faults, recorder, operations: known, reset, moveClock, settle }: Controls): Module {
  const common = { open: true, extension: true, tag: 'TestDouble' } as const
  const done = { status: 204 }
  const moved = async ({ body }: Pick<ApiRequest, 'body'>) => {
    await moveClock(clockIn(body))
    return ok(clockBody())
  }
  const clockOperations = (['PUT', 'PATCH'] as const).map((method) =>
    operation({
      ...common,
      method,
      path: `${BASE}/clock`,
      summary: method === 'PUT' ? 'Set the clock' : 'Move the clock',
      description:
        'Moves the clock of the server forward, to a time (`at`) or by a duration (`advance`), and stops it there or lets it run on (`runs`). The response comes when the jobs that are due by then, such as reminders, have run.',
      takes: 'TestClockWrite',
      answers: { status: 200, of: 'TestClock', as: 'single' },
      run: moved,
    }),
  )
  const operations: readonly Operation[] = [
    operation({
      ...common,
      method: 'POST',
      path: `${BASE}/reset`,
      summary: 'Reset the server',
      description:
        'Goes back to the state at the start: data, files, tokens, sessions, jobs, the clock, faults and recorded requests. Running requests end before, within two seconds, or get 503; later requests wait until it is done.',
      answers: done,
      run: async () => {
        await reset()
        return { status: 204 }
      },
    }),
    operation({
      ...common,
      method: 'POST',
      path: `${BASE}/jobs`,
      summary: 'Run jobs',
      description: 'Runs the jobs that are due, such as notifications and mails, and those that they cause.',
      answers: done,
      run: async () => {
        await settle()
        return { status: 204 }
      },
    }),
    operation({
      ...common,
      method: 'GET',
      path: `${BASE}/clock`,
      summary: 'View the clock',
      description: 'Returns the time of the server, and whether it goes on.',
      answers: { status: 200, of: 'TestClock', as: 'single' },
      run: async () => ok(clockBody()),
    }),
    ...clockOperations,
    operation({
      ...common,
      method: 'POST',
      path: `${BASE}/faults`,
      summary: 'Add a fault',
      description:
        'Adds a rule by which requests get an error, a delay or a broken connection. Rules are tried in the order in which they were added; the first that applies wins.',
      takes: 'TestFaultWrite',
      answers: { status: 201, of: 'TestFault', as: 'single' },
      run: async ({ body }) => ({ status: 201, body: faultBody(faults.add(ruleIn(body, known()))) }),
    }),
    operation({
      ...common,
      method: 'GET',
      path: `${BASE}/faults`,
      summary: 'List faults',
      description: 'Returns the rules, and how many requests each has matched.',
      answers: { status: 200, of: 'TestFault', as: 'collection' },
      run: async () => listOf(`${HREF}/faults`, faults.all().map(faultBody)),
    }),
    operation({
      ...common,
      method: 'GET',
      path: `${BASE}/faults/:id`,
      summary: 'View a fault',
      description: 'Returns a rule, and how many requests it has matched.',
      answers: { status: 200, of: 'TestFault', as: 'single' },
      run: async ({ params }) => {
        const found = faults.all().find(({ id }) => String(id) === params.id)
        if (!found) throw notFound()
        return ok(faultBody(found))
      },
    }),
    operation({
      ...common,
      method: 'DELETE',
      path: `${BASE}/faults/:id`,
      summary: 'Delete a fault',
      description: 'Deletes a rule.',
      answers: done,
      run: async ({ params }) => {
        if (!faults.remove(Number(params.id))) throw notFound()
        return { status: 204 }
      },
    }),
    operation({
      ...common,
      method: 'DELETE',
      path: `${BASE}/faults`,
      summary: 'Delete all faults',
      description: 'Deletes all rules, and ends running delays, whose requests get 503.',
      answers: done,
      run: async () => {
        faults.clear()
        return { status: 204 }
      },
    }),
    operation({
      ...common,
      method: 'GET',
      path: `${BASE}/requests`,
      summary: 'List recorded requests',
      description:
        'Returns the latest thousand requests, oldest first, except those to the test double itself. Secrets in headers, queries and bodies are replaced by `***`.',
      query: ['operation', 'since'],
      answers: { status: 200, of: 'TestRequest', as: 'collection' },
      run: async ({ context: { params } }) =>
        listOf(`${HREF}/requests`, recorder.all().filter(recordedBy(params)).map(requestBody)),
    }),
    operation({
      ...common,
      method: 'DELETE',
      path: `${BASE}/requests`,
      summary: 'Forget recorded requests',
      description: 'Forgets the recorded requests.',
      answers: done,
      run: async () => {
        recorder.clear()
        return { status: 204 }
      },
    }),
  ]
  return module('test-double', {
    needs: ['instance'],
    chapters: [
      {
        part: 'The instance',
        name: 'Test double',
        description: 'Controls of a server that runs with `--ephemeral`; no other server has them. They need no credentials.',
        of: ['TestDouble'],
      },
    ],
    bodies,
    operations,
  })
}

const text = (description: string): JsonSchema => ({ type: 'string', description })
const count = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description })
const orNull = (schema: JsonSchema): JsonSchema => ({ ...schema, type: [schema.type, 'null'] })

const rule: JsonSchema = {
  operation: text('The `operationId` of the requests.'),
  method: { type: 'string', enum: METHODS, description: 'The method of the requests.' },
  path: text('The path of the requests, in which `*` stands for anything.'),
  status: { type: 'integer', minimum: 400, maximum: 599, description: 'Answers this error.' },
  message: text('The message of the error.'),
  retryAfter: count('The seconds of the header `Retry-After`.'),
  delay: count('Waits this many milliseconds first.'),
  cut: {
    type: 'string',
    enum: cuts,
    description:
      'Breaks the connection: before the request is handled, or, once it has been handled, before the response, after its headers, or in the middle of its body.',
  },
  after: count('Matching requests that are handled as usual first.'),
  count: count('How many requests get the fault; all by default.'),
  probability: { type: 'number', minimum: 0, maximum: 1, description: 'The probability of the fault; 1 by default.' },
  seed: count('Seed of the random numbers for `probability`.'),
}
const clock: JsonSchema = {
  at: { type: 'string', format: 'date-time', description: 'The time.' },
  runs: { type: 'boolean', description: 'Whether the clock runs.' },
}
const tagged = (type: string, properties: JsonSchema): JsonSchema => ({
  type: 'object',
  required: ['_type'],
  properties: { _type: { type: 'string', const: type }, ...properties },
})
const links = { self: { href: '/api/v3/test/clock' } }

const bodies: Readonly<Record<string, BodyType>> = {
  TestClock: {
    description: 'The clock of a test double.',
    schema: tagged('TestClock', { ...clock, _links: { type: 'object' } }),
    example: { _type: 'TestClock', at: '2026-01-05T09:00:00.000Z', runs: false, _links: links },
  },
  TestClockWrite: {
    description: 'Where the clock of a test double is to be.',
    schema: {
      type: 'object',
      properties: { ...clock, advance: { type: 'string', format: 'duration', description: 'How far to move it.' } },
    },
    example: { advance: 'P3D' },
  },
  TestFault: {
    description: 'A rule by which a test double injects faults.',
    schema: tagged('TestFault', {
      id: count('The id of the rule.'),
      ...rule,
      seen: count('Matching requests so far.'),
      injected: count('Requests that got the fault.'),
      _links: { type: 'object' },
    }),
    example: { _type: 'TestFault', id: 1, path: '/api/v3/work_packages/*', status: 503, retryAfter: 1, seen: 3, injected: 3 },
  },
  TestFaultWrite: {
    description: 'A rule by which a test double is to inject faults.',
    schema: { type: 'object', properties: rule },
    example: { operation: 'postWork_packages', status: 503, retryAfter: 1, count: 2 },
  },
  TestRequest: {
    description: 'A request that a test double got.',
    schema: tagged('TestRequest', {
      id: count('Counts the requests since the start.'),
      at: { type: 'string', format: 'date-time', description: 'When, by the clock of the server.' },
      method: text('The method.'),
      path: text('The path.'),
      query: { type: 'object', description: 'The query parameters.' },
      headers: { type: 'object', description: 'The headers.' },
      body: { description: 'The JSON value or the fields of a form, or a text; null for files.' },
      user: orNull(count('The id of the user; null before the credentials were known.')),
      operation: orNull(text('The `operationId`; null for pages and unknown paths.')),
      status: orNull(count('The status of the response; null if there was none.')),
      duration: { type: ['number', 'null'], description: 'Milliseconds; null while the request runs.' },
      fault: orNull(count('The id of the rule of an injected fault.')),
    }),
    example: {
      ...{ _type: 'TestRequest', id: 7, at: '2026-01-05T09:00:00.000Z', method: 'GET', path: '/api/v3/work_packages/1' },
      ...{ query: {}, headers: { authorization: 'Bearer ***' }, body: null, user: 4, operation: 'getWork_packages_Id' },
      ...{ status: 200, duration: 3.1, fault: null },
    },
  },
}
