/** Conditions of custom actions: offer, visibility and execution by viewer and work package. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate as raise } from '#kernel/cache.ts'
import { type ActionPlan, makeAction } from '#modules/custom-fields/actions.ts'
import { type Client, client } from '#test/instance.ts'
import { sampled } from '#test/sample.ts'
import { ago, at, past } from '../baseline/scene.ts'
import { changed, created, link } from '../work-packages/scene.ts'

const it = await past()
const { admin, make, project } = it

let marks = 0
const action = (conditions: ActionPlan['conditions'] = {}, changes: ActionPlan['changes'] = { subject: 'Executed' }) =>
  it.db.transaction((tx) => makeAction(tx, { name: `Mark ${++marks}`, ...(conditions && { conditions }), changes }))
const row = async (id: number) => (await admin.get(`/work_packages/${id}`)).body
const execute = async (asking: Client, id: number, work: number, lockVersion?: number) =>
  asking.post(`/custom_actions/${id}/execute`, {
    lockVersion: lockVersion ?? (await row(work)).lockVersion,
    _links: { workPackage: link('work_packages', work) },
  })
const idsOf = (links: { href: string }[]) => links.map(({ href }) => Number(href.split('/').at(-1)))

describe('all conditions, for all viewers', () => {
  const other = { project: 0, role: 0, status: 0, type: 0 }
  const own = { project, role: 0, status: 0, type: 0 }
  let work: number
  /** The viewers: whether they see or edit the work package, or edit any, and their relevant roles. */
  const viewers: { name: string; client: Client; sees: boolean; edits: boolean; anywhere: boolean; roles: number[] }[] = []
  before(async () => {
    const [member, stranger, editing] = [
      await it.id('roles', 'Member'),
      await make.role([]),
      ['view_work_packages', 'edit_work_packages'],
    ]
    Object.assign(own, { role: member, status: await it.statuses('New'), type: await it.types('Task') })
    Object.assign(other, {
      project: await make.project(),
      role: stranger,
      status: await it.statuses('Closed'),
      type: await it.types('Bug'),
    })
    work = (await created(admin, project)).id
    const editor = await it.withRole(...editing)
    const elsewhere = await it.person('view_work_packages')
    await make.member(elsewhere.id, other.project, editing)
    const limited = await make.user()
    await make.member(limited, project, { role: member })
    await make.member(limited, other.project, editing)
    const shared = await it.sharer(work, 'Work package editor')
    const group = await make.group()
    const grouped = await make.user()
    await admin.patch(`/groups/${group}`, { _links: { members: [link('users', grouped)] } })
    await admin.post('/memberships', {
      _links: { project: link('projects', project), principal: link('groups', group), roles: [link('roles', member)] },
    })
    const knows = (name: string, asking: Client, sees: boolean, edits: boolean, anywhere: boolean, roles: number[]) =>
      viewers.push({ name, client: asking, sees, edits, anywhere, roles })
    knows('an administrator who is no member', admin, true, true, true, [member, stranger])
    knows('a member', it.member.client, true, true, true, [member])
    knows('a member by a group', await it.as(grouped), true, true, true, [member])
    knows('somebody of another role who edits', editor.client, true, true, true, [editor.role])
    knows('somebody with whom it is shared', shared.client, true, true, true, [await it.id('roles', 'Work package editor')])
    knows('somebody who edits only elsewhere', elsewhere.client, true, false, true, [])
    knows(
      'a member whose token is for another project',
      await it.as(limited, { projects: [other.project] }),
      false,
      false,
      true,
      [],
    )
    knows('a reader', it.reader.client, true, false, false, [await it.id('roles', 'Reader')])
    knows('a stranger', it.stranger.client, false, false, false, [])
    knows('nobody', client(it.url), false, false, false, [])
  })

  const names = ['status', 'type', 'project', 'role'] as const
  /** For each condition: absent, met, met by one of several values, not met. */
  const wanted = [undefined, true, 'among', false] as const
  const combinations = [
    {},
    ...names.flatMap((name) => wanted.slice(1).map((value) => ({ [name]: value }))),
    ...names.flatMap((name, at) =>
      names.slice(at + 1).flatMap((further) => [
        { [name]: true, [further]: true },
        { [name]: true, [further]: false },
        { [name]: false, [further]: true },
      ]),
    ),
    { status: true, type: true, project: true, role: true },
  ] as Partial<Record<(typeof names)[number], (typeof wanted)[number]>>[]

  for (const combination of combinations) {
    test(`${JSON.stringify(combination)}`, async () => {
      const conditions = Object.fromEntries(
        Object.entries(combination).map(([name, value]) => {
          const [yes, no] = [own[name as 'role'], other[name as 'role']]
          return [name, value === 'among' ? [no, yes] : [value ? yes : no]]
        }),
      ) as Record<(typeof names)[number], number[]>
      const id = await action(conditions)
      for (const { name, client: asking, sees, edits, anywhere, roles } of sampled(
        viewers,
        5,
        `viewers ${JSON.stringify(combination)}`,
      )) {
        const meets = (of: 'status' | 'type' | 'project') => !conditions[of] || conditions[of].includes(own[of])
        const hasRole = !conditions.role || conditions.role.some((role) => roles.includes(role))
        const holds = edits && meets('status') && meets('type') && meets('project') && hasRole
        const told = `${name}, ${JSON.stringify(combination)}`
        if (sees) {
          const one = (await asking.get(`/work_packages/${work}`)).body
          assert.equal(idsOf(one._links.customActions).includes(id), holds, `${told}: a link`)
          const embedded = one._embedded.customActions.map((each: any) => Number(each._links.self.href.split('/').at(-1)))
          assert.deepEqual(embedded, idsOf(one._links.customActions), `${told}: embedded`)
          const list = (await asking.get('/work_packages?pageSize=100')).body._embedded.elements
          const listed = list.find((each: any) => each.id === work)
          assert.equal(idsOf(listed._links.customActions).includes(id), holds, `${told}: a link in a list`)
        }
        const { lockVersion, subject } = await row(work)
        const reply = await execute(asking, id, work, lockVersion)
        const expected = holds ? [200] : name === 'nobody' ? [401, 403] : sees || !anywhere ? [403] : [422]
        assert.ok(expected.includes(reply.status), `${told}: executing answers ${reply.status}, not ${expected}: ${reply.text}`)
        const after = await row(work)
        if (holds) {
          assert.equal(after.subject, 'Executed')
          await changed(admin, work, { subject: 'A work package' })
        } else assert.deepEqual([after.lockVersion, after.subject], [lockVersion, subject], told)
      }
      await it.db.transaction(async (tx) => {
        await tx.run(sql`delete from custom_actions where id = ${id}`)
        await raise(tx, 'custom_actions')
      })
    })
  }
})

test('an action is visible if its project and role conditions hold in one project where the viewer edits work packages', async () => {
  const place = await make.project()
  const role = await make.role(['view_work_packages', 'edit_work_packages'])
  const reading = await make.role(['view_work_packages'])
  const [both, apart] = [await make.user(), await make.user()]
  await make.member(both, place, { role })
  // The role in one project and the permission to edit in another do not meet the condition together.
  await make.member(apart, place, { role: reading })
  await make.member(apart, project, { role })
  const id = await action({ project: [place], role: [role] })
  const onReading = await action({ role: [reading] })
  const seen = async (user: number) => {
    const asking = await it.as(user)
    return [(await asking.get(`/custom_actions/${id}`)).status, (await asking.get(`/custom_actions/${onReading}`)).status]
  }
  assert.deepEqual(await seen(both), [200, 404])
  assert.deepEqual(await seen(apart), [404, 404])
  assert.equal((await admin.get(`/custom_actions/${id}`)).status, 200)
  assert.equal((await it.stranger.client.get(`/custom_actions/${id}`)).status, 403)
  // Status and type belong to work packages, so the action is visible before any work package meets them.
  const never = await action({ status: [await it.statuses('Rejected')] })
  assert.equal((await it.member.client.get(`/custom_actions/${never}`)).status, 200)
  const shared = await it.sharer((await created(admin, place)).id, 'Work package editor', place)
  assert.deepEqual([id, never].length, 2)
  assert.equal((await shared.client.get(`/custom_actions/${never}`)).status, 200)
  assert.equal((await shared.client.get(`/custom_actions/${id}`)).status, 404)
  const forSharers = await action({ project: [place], role: [await it.id('roles', 'Work package editor')] })
  assert.equal((await shared.client.get(`/custom_actions/${forSharers}`)).status, 200)
})

test('executing a hidden action is 403 like one whose conditions do not hold, an unknown one 404', async () => {
  const work = (await created(admin, project)).id
  const id = await action({ role: [await make.role([])] })
  assert.equal((await it.member.client.get(`/custom_actions/${id}`)).status, 404)
  assert.equal((await execute(it.member.client, id, work)).status, 403)
  assert.equal((await execute(it.member.client, 999_999, work)).status, 404)
})

test('a stale lock version is a conflict, whether or not the conditions still hold', async () => {
  const work = await created(admin, project)
  const id = await action({ status: [await it.statuses('New')] })
  await changed(admin, work.id, { _links: { status: link('statuses', await it.statuses('In progress')) } })
  assert.equal((await execute(it.member.client, id, work.id, work.lockVersion)).status, 409)
  assert.equal((await execute(it.member.client, id, work.id)).status, 403)
})

test('the conditions apply to the stored work package: of concurrent executions one succeeds', async () => {
  const work = (await created(admin, project)).id
  const { lockVersion } = await row(work)
  const id = await action(
    { status: [await it.statuses('New')] },
    { _links: { status: link('statuses', await it.statuses('In progress')) } },
  )
  const replies = await Promise.all(Array.from({ length: 4 }, () => execute(it.member.client, id, work, lockVersion)))
  assert.deepEqual(replies.map(({ status }) => status).toSorted(), [200, 409, 409, 409])
})

test('it makes only changes that the user may make, all or none', async () => {
  const editor = await it.person('view_work_packages', 'edit_work_packages')
  const work = (await created(admin, project)).id
  const version = await it.version({ project_id: project, name: 'Next' })
  const assigning = await action({}, { subject: 'Half', _links: { version: link('versions', version) } })
  const reply = await execute(editor.client, assigning, work)
  assert.deepEqual([reply.status, reply.body.errorIdentifier?.split(':').at(-1)], [422, 'PropertyIsReadOnly'])
  // Its status also needs a transition of the user's roles.
  const closing = await action({}, { subject: 'Half', _links: { status: link('statuses', await it.statuses('Closed')) } })
  assert.equal((await execute(editor.client, closing, work)).status, 422)
  assert.equal((await row(work)).subject, 'A work package')
  assert.equal((await execute(admin, assigning, work)).status, 200)
})

test('a former state of a work package offers no actions', async () => {
  const work = await it.since(3, { subject: 'Earlier' })
  await it.change(work, 1, { subject: 'Now' })
  const id = await action()
  const asked = async (query: string) => {
    const { subject, _links } = (await admin.get(`/work_packages/${work}${query}`)).body
    return [subject, idsOf(_links.customActions).includes(id)]
  }
  assert.deepEqual(await asked(`?${at(ago(2))}`), ['Earlier', false])
  assert.deepEqual(await asked(`?${at(ago(2), 'PT0S')}`), ['Now', true])
})
