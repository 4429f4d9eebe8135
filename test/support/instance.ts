/** A server for a test file, on the engine under test, and HTTP clients for it. */

import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Database, Transaction } from '#db/database.ts'
import { insert } from '#db/dialect.ts'
import { join, raw, sql } from '#db/sql.ts'
import { memoryStore } from '#files/memory.ts'
import type { FileStore } from '#files/store.ts'
import type { TimeLimits } from '#http/limits.ts'
import { makeToken, type Wanted } from '#identity/tokens.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Model, Subscriber } from '#kernel/declaration.ts'
import { verifyKept } from '#kernel/read/kept.ts'
import { begin } from '#kernel/write/history.ts'
import type { Outgoing } from '#outgoing/client.ts'
import { build } from '#server/app.ts'
import type { MetricsChoice } from '#server/config/read.ts'
import { serveMetrics } from '#server/metrics/serving.ts'
import { product } from '#server/modules.ts'
import { setup } from '#server/setup.ts'
import { type Place, serverDatabase } from './database.ts'
import type { Outside } from './outside.ts'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The parsed body. */
  readonly body: any
}

export interface Client {
  get(path: string, headers?: Record<string, string>): Promise<Reply>
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
  patch(path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
  delete(path: string, headers?: Record<string, string>): Promise<Reply>
  /** Any request; the path is below the server's root. */
  send(
    method: string,
    path: string,
    options?: { body?: string | Uint8Array<ArrayBuffer> | FormData; headers?: Record<string, string> },
  ): Promise<Reply>
}

export interface Instance {
  readonly db: Database
  /** Another program that uses the same database. */
  readonly outside: Outside
  readonly files: FileStore
  readonly url: string
  readonly admin: Client
  readonly anonymous: Client
  readonly adminToken: string
  /** The product, with the subscribers of the test. */
  readonly model: Model
  /** The server itself. */
  readonly app: FastifyInstance
  /** The log lines of the server; empty without a log level. */
  readonly logged: readonly string[]
  /** A new token for this user, without limits by default. */
  token(userId: number, wanted?: Partial<Wanted>): Promise<string>
  /** A client with a token of this user. */
  as(userId: number, wanted?: Partial<Wanted>): Promise<Client>
  readonly make: ReturnType<typeof makers>
  /** The id of a seeded row. */
  id(table: string, name: string): Promise<number>
  setting(name: string, value: unknown): Promise<void>
  close(): Promise<void>
}

// Whatever a test asks for, no text that is kept may be out of date.
verifyKept()

/** Starts a server with basic data on an empty database. Paths given to clients are below /api/v3. */
export async function instance({
  seed = 'basic',
  logLevel = 'silent',
  files = memoryStore(),
  times = {},
  subscribers = [],
  outgoing,
  mail = true,
  metrics,
  ...place
}: {
  seed?: 'basic' | 'demo' | 'none'
  logLevel?: string
  files?: FileStore
  times?: Partial<TimeLimits>
  subscribers?: readonly Subscriber[]
  outgoing?: Outgoing
  mail?: boolean
  metrics?: MetricsChoice
} & Place = {}): Promise<Instance> {
  const { db, outside, drop } = await serverDatabase(seed, place)
  const adminToken = `opapi-${randomBytes(20).toString('hex')}`
  await setup(db, { seed, adminToken })
  const logged: string[] = []
  const app = await build(db, {
    ...{ files, times, subscribers, mail, logLevel, logTo: { write: (line) => void logged.push(line) } },
    ...(outgoing && { outgoing }),
    ...(metrics && { metrics: serveMetrics(db, metrics) }),
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const write = <T>(work: (tx: Transaction) => Promise<T>) => db.transaction(work)
  const token: Instance['token'] = (userId, wanted) =>
    write((tx) =>
      makeToken(tx, userId, { name: 'test', scope: 'api_v3', expiresAt: null, projects: null, ...wanted }, new Date()),
    )
  return {
    db,
    outside,
    files,
    url,
    admin: client(url, adminToken),
    anonymous: client(url),
    adminToken,
    model: { ...product, subscribers: [...product.subscribers, ...subscribers] },
    app,
    logged,
    token,
    as: async (userId, wanted) => client(url, await token(userId, wanted)),
    make: makers(db),
    id: async (table, name) => {
      const row = await db.one<{ id: number }>(sql`select id from ${raw(table)} where name = ${name}`)
      if (!row) throw new Error(`There is no ${name} in ${table}.`)
      return row.id
    },
    setting: (name, value) =>
      write(async (tx) => {
        await tx.run(sql`insert into settings (name, value) values (${name}, ${JSON.stringify(value)})
          on conflict (name) do update set value = excluded.value`)
        await invalidate(tx, 'settings')
      }),
    close: async () => {
      await app.close()
      await drop()
    },
  }
}

/** A client of a server; without a token it is anonymous. */
export function client(url: string, token?: string): Client {
  const send: Client['send'] = async (method, path, { body, headers = {} } = {}) => {
    const response = await fetch(url + path, {
      method,
      redirect: 'manual',
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, text, body: isJson && text ? JSON.parse(text) : undefined }
  }
  const write =
    (method: string) =>
    (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
      send(method, `/api/v3${path}`, { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } })
  return {
    send,
    get: (path, headers = {}) => send('GET', `/api/v3${path}`, { headers }),
    delete: (path, headers = {}) => send('DELETE', `/api/v3${path}`, { headers }),
    post: write('POST'),
    patch: write('PATCH'),
  }
}

/** `filters` for a query string. */
export const filters = (...list: [name: string, operator: string, values?: (string | number)[]][]): string =>
  `filters=${encodeURIComponent(JSON.stringify(list.map(([name, operator, values = []]) => ({ [name]: { operator, values: values.map(String) } }))))}`

/** The ids of a collection's elements, in order. */
export const ids = (reply: Reply): number[] => reply.body._embedded.elements.map((element: { id: number }) => element.id)

/** Rows inserted directly, as setup of other tests. Each function gives the new row's id. */
function makers(db: Database) {
  let count = 0
  const now = new Date().toISOString()
  const stamps = { created_at: now, updated_at: now }
  const add = (table: string, values: Record<string, unknown>, ...topics: Parameters<typeof invalidate>[1][]) =>
    db.transaction(async (tx) => {
      const row = (await tx.one<{ id: number }>(insert(table, values))) as { id: number }
      if (topics.length > 0) await invalidate(tx, ...topics)
      return row.id
    })

  const role = async (permissions: readonly string[], kind = 'project') => {
    const id = await add('roles', { name: `Role ${++count}`, kind, position: 100 + count, ...stamps }, 'roles')
    await db.transaction(async (tx) => {
      const lines = permissions.map((permission) => sql`(${id}, ${permission})`)
      if (lines.length > 0) await tx.run(sql`insert into role_permissions (role_id, permission) values ${join(lines)}`)
      await invalidate(tx, 'roles')
    })
    return id
  }
  const member = async (principal: number, project: number | null, permissions: readonly string[] | { role: number }) => {
    const roleId = 'role' in permissions ? permissions.role : await role(permissions, project === null ? 'global' : 'project')
    const id = await add('memberships', { principal_id: principal, project_id: project, ...stamps }, 'memberships')
    await add('membership_roles', { membership_id: id, role_id: roleId }, 'memberships')
    return id
  }
  return {
    role,
    /** A membership with a role of exactly these permissions; without a project it is global. */
    member,
    user: async (values: Record<string, unknown> = {}) => {
      const n = ++count
      return add(
        'principals',
        {
          type: 'User',
          name: `Vera ${n}`,
          first_name: 'Vera',
          last_name: String(n),
          login: `vera${n}`,
          email: `vera${n}@example.net`,
          status: 1,
          ...stamps,
          ...values,
        },
        'principals',
      )
    },
    group: async (values: Record<string, unknown> = {}) =>
      add('principals', { type: 'Group', name: `Group ${++count}`, status: 1, ...stamps, ...values }, 'principals'),
    /** A private project with all modules and types. */
    project: async (values: Record<string, unknown> = {}) => {
      const n = ++count
      const id = await add('projects', { identifier: `project-${n}`, name: `Project ${n}`, ...stamps, ...values }, 'projects')
      await db.transaction(async (tx) => {
        await tx.run(
          sql`insert into enabled_modules (project_id, name) select distinct ${id}${raw(db.engine === 'postgres' ? '::int' : '')}, module from permissions where module is not null`,
        )
        await tx.run(
          sql`insert into project_types (project_id, type_id) select ${id}${raw(db.engine === 'postgres' ? '::int' : '')}, id from types`,
        )
        await invalidate(tx, 'projects')
      })
      return id
    },
    workPackage: async (values: Record<string, unknown> & { project_id: number }) => {
      const first = async (table: string) =>
        ((await db.one<{ id: number }>(sql`select id from ${raw(table)} order by position limit 1`)) as { id: number }).id
      const id = await add('work_packages', {
        type_id: await first('types'),
        status_id: await first('statuses'),
        priority_id: await first('priorities'),
        author_id: (
          (await db.one<{ id: number }>(sql`select id from principals where type = 'User' order by id limit 1`)) as { id: number }
        ).id,
        subject: `Work package ${++count}`,
        ...stamps,
        ...values,
      })
      await db.transaction((tx) => begin(tx, product.of('WorkPackage')))
      return id
    },
    row: add,
  }
}
