/** Sprints and versions of many work packages: the first ones change with the request, and a job changes the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from '#db/sql.ts'
import { begin } from '#kernel/write/history.ts'
import { product } from '#server/modules.ts'
import { runDue } from '#test/jobs.ts'
import { link, scene } from '../work-packages/scene.ts'

const it = await scene()
const { admin, project } = it
const MANY = 320
const at = new Date().toISOString()
const stamps = { created_at: at, updated_at: at }

/** Copies of a work package, inserted directly. */
async function copies(id: number): Promise<void> {
  const columns = sql`project_id, type_id, status_id, priority_id, author_id, sprint_id, version_id, created_at, updated_at`
  await it.db.transaction(async (tx) => {
    for (let n = 0; n < MANY; n++)
      await tx.run(
        sql`insert into work_packages (subject, ${columns}) select 'One of many', ${columns} from work_packages where id = ${id}`,
      )
    await begin(tx, product.of('WorkPackage'))
  })
}
const count = async (where: ReturnType<typeof sql>) =>
  (await it.db.one<{ n: number }>(sql`select count(*) as n from work_packages where ${where}`))!.n

test('a completed sprint hands all unfinished work packages on', async () => {
  const sprint = (name: string, status: string) =>
    it.make.row('sprints', { project_id: project, name, status, sharing: 'none', ...stamps }, 'sprints', 'projects')
  const [first, second] = [await sprint('First', 'active'), await sprint('Second', 'in_planning')]
  await copies(await it.make.workPackage({ project_id: project, sprint_id: first }))
  const reply = await admin.post(`/sprints/${first}/complete`, { _links: { moveTo: link('sprints', second) } })
  assert.equal(reply.status, 200, reply.text)
  assert.deepEqual([await count(sql`sprint_id = ${first}`), await count(sql`sprint_id = ${second}`)], [MANY + 1 - 300, 300])
  await runDue(it.db, { only: ['sprints.take-out'] })
  assert.deepEqual([await count(sql`sprint_id = ${first}`), await count(sql`sprint_id = ${second}`)], [0, MANY + 1])
})

test('a version that is shared no more is taken from all work packages of other projects', async () => {
  const version = await it.version({ project_id: project, name: 'Shared', sharing: 'tree' })
  const below = await it.make.project({ parent_id: project })
  await copies(await it.make.workPackage({ project_id: below, version_id: version }))
  await it.make.workPackage({ project_id: project, version_id: version })
  const reply = await admin.patch(`/versions/${version}`, { sharing: 'none' })
  assert.equal(reply.status, 200, reply.text)
  assert.equal(await count(sql`version_id = ${version}`), MANY + 1 - 300 + 1)
  await runDue(it.db, { only: ['projects.release-shared'] })
  assert.equal(await count(sql`version_id = ${version}`), 1)
})
