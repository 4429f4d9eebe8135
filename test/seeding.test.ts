/** Setting up a database: the contents of a new one by seed, and the preservation of one in use. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { raw, sql } from '#db/sql.ts'
import { memoryStore } from '#files/memory.ts'
import { hashToken } from '#identity/tokens.ts'
import { product } from '#server/modules.ts'
import type { Seed } from '#server/seeds/seed.ts'
import { attachReports } from '#server/seeds/showcase-files.ts'
import { setup } from '#server/setup.ts'
import { emptyDatabase } from '#test/database.ts'

const { permissions } = product

type Place = Awaited<ReturnType<typeof emptyDatabase>>

const token = `opapi-${'0'.repeat(40)}`
const another = `opapi-${'1'.repeat(40)}`

const counts = async ({ db }: Place, ...tables: string[]): Promise<Record<string, number>> => {
  const counted = tables.map(async (table) => [table, (await db.one(sql`select count(*) as count from ${raw(table)}`))!.count])
  return Object.fromEntries(await Promise.all(counted))
}
const revision = async ({ db }: Place) =>
  (await db.one<{ value: number }>(sql`select value from revisions where name = 'all'`))?.value

/** Runs `work` on an empty database after the setup. */
async function withSeed(seed: Seed, work: (place: Place, result: Awaited<ReturnType<typeof setup>>) => Promise<void>) {
  const place = await emptyDatabase()
  try {
    await work(place, await setup(place.db, { seed }))
  } finally {
    await place.drop()
  }
}

describe('an empty database', () => {
  test('with none gets the permission catalogue and the built-in users, nothing else', () =>
    withSeed('none', async (place, result) => {
      assert.deepEqual(result, { fresh: false })
      const types = await place.db.all(sql`select type, admin, status from principals order by id`)
      assert.deepEqual(
        types.map((row) => ({ ...row })),
        ['AnonymousUser', 'DeletedUser', 'SystemUser'].map((type) => ({ type, admin: false, status: 1 })),
      )
      assert.deepEqual(await counts(place, 'permissions', 'roles', 'statuses', 'tokens', 'settings'), {
        permissions: permissions.length,
        roles: 0,
        statuses: 0,
        tokens: 0,
        settings: 0,
      })
    }))

  test('with none and a token also gets an administrator as its owner', async () => {
    const place = await emptyDatabase()
    const result = await setup(place.db, { seed: 'none', adminToken: token })
    assert.deepEqual(result, { fresh: false })
    assert.deepEqual(await counts(place, 'tokens', 'roles'), { tokens: 1, roles: 0 })
    await place.drop()
  })

  test('with basic gets the basic data and an administrator without a password, whose token is stored as a hash', () =>
    withSeed('basic', async (place, { fresh, token }) => {
      assert.equal(fresh, true)
      const admin = (await place.db.one(sql`select * from principals where login = 'admin'`))!
      assert.equal(admin.admin, true)
      assert.equal(admin.password_hash, null)
      const tokens = await place.db.all(sql`select user_id, hash from tokens`)
      assert.deepEqual(
        tokens.map((row) => ({ ...row })),
        [{ user_id: admin.id, hash: hashToken(token!) }],
      )
      assert.deepEqual(
        await counts(
          place,
          ...(['statuses', 'types', 'priorities', 'time_entry_activities', 'project_phase_definitions'] as const),
          ...(['roles', 'projects', 'memberships'] as const),
        ),
        {
          ...{ statuses: 14, types: 7, priorities: 4, time_entry_activities: 6, project_phase_definitions: 4 },
          ...{ roles: 12, projects: 0, memberships: 0 },
        },
      )
    }))

  test('has workflows between different statuses only, for the roles that may change them', () =>
    withSeed('basic', async ({ db }) => {
      const rows = await db.all(sql`
        select t.name as type, r.name as role, count(*) as count from workflows w
        join types t on t.id = w.type_id join roles r on r.id = w.role_id
        where w.old_status_id <> w.new_status_id and t.name in ('Task', 'Bug')
        group by t.name, r.name order by t.name, r.name`)
      const roles = ['Member', 'Project admin', 'Work package editor']
      assert.deepEqual(
        rows.map((row) => ({ ...row })),
        [...roles.map((role) => ({ type: 'Bug', role, count: 90 })), ...roles.map((role) => ({ type: 'Task', role, count: 20 }))],
      )
      assert.equal(await db.one(sql`select 1 as one from workflows where old_status_id = new_status_id`), undefined)
    }))
})

describe('a database in use', () => {
  test('does not change, and no secret is printed again', () =>
    withSeed('demo', async (place) => {
      const seen = await revision(place)
      assert.deepEqual(await setup(place.db, { seed: 'demo' }), { fresh: false })
      assert.equal(await revision(place), seen)
    }))

  test('is not filled with demo data later, and gets no other administrator when the first is locked', () =>
    withSeed('basic', async (place) => {
      await place.db.transaction((tx) => tx.run(sql`update principals set status = 3 where login = 'admin'`))
      assert.deepEqual(await setup(place.db, { seed: 'demo' }), { fresh: false })
      await assert.rejects(setup(place.db, { seed: 'demo', adminToken: token }), /There is no active administrator/)
    }))

  test('gets the permission catalogue again where it differs', () =>
    withSeed('none', async (place) => {
      await place.db.transaction(async (tx) => {
        await tx.run(sql`update permissions set module = 'forums' where name = 'view_work_packages'`)
        await tx.run(sql`delete from permissions where name = 'add_work_packages'`)
      })
      const seen = await revision(place)
      await setup(place.db, { seed: 'none' })
      assert.notEqual(await revision(place), seen)
      const row = await place.db.one(sql`select module from permissions where name = 'view_work_packages'`)
      assert.equal(row?.module, 'work_package_tracking')
      assert.deepEqual(await counts(place, 'permissions'), { permissions: permissions.length })
    }))

  test('has exactly the last given token, beside those that users made', () =>
    withSeed('basic', async (place) => {
      const hashes = async () =>
        (await place.db.all<{ hash: string }>(sql`select hash from tokens order by id`)).map((t) => t.hash)
      const [own] = await hashes()
      for (const adminToken of [token, token, another]) {
        assert.deepEqual(await setup(place.db, { seed: 'basic', adminToken }), { fresh: false })
        assert.deepEqual(await hashes(), [own, hashToken(adminToken)])
      }
    }))
})

describe('the demo data', () => {
  let place: Place
  before(async () => {
    place = await emptyDatabase()
    await setup(place.db, { seed: 'demo' })
  })
  after(() => place.drop())

  test('is there in full', async () => {
    assert.deepEqual(
      await counts(
        place,
        ...(['projects', 'memberships', 'categories', 'versions', 'work_packages', 'watchers', 'time_entries'] as const),
        ...(['relations', 'queries', 'views', 'grids', 'grid_widgets'] as const),
        ...(['project_phases', 'budgets', 'sprints', 'help_texts'] as const),
        ...(['news', 'documents', 'wiki_pages', 'meetings', 'forums', 'posts'] as const),
      ),
      {
        ...{ projects: 2, memberships: 10, categories: 3, versions: 4, work_packages: 36, watchers: 8, time_entries: 0 },
        ...{ relations: 7, queries: 25, views: 8, grids: 7, grid_widgets: 29 },
        ...{ project_phases: 4, budgets: 1, sprints: 2, help_texts: 3 },
        ...{ news: 1, documents: 1, wiki_pages: 2, meetings: 2, forums: 1, posts: 2 },
      },
    )
  })

  test("gives a group's users copies of its roles", async () => {
    const rows = await place.db.all(sql`
      select p.name, r.name as role, origin.membership_id = groups.id as from_group
      from memberships m join principals p on p.id = m.principal_id
      join membership_roles mr on mr.membership_id = m.id join roles r on r.id = mr.role_id
      join membership_roles origin on origin.id = mr.inherited_from
      join memberships groups on groups.id = origin.membership_id`)
    assert.deepEqual(
      rows.map(({ name, role, from_group }) => ({ name, role, from_group: Boolean(from_group) })),
      [{ name: 'Jonas Lindqvist', role: 'Member', from_group: true }],
    )
  })

  test('grants the permissions of the memberships', async () => {
    const rows = await place.db.all<{ login: string; identifier: string }>(sql`
      select u.login, p.identifier from grants g join principals u on u.id = g.user_id join projects p on p.id = g.project_id
      where g.permission = 'edit_work_packages' and not u.admin and u.login is not null
      group by u.login, p.identifier order by u.login, p.identifier`)
    assert.deepEqual(
      rows.map(({ login, identifier }) => `${login} ${identifier}`),
      ['jonas demo-project', 'jonas your-scrum-project', 'mira demo-project', 'mira your-scrum-project'],
    )
  })

  test('has parents above their children, with the dates of these, and Monday to Friday only', async () => {
    const wrong = await place.db.all(sql`
      select c.subject from work_packages c join work_packages p on p.id = c.parent_id
      where p.schedule_manually or p.id > c.id or p.project_id <> c.project_id
        or c.start_date < p.start_date or c.due_date > p.due_date
        or p.start_date <> p.derived_start_date or p.due_date <> p.derived_due_date`)
    assert.deepEqual(wrong, [])
    const dates = await place.db.all<{ date: string }>(
      sql`select start_date as date from work_packages where start_date is not null
        union select due_date from work_packages where due_date is not null`,
    )
    for (const { date } of dates) assert.ok([1, 2, 3, 4, 5].includes(new Date(date).getUTCDay()), date)
  })
})

test('the showcase is a year of work, whose history leads to its present state', () =>
  withSeed('showcase', async ({ db }) => {
    const [vessel] = await db.all<{ id: number; tasks: number; days: string }>(sql`
      select p.id, count(*) as tasks, min(w.start_date) || ' ' || max(w.due_date) as days
      from projects p join work_packages w on w.project_id = p.id where p.identifier = 'research-vessel' group by p.id`)
    const [start, end] = vessel!.days.split(' ').map((day) => Date.parse(day)) as [number, number]
    assert.equal(vessel!.tasks, 408)
    assert.ok(end - start > 330 * 86_400_000, vessel!.days)
    const stale = await db.all(sql`
      select w.id from work_packages w left join work_package_versions v on v.id = w.id and v.valid_until is null
      where v.id is null or v.status_id <> w.status_id or v.lock_version <> w.lock_version
        or coalesce(v.done_ratio, -1) <> coalesce(w.done_ratio, -1) or coalesce(v.remaining_hours, -1) <> coalesce(w.remaining_hours, -1)`)
    assert.deepEqual(stale, [])
    const entries = await db.all<{ status: string; first: number; last: number }>(sql`
      select s.name as status, min(v.version) as first, max(v.version) as last
      from work_packages w join statuses s on s.id = w.status_id join types t on t.id = w.type_id
      join work_package_versions v on v.id = w.id and v.valid_until is null
      where w.project_id = ${vessel!.id} and t.name = 'Task' group by s.name order by s.name`)
    assert.deepEqual(
      entries.map((row) => ({ ...row })),
      [
        { status: 'Closed', first: 3, last: 3 },
        { status: 'In progress', first: 3, last: 3 },
        { status: 'New', first: 1, last: 1 },
      ],
    )
    const [said] = await db.all<{ comments: number; hours: number }>(sql`
      select (select count(*) from journals where notes is not null) as comments, (select count(*) from time_entries) as hours`)
    assert.ok(said!.comments > 50 && said!.hours > 200)
    const files = memoryStore()
    await attachReports(db, files)
    const attached = await db.all<{ storage_name: string; status: string; by: number }>(sql`
      select a.storage_name, s.name as status, v.version as by from attachments a
      join work_packages w on w.id = a.container_id and a.container_type = 'WorkPackage' join statuses s on s.id = w.status_id
      join work_package_versions v on v.id = w.id and v.valid_until is null`)
    assert.ok(attached.length > 10)
    for (const { storage_name, status, by } of attached) {
      assert.deepEqual([status, by], ['Closed', 4])
      assert.ok(await files.read(storage_name))
    }
  }))
