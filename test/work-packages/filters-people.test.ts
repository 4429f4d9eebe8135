/** Filters by users and groups: groups, roles, watchers, shares. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate as raise } from '#kernel/cache.ts'
import { filters } from '#test/instance.ts'
import { scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it

async function found(name: string, operator: string, values: (string | number)[] = [], client = admin): Promise<string> {
  const reply = await client.get(`/work_packages?${filters([name, operator, values])}&sortBy=[["id","asc"]]`)
  assert.equal(reply.status, 200, reply.text)
  return reply.body._embedded.elements.map((one: any) => one.subject).join(' ')
}

let group: number
let inside: number
let outside: number
const id: Record<string, number> = {}
before(async () => {
  group = await make.group({ name: 'Crew' })
  inside = (await it.person('view_work_packages', 'work_package_assigned')).id
  outside = (await it.person('view_work_packages', 'work_package_assigned')).id
  await it.db.transaction(async (tx) => {
    await tx.run(sql`insert into group_users (group_id, user_id) values (${group}, ${inside})`)
    await raise(tx, 'principals')
  })
  await make.member(group, project, ['work_package_assigned'])
  for (const [subject, assigned_to_id] of [
    ['crew', group],
    ['inside', inside],
    ['outside', outside],
    ['nobody', null],
  ] as const) {
    id[subject] = await make.workPackage({ project_id: project, subject, assigned_to_id })
  }
})

describe('assigneeOrGroup', () => {
  test('with a user includes work packages assigned to the groups of the user', async () => {
    assert.equal(await found('assigneeOrGroup', '=', [inside]), 'crew inside')
    assert.equal(await found('assigneeOrGroup', '=', [outside]), 'outside')
  })

  test('with a group includes work packages assigned to its users', async () => {
    assert.equal(await found('assigneeOrGroup', '=', [group]), 'crew inside')
    assert.equal(await found('assignee_or_group', '!', [group]), 'outside nobody')
  })

  test('accepts any and none', async () => {
    assert.equal(await found('assigneeOrGroup', '*'), 'crew inside outside')
    assert.equal(await found('assigneeOrGroup', '!*'), 'nobody')
  })
})

describe('memberOfGroup', () => {
  for (const name of ['memberOfGroup', 'member_of_group', 'group']) {
    test(`as ${name} has work packages assigned to users of the group`, async () => {
      assert.equal(await found(name, '=', [group]), 'inside')
      assert.equal(await found(name, '!', [group]), 'crew outside nobody')
    })
  }

  test('accepts any group and none', async () => {
    assert.equal(await found('memberOfGroup', '*'), 'inside')
    assert.equal(await found('memberOfGroup', '!*'), 'crew outside nobody')
  })
})

describe('assignedToRole', () => {
  for (const name of ['assignedToRole', 'assigned_to_role', 'role']) {
    test(`as ${name} has work packages assigned to users with the role in the project`, async () => {
      const { id: helper, role } = await it.withRole('work_package_assigned')
      const one = await make.workPackage({ project_id: project, subject: 'helped', assigned_to_id: helper })
      assert.equal(await found(name, '=', [role]), 'helped')
      assert.equal(await found(name, '!', [role]), 'crew inside outside nobody')
      await admin.delete(`/work_packages/${one}`)
    })
  }

  test('accepts any role and none', async () => {
    assert.equal(await found('assignedToRole', '*'), 'crew inside outside')
    assert.equal(await found('assignedToRole', '!*'), 'nobody')
  })
})

describe('watcher', () => {
  before(async () => {
    for (const [subject, user] of [
      ['crew', it.member.id],
      ['inside', it.reader.id],
    ] as const) {
      await it.db.transaction((tx) =>
        tx.run(sql`insert into watchers (work_package_id, user_id) values (${id[subject]}, ${user})`),
      )
    }
  })

  test('has the watched work packages of a user', async () => {
    assert.equal(await found('watcher', '=', [it.member.id]), 'crew')
    assert.equal(await found('watcher', '=', [it.member.id, it.reader.id]), 'crew inside')
    assert.equal(await found('watcher', '!', [it.member.id]), 'inside outside nobody')
  })

  test('always includes the viewer’s own watches', async () => {
    assert.equal(await found('watcher', '=', ['me'], it.reader.client), 'inside')
    assert.equal(await found('watcher', '!', ['me'], it.reader.client), 'crew outside nobody')
  })

  test('includes those of others only with the permission to view watchers', async () => {
    assert.equal(await found('watcher', '=', [it.reader.id], it.member.client), 'inside')
    const { client } = await it.person('view_work_packages', 'view_members')
    assert.equal(await found('watcher', '=', [it.reader.id], client), '')
  })
})

describe('shares', () => {
  before(async () => {
    const guest = await it.sharer(id.outside!, 'Work package viewer')
    id.guest = guest.id
    const other = await it.sharer(id.nobody!, 'Work package viewer')
    id.other = other.id
    const now = new Date().toISOString()
    await make.row(
      'memberships',
      {
        principal_id: other.id,
        project_id: project,
        entity_type: 'WorkPackage',
        entity_id: id.outside,
        created_at: now,
        updated_at: now,
      },
      'memberships',
    )
  })

  test('with me: what somebody shared with the viewer', async () => {
    const client = await it.as(id.guest!)
    assert.equal(await found('sharedWithMe', '=', ['t'], client), 'outside')
    assert.equal(await found('sharedWithMe', '=', ['f'], client), '')
    assert.equal(await found('sharedWithMe', '!', ['f'], client), 'outside')
    assert.equal(await found('sharedWithMe', '=', ['t']), '')
  })

  test('with others: any of them, all of them, any, none', async () => {
    assert.equal(await found('sharedWithUser', '=', [id.guest!, id.other!]), 'outside nobody')
    assert.equal(await found('sharedWithUser', '&=', [id.guest!, id.other!]), 'outside')
    assert.equal(await found('sharedWithUser', '*'), 'outside nobody')
    assert.equal(await found('sharedWithUser', '!*'), 'crew inside')
  })

  test('with others: only with the permission to view shares', async () => {
    const { client } = await it.person('view_work_packages', 'view_members')
    assert.equal(await found('sharedWithUser', '=', [id.guest!], client), '')
    assert.equal(await found('sharedWithUser', '!*', [], client), '')
  })
})
