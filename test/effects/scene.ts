/** Two projects, somebody who may do everything in one of them only, and ways to look at what hangs together across both. */

import { after } from 'node:test'
import { name, sql } from '#db/sql.ts'
import { product } from '#server/modules.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'

const { permissions } = product

export const everyPermission = permissions.filter((one) => one.scopes.includes('project')).map((one) => one.name)

export interface Scene extends Instance {
  /** In which the actor may do everything. */
  readonly home: number
  /** Hidden from the actor. */
  readonly away: number
  /** In which the actor may do everything as well. */
  readonly dock: number
  /** A role of every permission. */
  readonly role: number
  readonly actor: Client
  /** The same rights, as somebody who has them everywhere by a token that is good at home and in the dock only. */
  readonly limited: Client
  /** A member of the project away. */
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
