/** Setup of work package tests: a project, users with different permissions in it, and shorthands for requests. */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { join, sql } from '#db/sql.ts'
import { invalidate as raise } from '#kernel/cache.ts'
import { type Client, type Instance, instance, type Reply } from '#test/instance.ts'

export interface Person {
  readonly id: number
  readonly client: Client
}

export interface Scene extends Instance {
  /** A private project with all types and modules. */
  readonly project: number
  /** Has the seeded role Member in the project. */
  readonly member: Person
  /** Has the seeded role Reader in the project. */
  readonly reader: Person
  /** Signs in, and is a member of nothing. */
  readonly stranger: Person
  /** Somebody with exactly these permissions in the project. */
  person(...permissions: string[]): Promise<Person>
  /** Somebody with a share of one work package: the name of the seeded role tells what that gives. */
  sharer(workPackage: number, role: string, project?: number): Promise<Person>
  /** A role of exactly these permissions in the project, and somebody who has it. */
  withRole(...permissions: string[]): Promise<Person & { role: number }>
  /** Lets a role take work packages of a type from one status to another. */
  transition(step: { type: string; role: number; from: string; to: string; author?: boolean; assignee?: boolean }): Promise<void>
  version(values: { project_id: number; name: string; status?: string; sharing?: string }): Promise<number>
  category(values: { project_id: number; name: string; assigned_to_id?: number }): Promise<number>
  /** Ids of seeded rows by name. */
  types(name: string): Promise<number>
  statuses(name: string): Promise<number>
  priorities(name: string): Promise<number>
}

/** A server of its own for a test file; it ends with the file. */
export async function scene(options: Parameters<typeof instance>[0] = {}): Promise<Scene> {
  const it = await instance(options)
  after(() => it.close())
  const { make } = it
  const project = await make.project({ identifier: 'ship', name: 'Ship' })
  const somebody = async (): Promise<Person> => {
    const id = await make.user()
    return { id, client: await it.as(id) }
  }
  const inRole = async (role: number) => {
    const person = await somebody()
    await make.member(person.id, project, { role })
    return { ...person, role }
  }
  const now = new Date().toISOString()
  const stamps = { created_at: now, updated_at: now }
  return {
    ...it,
    project,
    member: await inRole(await it.id('roles', 'Member')),
    reader: await inRole(await it.id('roles', 'Reader')),
    stranger: await somebody(),
    person: async (...permissions) => {
      const person = await somebody()
      await make.member(person.id, project, permissions)
      return person
    },
    sharer: async (workPackage, role, within = project) => {
      const person = await somebody()
      const share = { principal_id: person.id, project_id: within, entity_type: 'WorkPackage', entity_id: workPackage }
      const id = await make.row('memberships', { ...share, ...stamps }, 'memberships')
      await make.row('membership_roles', { membership_id: id, role_id: await it.id('roles', role) }, 'memberships')
      return person
    },
    withRole: async (...permissions) => inRole(await make.role(permissions)),
    transition: async ({ type, role, from, to, author = false, assignee = false }) => {
      const ids = [await it.id('types', type), role, await it.id('statuses', from), await it.id('statuses', to)]
      await it.db.transaction(async (tx) => {
        await tx.run(sql`insert into workflows (type_id, role_id, old_status_id, new_status_id, author, assignee)
          values (${join(ids)}, ${author}, ${assignee})`)
        await raise(tx, 'workflows')
      })
    },
    version: (values) => make.row('versions', { ...values, ...stamps }, 'versions'),
    category: (values) => make.row('categories', values, 'categories'),
    types: (name) => it.id('types', name),
    statuses: (name) => it.id('statuses', name),
    priorities: (name) => it.id('priorities', name),
  }
}

/** A link as it is sent. */
export const link = (path: string, id: number | string) => ({ href: `/api/v3/${path}/${id}` })

/** A work package that is made over HTTP; fails unless it is. */
export async function created(client: Client, project: number, body: Record<string, any> = {}): Promise<any> {
  const { _links, ...rest } = body
  const reply = await client.post('/work_packages', {
    subject: 'A work package',
    ...rest,
    _links: { project: link('projects', project), ..._links },
  })
  assert.equal(reply.status, 201, reply.text)
  return reply.body
}

/** A change of a work package as it now is, with its lock version. */
export async function changed(client: Client, id: number, body: Record<string, unknown>): Promise<Reply> {
  const { lockVersion } = (await client.get(`/work_packages/${id}`)).body
  return client.patch(`/work_packages/${id}`, { lockVersion, ...body })
}

/** The errors of a reply as `attribute: message`, sorted; those of a single error and of several alike. */
export function errors(body: any): string[] {
  const list = body._embedded?.errors ?? [body]
  return list.map((error: any) => `${error._embedded?.details?.attribute}: ${error.message}`).sort()
}

/** The error identifier of a body. */
export const kind = (body: any): string => String(body.errorIdentifier).split(':').at(-1) as string
