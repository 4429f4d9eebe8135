/** Two connected projects, and a user who has all permissions in only one of them. */

import { after } from 'node:test'
import { name, sql } from '#db/sql.ts'
import { product } from '#server/modules.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'

const { permissions } = product

export const everyPermission = permissions.filter((one) => one.scopes.includes('project')).map((one) => one.name)

export interface Scene extends Instance {
  /** A project in which the actor has all permissions. */
  readonly home: number
  /** A project hidden from the actor. */
  readonly away: number
  /** Another project in which the actor has all permissions. */
  readonly dock: number
  /** A role with all permissions. */
  readonly role: number
  readonly actor: Client
  /** A user with all permissions in all projects, with a token limited to home and dock. */
  readonly limited: Client
  /** A member of the hidden project. */
  readonly insider: Client & { readonly id: number }
  row(table: string, id: number): Promise<Record<string, any> | undefined>
  book(workPackage: number, project: number, user: number): Promise<number>
}

const now = new Date().toISOString()
export const stamps = { created_at: now, updated_at: now }

/** A server of its own for a test file; it ends with the file. */
export async function scene(): Promise<Scene> {
  const it = await instance()
  after(() => it.close())
  const { make, db } = it
  const [home, away, dock] = [await make.project(), await make.project(), await make.project()]
  const role = await make.role(everyPermission)
  const person = async (...projects: number[]) => {
    const id = await make.user()
    for (const project of projects) await make.member(id, project, { role })
    return id
  }
  const insider = await person(away)
  return {
    ...it,
    home,
    away,
    dock,
    role,
    actor: await it.as(await person(home, dock)),
    limited: await it.as(await person(home, dock, away), { projects: [home, dock] }),
    insider: { ...(await it.as(insider)), id: insider },
    row: (table, id) => db.one(sql`select * from ${name(table)} where id = ${id}`),
    book: (entity_id, project_id, user) =>
      make.row('time_entries', {
        project_id,
        entity_id,
        user_id: user,
        logged_by_id: user,
        spent_on: '2026-03-02',
        hours: 3,
        ...stamps,
      }),
  }
}

export const link = (path: string, id: number) => ({ href: `/api/v3/${path}/${id}` })
