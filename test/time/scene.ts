/** Setup of time entry tests: a project with a work package, and users who may log time there. */
import assert from 'node:assert/strict'

import type { Client, Reply } from '#test/instance.ts'
import { created, link, type Person, type Scene, scene as workScene } from '../work-packages/scene.ts'

export interface TimeScene extends Scene {
  /** A work package of the project. */
  readonly work: { readonly id: number }
  /** Logs, sees and changes the time of everybody. */
  readonly manager: Person
  /** Logs, sees and changes only their own time. */
  readonly worker: Person
  /** Sees work packages, and no time entries. */
  readonly onlooker: Person
  /** Logs time on the work package; the body may override the defaults. */
  book(client: Client, body?: Record<string, any>): Promise<Reply>
  /** The same, and fails unless it succeeds. */
  booked(client: Client, body?: Record<string, any>): Promise<any>
}

/** A server of its own for a test file; it ends with the file. */
export async function scene(): Promise<TimeScene> {
  const it = await workScene()
  const work = await created(it.admin, it.project, { subject: 'Splice the halyards' })
  const own = ['view_own_time_entries', 'log_own_time', 'edit_own_time_entries']
  const all = ['view_time_entries', 'log_time', 'edit_time_entries', 'view_members']
  const book = (client: Client, { _links, ...body }: Record<string, any> = {}) =>
    client.post('/time_entries', {
      spentOn: '2024-03-01',
      hours: 'PT1H',
      ...body,
      _links: { entity: link('work_packages', work.id), ..._links },
    })
  return {
    ...it,
    work,
    manager: await it.person('view_work_packages', ...all),
    worker: await it.person('view_work_packages', ...own),
    onlooker: await it.person('view_work_packages'),
    book,
    booked: async (client, body) => {
      const reply = await book(client, body)
      assert.equal(reply.status, 201, reply.text)
      return reply.body
    },
  }
}

export { errors, kind, link } from '../work-packages/scene.ts'
